package identity

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Caller is the ARN of whoever has the credentials. It needs no right.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
func Caller(ctx context.Context, cfg aws.Config, endpoint *string) (string, error) {
	client := sts.NewFromConfig(cfg, func(o *sts.Options) { o.BaseEndpoint = endpoint })
	out, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", fmt.Errorf("ask who the caller is: %w", err)
	}
	return aws.ToString(out.Arn), nil
}
