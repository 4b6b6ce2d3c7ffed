package main

import (
	"errors"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/config"
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
	lambda.Start(newNotifier(conf, env, aws, log).handle)
}
