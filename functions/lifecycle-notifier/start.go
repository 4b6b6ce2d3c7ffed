package main

import (
	"context"
	"log/slog"
	"os"
	"time"
	_ "time/tzdata" // the zones of schedules, for jobs that are late

	"github.com/aws/aws-sdk-go-v2/aws"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/cloud/eventbridge"
	"slipway/internal/cloud/logs"
	"slipway/internal/cloud/s3"
	"slipway/internal/cloud/ses"
	"slipway/internal/cloud/sns"
	"slipway/internal/cloud/sqs"
	"slipway/internal/config"
	"slipway/internal/ledger"
	"slipway/internal/orchestrator"
	"slipway/internal/telemetry"
)

// newNotifier wires the function together.
func newNotifier(conf config.Config, env config.Environment, cfg aws.Config, log *slog.Logger) *handler {
	endpoint := func(service string) *string { return awsconf.Endpoint(os.Getenv, service) }
	queue := sqs.New(cfg, endpoint("SQS"))
	metrics := telemetry.NewMetrics(os.Stdout, env.Stack, time.Now)
	count := func(what string, n int) {
		if n > 0 {
			metrics.Emit(function, map[telemetry.Metric]int{telemetry.Metric(what): n})
		}
	}
	runs := orchestrator.New(orchestrator.Options{
		Stack: env.Stack, Jobs: conf.Jobs, Watched: watched(conf.Watched()), Clusters: conf.WatchedClusters(), Stops: conf.Rules(), Containers: conf.Containers,
		DeadLetters: []orchestrator.DeadLetterQueue{
			deadLetters(queue, "s3-trigger", env.LaunchDeadLetterQueueURL),
			deadLetters(queue, function, env.LifecycleDeadLetterQueueURL),
		},
		Ledger: ledger.New(cfg, endpoint("DYNAMODB"), env.Table), Log: log, Count: count,
		Files: s3.New(cfg, endpoint("S3")), Bucket: env.BatchBucket,
		Effects: &effects{
			env: env, conf: conf, send: queue.Send, bury: queue.SendDeadLetter, count: count, emit: metrics.Emit, log: log,
			mail: ses.New(cfg, endpoint("SESV2")).Send, publish: sns.New(cfg, endpoint("SNS")).Publish,
			put: eventbridge.New(cfg, endpoint("EVENTBRIDGE")).Put, tail: logs.New(cfg, endpoint("CLOUDWATCH_LOGS")).Tail,
		},
	})
	return newHandler(runs, env, queue, metrics, log)
}

// watched are the services whose failing tasks somebody is told of.
func watched(list []config.Watched) []orchestrator.Service {
	var out []orchestrator.Service
	for _, w := range list {
		out = append(out, orchestrator.Service{Cluster: w.Cluster, Name: w.Service})
	}
	return out
}

func deadLetters(queue *sqs.SQS, name, url string) orchestrator.DeadLetterQueue {
	return orchestrator.DeadLetterQueue{
		Name: name,
		Count: func(ctx context.Context) (int, error) {
			d, err := queue.Depth(ctx, url)
			return d.Visible + d.InFlight + d.Delayed, err
		},
		Why: func(ctx context.Context) (string, string, error) {
			letter, err := queue.Peek(ctx, url)
			return letter.Reason, letter.Detail, err
		},
	}
}
