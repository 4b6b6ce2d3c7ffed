package main

import (
	"errors"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/cloud/ecs"
	"slipway/internal/cloud/s3"
	"slipway/internal/cloud/sqs"
	"slipway/internal/config"
	"slipway/internal/ledger"
	"slipway/internal/orchestrator"
	"slipway/internal/telemetry"
)

func main() {
	log := telemetry.Logger(function)
	conf, env, err := config.Read(config.S3Trigger, os.Getenv)
	aws, awsErr := awsconf.New(os.Getenv)
	if err := errors.Join(err, awsErr); err != nil {
		log.Error("cannot start", "error", err)
		os.Exit(1)
	}
	endpoint := func(service string) *string { return awsconf.Endpoint(os.Getenv, service) }
	runs := orchestrator.New(orchestrator.Options{
		Stack: env.Stack, Jobs: conf.Jobs, Log: log,
		Ledger: ledger.New(aws, endpoint("DYNAMODB"), env.Table),
		Tasks:  ecs.New(aws, endpoint("ECS")),
		Files:  s3.New(aws, endpoint("S3")), Bucket: env.BatchBucket, Trace: telemetry.Trace,
		Pace: orchestrator.NewPace(orchestrator.RunTaskQuota, instances+1, nil),
	})
	h := newHandler(conf.Jobs, runs, env, sqs.New(aws, endpoint("SQS")), log)
	lambda.Start(h.handle)
}
