package main

import (
	"context"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func main() {
	cfg := aws.Config{Region: os.Getenv("AWS_REGION")}
	clients := []any{
		cloudwatchlogs.NewFromConfig(cfg),
		dynamodb.NewFromConfig(cfg),
		eventbridge.NewFromConfig(cfg),
		sesv2.NewFromConfig(cfg),
		sns.NewFromConfig(cfg),
		sqs.NewFromConfig(cfg),
	}
	lambda.Start(func(context.Context) (int, error) { return len(clients), nil })
}
