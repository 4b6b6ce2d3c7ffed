package dynamodb

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// DeleteTable deletes a table with everything in it. One that is gone already is no error. Endpoint is nil for AWS's own.
func DeleteTable(ctx context.Context, cfg aws.Config, endpoint *string, name string) error {
	client := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = endpoint })
	_, err := client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &name})
	var gone *types.ResourceNotFoundException
	if err != nil && !errors.As(err, &gone) {
		return fmt.Errorf("delete table %s: %w", name, err)
	}
	return nil
}

// Exists reports whether there is a table of that name. Endpoint is nil for AWS's own.
func Exists(ctx context.Context, cfg aws.Config, endpoint *string, name string) (bool, error) {
	client := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = endpoint })
	_, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	var gone *types.ResourceNotFoundException
	if errors.As(err, &gone) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("describe table %s: %w", name, err)
	}
	return true, nil
}
