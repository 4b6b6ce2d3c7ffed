package ecr

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"slipway/internal/cloud/query"
)

const target = "AmazonEC2ContainerRegistry_V20150921"

// ECR is Amazon ECR in one region.
type ECR struct{ service query.Service }

// New returns an adapter. Endpoint is nil for AWS's own.
// https://docs.aws.amazon.com/general/latest/gr/ecr.html
func New(cfg aws.Config, endpoint *string) *ECR {
	return &ECR{query.New(cfg, endpoint, "ecr", "api.ecr")}
}

// Login is the user and the password for the registry of the account.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
func (e *ECR) Login(ctx context.Context) (user, password string, err error) {
	var out struct {
		AuthorizationData []struct{ AuthorizationToken string }
	}
	if err := e.service.JSON(ctx, target, "GetAuthorizationToken", struct{}{}, &out); err != nil {
		return "", "", fmt.Errorf("sign in to ECR: %w", err)
	}
	if len(out.AuthorizationData) == 0 {
		return "", "", errors.New("sign in to ECR: it gave no token")
	}
	text, err := base64.StdEncoding.DecodeString(out.AuthorizationData[0].AuthorizationToken)
	if err != nil {
		return "", "", errors.New("sign in to ECR: its token is not base64")
	}
	user, password, ok := strings.Cut(string(text), ":")
	if !ok {
		return "", "", errors.New("sign in to ECR: its token is not user:password")
	}
	return user, password, nil
}

// Digest is the digest of an image, or empty when there is none.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
func (e *ECR) Digest(ctx context.Context, n Name) (string, error) {
	in := map[string]any{"repositoryName": n.Repository, "imageIds": n.ids()}
	var out struct {
		ImageDetails []struct{ ImageDigest string }
	}
	err := e.service.JSON(ctx, target, "DescribeImages", in, &out)
	var api smithy.APIError
	if errors.As(err, &api) && (api.ErrorCode() == "ImageNotFoundException" || api.ErrorCode() == "RepositoryNotFoundException") {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for image %s:%s: %w", n.Repository, cmp.Or(n.Digest, n.Tag), err)
	}
	if len(out.ImageDetails) == 0 {
		return "", nil
	}
	return out.ImageDetails[0].ImageDigest, nil
}
