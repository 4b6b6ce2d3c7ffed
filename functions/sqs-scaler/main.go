package main

import (
	"errors"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/cloud/ecs"
	"slipway/internal/cloud/sqs"
	"slipway/internal/config"
	"slipway/internal/ledger"
	"slipway/internal/telemetry"
)

func main() {
	log := telemetry.Logger(function)
	conf, env, err := config.Read(config.SqsScaler, os.Getenv)
	aws, awsErr := awsconf.New(os.Getenv)
	if err := errors.Join(err, awsErr); err != nil {
		log.Error("cannot start", "error", err)
		os.Exit(1)
	}
	endpoint := func(service string) *string { return awsconf.Endpoint(os.Getenv, service) }
	table := ledger.New(aws, endpoint("DYNAMODB"), env.Table)
	h := &handler{
		scalers: conf.Scalers, log: log, leases: table, memories: table,
		queues:   sqs.New(aws, endpoint("SQS")),
		services: ecs.New(aws, endpoint("ECS")),
		metrics:  telemetry.NewMetrics(os.Stdout, env.Stack, time.Now),
	}
	lambda.Start(h.handle)
}
