package autoscaling

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
)

// AutoScaling is Application Auto Scaling in one region.
type AutoScaling struct {
	cfg      aws.Config
	endpoint string
	now      func() time.Time
}

// New returns an adapter. Endpoint is nil for AWS's own.
func New(cfg aws.Config, endpoint *string, now func() time.Time) *AutoScaling {
	url := "https://application-autoscaling." + cfg.Region + ".amazonaws.com/"
	if endpoint != nil {
		url = *endpoint
	}
	return &AutoScaling{cfg, url, now}
}

const (
	service    = "application-autoscaling"
	target     = "AnyScaleFrontendService.DescribeScalableTargets"
	atOnce     = 50 // https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html
	mostAnswer = 1 << 20
)

// Managed returns those of the services, each as service/CLUSTER/NAME, whose desired count Application Auto Scaling
// manages.
func (a *AutoScaling) Managed(ctx context.Context, services []string) ([]string, error) {
	var out []string
	for len(services) > 0 {
		n := min(len(services), atOnce)
		found, err := a.describe(ctx, services[:n])
		if err != nil {
			return nil, fmt.Errorf("ask Application Auto Scaling for its targets: %w", err)
		}
		out, services = append(out, found...), services[n:]
	}
	return out, nil
}

type request struct {
	ServiceNamespace  string
	ResourceIDs       []string `json:"ResourceIds"`
	ScalableDimension string
	NextToken         string `json:",omitempty"`
}

type answer struct {
	ScalableTargets []struct {
		ResourceID string `json:"ResourceId"`
	}
	NextToken string
	Type      string `json:"__type"`
	Message   string
}

func (a *AutoScaling) describe(ctx context.Context, services []string) ([]string, error) {
	var out []string
	in := request{ServiceNamespace: "ecs", ResourceIDs: services, ScalableDimension: "ecs:service:DesiredCount"}
	for {
		page, err := a.call(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, t := range page.ScalableTargets {
			out = append(out, t.ResourceID)
		}
		if in.NextToken = page.NextToken; in.NextToken == "" {
			return out, nil
		}
	}
}

func (a *AutoScaling) call(ctx context.Context, in request) (answer, error) {
	var out answer
	body, err := json.Marshal(in)
	if err != nil {
		return out, fmt.Errorf("encode the request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.endpoint, bytes.NewReader(body))
	if err != nil {
		return out, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", target)
	if err := a.sign(ctx, req, body); err != nil {
		return out, err
	}
	resp, err := a.cfg.HTTPClient.Do(req)
	if err != nil {
		return out, fmt.Errorf("send the request: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		return out, fmt.Errorf("read the answer: %w", err)
	}
	if err := json.Unmarshal(text, &out); err != nil {
		return out, fmt.Errorf("decode the answer, status %d: %w", resp.StatusCode, err)
	}
	if resp.StatusCode != http.StatusOK {
		return out, &smithy.GenericAPIError{Code: out.Type[strings.LastIndexByte(out.Type, '#')+1:], Message: fmt.Sprintf("status %d: %s", resp.StatusCode, out.Message)}
	}
	return out, nil
}

func (a *AutoScaling) sign(ctx context.Context, req *http.Request, body []byte) error {
	credentials, err := a.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("get credentials: %w", err)
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, credentials, req, hex.EncodeToString(sum[:]), service, a.cfg.Region, a.now()); err != nil {
		return fmt.Errorf("sign the request: %w", err)
	}
	return nil
}
