package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	sestypes "github.com/aws/aws-sdk-go-v2/service/sesv2/types"
)

const artifacts = "slipway-artifacts"

// prepare makes what a person has in an AWS account before the first deployment: a sender that may send, a default VPC
// that is connected to the internet, and a bucket for what is deployed.
func (o Options) prepare(ctx context.Context, r Record) error {
	if err := errors.Join(r.AllowSender(ctx), r.Connect(ctx)); err != nil {
		return err
	}
	_, err := r.S3().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(artifacts)})
	var mine *s3types.BucketAlreadyOwnedByYou
	if err != nil && !errors.As(err, &mine) {
		return fmt.Errorf("make the bucket of what is deployed: %w", err)
	}
	return nil
}

// AllowSender makes the sender one that SES accepts mails from.
func (r Record) AllowSender(ctx context.Context) error {
	_, err := r.mail().CreateEmailIdentity(ctx, &sesv2.CreateEmailIdentityInput{EmailIdentity: aws.String(Sender)})
	var exists *sestypes.AlreadyExistsException
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("make the sender's identity: %w", err)
	}
	return nil
}

// ForbidSender makes SES refuse the sender's mails.
func (r Record) ForbidSender(ctx context.Context) error {
	_, err := r.mail().DeleteEmailIdentity(ctx, &sesv2.DeleteEmailIdentityInput{EmailIdentity: aws.String(Sender)})
	if err != nil {
		return fmt.Errorf("delete the sender's identity: %w", err)
	}
	return nil
}

// deploy hands what was built to CloudFormation, as it is done on AWS.
func (o Options) deploy(ctx context.Context, r Record) error {
	subnets, group, err := r.network(ctx)
	if err != nil {
		return err
	}
	args := []string{
		o.sam(), "deploy", "--template-file", o.in("build", "template.yaml"), "--stack-name", o.Name, "--region", Region,
		"--s3-bucket", artifacts, "--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND",
		"--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar", "--parameter-overrides",
	}
	args = append(args, parameters(strings.Join(subnets, ","), group)...)
	return o.command(ctx, "sam-deploy", builderEnv(append(o.awsEnv(), "SAM_CLI_TELEMETRY=0")...), args...)
}

func parameters(subnets, group string) []string {
	return []string{
		"Subnets=" + subnets, "SecurityGroups=" + group, "Architecture=" + architecture(),
		"NotificationEmail=" + Reader, "Sender=" + Sender, "SenderIdentity=" + Sender,
		"ObjectProcessorImage=slipway/object-processor:local", "HourlyBatchImage=slipway/hourly-batch:local",
		"QueueWorkerImage=slipway/queue-worker:local",
		"CreateQueries=false", // the emulator's CloudFormation does not know AWS::Logs::QueryDefinition
	}
}
