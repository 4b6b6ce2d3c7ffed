package stack

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"slipway/internal/cloud/awsconf"
)

// AWS is the configuration of a client of the stack. A person's own files are not read.
func (r Record) AWS() aws.Config {
	return aws.Config{
		Region: Region, BaseEndpoint: aws.String(r.Endpoint()), HTTPClient: awsconf.OneWrite(nil),
		Credentials: credentials.NewStaticCredentialsProvider(key, key, ""),
	}
}

// ECS is a client of the tasks' side.
func (r Record) ECS() *ecs.Client {
	return ecs.NewFromConfig(r.AWS(), func(o *ecs.Options) { o.BaseEndpoint = aws.String(r.ECSEndpoint()) })
}

// S3 is a client that addresses buckets by path: names of hosts below 127.0.0.1 do not exist.
func (r Record) S3() *s3.Client {
	return s3.NewFromConfig(r.AWS(), func(o *s3.Options) { o.UsePathStyle = true })
}

// Endpoint is where every service but ECS answers.
func (r Record) Endpoint() string { return Options{Port: r.Port}.endpoint() }

// ECSEndpoint is where ECS answers.
func (r Record) ECSEndpoint() string { return Options{ECSPort: r.ECSPort}.ecsEndpoint() }

func (r Record) formation() *cloudformation.Client { return cloudformation.NewFromConfig(r.AWS()) }
func (r Record) mail() *sesv2.Client               { return sesv2.NewFromConfig(r.AWS()) }
