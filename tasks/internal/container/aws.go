package container

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	_ "golang.org/x/crypto/x509roots/fallback" // an image FROM scratch has no certificate roots of its own

	"slipway/internal/cloud/awsconf"
)

// answerWithin bounds the wait for the first byte of an answer; a body may take as long as it is large. It is longer
// than the longest poll of SQS, 20 seconds.
const answerWithin = 30 * time.Second

// AWS is the configuration that the environment describes: on ECS the task role's credentials and the region, on a
// laptop AWS_ENDPOINT_URL and keys that mean nothing. It does not ask the instance's metadata service: a container has
// no business with the rights of its host.
func AWS(ctx context.Context) (aws.Config, error) {
	client := awshttp.NewBuildableClient().WithTransportOptions(answerInTime)
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(client), config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	if err != nil {
		return aws.Config{}, fmt.Errorf("read the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return aws.Config{}, Usage("AWS_REGION is not set")
	}
	cfg.HTTPClient = awsconf.OneWrite(cfg.HTTPClient)
	return cfg, nil
}

// S3 makes a client of S3. An endpoint of one's own is addressed by path, since its name has no subdomains.
func S3(ctx context.Context) (*s3.Client, error) {
	cfg, err := AWS(ctx)
	if err != nil {
		return nil, err
	}
	own := os.Getenv("AWS_ENDPOINT_URL") != "" || os.Getenv("AWS_ENDPOINT_URL_S3") != ""
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = own
		o.DisableLogOutputChecksumValidationSkipped = true // it would warn of every multipart upload
	}), nil
}

func answerInTime(t *http.Transport) { t.ResponseHeaderTimeout = answerWithin }
