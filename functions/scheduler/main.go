package main

import (
	"errors"
	"os"
	"time"
	_ "time/tzdata" // the zones of schedules: Lambda's image need not have them

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/cloud/ecs"
	"slipway/internal/cloud/s3"
	"slipway/internal/config"
	"slipway/internal/ledger"
	"slipway/internal/orchestrator"
	"slipway/internal/telemetry"
)

func main() {
	log := telemetry.Logger(function)
	conf, env, err := config.Read(config.Scheduler, os.Getenv)
	aws, awsErr := awsconf.New(os.Getenv)
	if err := errors.Join(err, awsErr); err != nil {
		log.Error("cannot start", "error", err)
		os.Exit(1)
	}
	endpoint := func(service string) *string { return awsconf.Endpoint(os.Getenv, service) }
	table := ledger.New(aws, endpoint("DYNAMODB"), env.Table)
	runs := orchestrator.New(orchestrator.Options{
		Stack: env.Stack, Jobs: conf.Jobs, Stops: conf.Rules(), Log: log, Ledger: table,
		Tasks: ecs.New(aws, endpoint("ECS")),
		Files: s3.New(aws, endpoint("S3")), Bucket: env.BatchBucket, Trace: telemetry.Trace,
		Pace: orchestrator.NewPace(orchestrator.RunTaskQuota, shares, nil),
	})
	metrics := telemetry.NewMetrics(os.Stdout, env.Stack, time.Now)
	h := &handler{runs: runs, leases: table, now: time.Now, metrics: metrics, log: log}
	lambda.Start(h.handle)
}
