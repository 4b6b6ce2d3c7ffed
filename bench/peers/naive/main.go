package main

import (
	"context"
	"log"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	table := dynamodb.NewFromConfig(cfg)
	clients := []any{
		cloudwatchlogs.NewFromConfig(cfg), table, ecs.NewFromConfig(cfg), eventbridge.NewFromConfig(cfg),
		s3.NewFromConfig(cfg), sesv2.NewFromConfig(cfg), sqs.NewFromConfig(cfg),
	}
	lambda.Start(func(ctx context.Context) (int, error) {
		_, err := table.ListTables(ctx, nil)
		return len(clients), err
	})
}
