package main

import (
	"errors"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/cloud/eventbridge"
	"slipway/internal/cloud/s3"
	"slipway/internal/cloud/ses"
	"slipway/internal/cloud/sns"
	"slipway/internal/cloud/sqs"
	"slipway/internal/config"
	"slipway/internal/ledger"
	"slipway/internal/orchestrator"
	"slipway/internal/telemetry"
)

func main() {
	log := telemetry.Logger(function)
	conf, env, err := config.Read(config.LifecycleNotifier, os.Getenv)
	aws, awsErr := awsconf.New(os.Getenv)
	if err := errors.Join(err, awsErr); err != nil {
		log.Error("cannot start", "error", err)
		os.Exit(1)
	}
	endpoint := func(service string) *string { return awsconf.Endpoint(os.Getenv, service) }
	queue := sqs.New(aws, endpoint("SQS"))
	runs := orchestrator.New(orchestrator.Options{
		Stack: env.Stack, Jobs: conf.Jobs, Watched: watched(conf.Scalers), Log: log,
		Ledger: ledger.New(aws, endpoint("DYNAMODB"), env.Table), Files: s3.New(aws, endpoint("S3")), Bucket: env.BatchBucket,
		Effects: &effects{
			env: env, told: conf.Notifications, send: queue.Send, put: eventbridge.New(aws, endpoint("EVENTBRIDGE")).Put,
			mail: ses.New(aws, endpoint("SESV2")).Send, publish: sns.New(aws, endpoint("SNS")).Publish,
		},
	})
	lambda.Start(newHandler(runs, env, queue, log).handle)
}
