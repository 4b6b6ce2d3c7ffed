package iam

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"slipway/internal/cloud/policy"
	"slipway/internal/cloud/query"
)

// ErrNoRole says that there is no role of that name in the account.
var ErrNoRole = errors.New("there is no such role")

// IAM is AWS Identity and Access Management.
type IAM struct{ service query.Service }

// New returns an adapter. Endpoint is nil for AWS's own, which is one for each partition.
// https://docs.aws.amazon.com/general/latest/gr/iam-service.html
func New(cfg aws.Config, endpoint *string) *IAM {
	at, region := "https://iam.amazonaws.com", "us-east-1"
	switch {
	case strings.HasPrefix(cfg.Region, "cn-"):
		at, region = "https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1"
	case strings.HasPrefix(cfg.Region, "us-gov-"):
		at, region = "https://iam.us-gov.amazonaws.com", "us-gov-west-1"
	}
	if endpoint != nil {
		at = *endpoint
	}
	return &IAM{query.Service{Config: cfg, Name: "iam", Endpoint: at, Region: region}}
}

// Trusted are the services that may take a role, such as ecs-tasks.amazonaws.com.
func (i *IAM) Trusted(ctx context.Context, arn string) ([]string, error) {
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	var out struct {
		Policy string `xml:"GetRoleResult>Role>AssumeRolePolicyDocument"`
	}
	err := i.service.Query(ctx, "GetRole", "2010-05-08", map[string]string{"RoleName": name}, &out)
	var api smithy.APIError
	if errors.As(err, &api) && strings.HasPrefix(api.ErrorCode(), "NoSuchEntity") {
		return nil, fmt.Errorf("read role %s: %w", name, ErrNoRole)
	}
	if err != nil {
		return nil, fmt.Errorf("read role %s: %w", name, err)
	}
	text, err := url.QueryUnescape(out.Policy)
	if err != nil {
		text = out.Policy
	}
	return trusted(text)
}

func trusted(text string) ([]string, error) {
	var document policy.Document
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return nil, fmt.Errorf("read the trust policy: %w", err)
	}
	var out []string
	for _, s := range document.Statement {
		if s.Allows() && slices.Contains(s.Action, "sts:AssumeRole") {
			out = append(out, s.Principal.Service...)
		}
	}
	return out, nil
}
