package bucket

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// EventBridge reports whether the bucket sends its events to EventBridge.
func (b *Bucket) EventBridge(ctx context.Context) (bool, error) {
	out, err := b.client.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: &b.name})
	if err != nil {
		return false, fmt.Errorf("read the notifications of bucket %s: %w", b.name, err)
	}
	return out.EventBridgeConfiguration != nil, nil
}

// SendToEventBridge has the bucket, which must be the account's, send its events to EventBridge. S3 knows the
// notifications of a bucket only as a whole, so that the ones that are there are read and written back. S3 would refuse
// them all when the destination of one is gone; that it is gone is not for this to find out.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
func (b *Bucket) SendToEventBridge(ctx context.Context, account string) error {
	out, err := b.client.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: &b.name, ExpectedBucketOwner: &account})
	if err != nil {
		return fmt.Errorf("read the notifications of bucket %s: %w", b.name, err)
	}
	if out.EventBridgeConfiguration != nil {
		return nil
	}
	_, err = b.client.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{
		Bucket: &b.name, ExpectedBucketOwner: &account, SkipDestinationValidation: aws.Bool(true),
		NotificationConfiguration: &types.NotificationConfiguration{
			EventBridgeConfiguration:     &types.EventBridgeConfiguration{},
			LambdaFunctionConfigurations: out.LambdaFunctionConfigurations,
			QueueConfigurations:          out.QueueConfigurations,
			TopicConfigurations:          out.TopicConfigurations,
		},
	})
	if err != nil {
		return fmt.Errorf("write the notifications of bucket %s: %w", b.name, err)
	}
	return nil
}

// Key is the key of AWS KMS that the bucket encrypts with unless an upload says something else. It is empty when S3
// encrypts with keys of its own, or AWS's key for S3.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html
func (b *Bucket) Key(ctx context.Context) (string, error) {
	out, err := b.client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &b.name})
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "ServerSideEncryptionConfigurationNotFoundError" {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the encryption of bucket %s: %w", b.name, err)
	}
	if out.ServerSideEncryptionConfiguration == nil {
		return "", nil
	}
	for _, rule := range out.ServerSideEncryptionConfiguration.Rules {
		if by := rule.ApplyServerSideEncryptionByDefault; by != nil && by.SSEAlgorithm != types.ServerSideEncryptionAes256 {
			return aws.ToString(by.KMSMasterKeyID), nil
		}
	}
	return "", nil
}
