package main

import (
	"context"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func main() {
	cfg := aws.Config{Region: os.Getenv("AWS_REGION")}
	clients := []any{
		dynamodb.NewFromConfig(cfg),
		ecs.NewFromConfig(cfg),
		sqs.NewFromConfig(cfg),
	}
	lambda.Start(func(context.Context) (int, error) { return len(clients), nil })
}
