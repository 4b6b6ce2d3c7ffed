package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"slipway/internal/run"
)

// Function is one of Slipway's Lambda functions, by its logical ID in template.yaml.
type Function string

// The functions.
const (
	S3Trigger         Function = "S3TriggerFunction"
	Scheduler         Function = "SchedulerFunction"
	SqsScaler         Function = "SqsScalerFunction"
	LifecycleNotifier Function = "LifecycleNotifierFunction"
)

// Functions lists every function.
func Functions() []Function { return []Function{S3Trigger, Scheduler, SqsScaler, LifecycleNotifier} }

// Environment is what template.yaml tells a function. Fields that the function does not ask for are empty.
type Environment struct {
	Stack   string
	Table   string
	Values  map[string]string
	Network Network

	// BatchBucket is the name of the bucket for the lists of batches and the reports about them.
	BatchBucket                 string
	LaunchQueueURL              string
	LaunchDeadLetterQueueURL    string
	LifecycleDeadLetterQueueURL string
	// MaxReceives is the maxReceiveCount of the queue that invokes the function: on the last receive but one the
	// function sends the dead letter itself, with the reason.
	MaxReceives int
	TopicARN    string
	Sender      string // empty: mail goes through the topic
}

// Network is where tasks in awsvpc mode are placed.
type Network struct {
	Subnets        []string
	SecurityGroups []string
	PublicIP       bool
}

// Variable is one environment variable.
type Variable struct {
	Name string
	Doc  string
	// Functions are those that ask for it, and to which template.yaml gives it.
	Functions []Function
	// Optional variables may be empty.
	Optional bool
	read     func(*Environment, string) error
}

// Variables lists every variable of Slipway's own, in the order in which the documentation shows them. Each function
// also gets AWS_REGION and credentials from Lambda, and AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_<SERVICE> on the local
// stack, which package awsconf reads.
func Variables() []Variable {
	all, launching := Functions(), []Function{S3Trigger, Scheduler}
	return append([]Variable{
		{
			"SLIPWAY_STACK", "Name of the stack. It is part of every run ID and of startedBy.", all, false,
			func(e *Environment, s string) error { e.Stack = s; return run.ValidStackName(s) },
		},
		{
			"SLIPWAY_TABLE", "Name of the ledger table.", all, false,
			func(e *Environment, s string) error { e.Table = s; return nil },
		},
		{
			"SLIPWAY_VALUES", "Deploy-time values of slipway.yaml: a JSON object from name to text.", all, false,
			func(e *Environment, s string) error { return json.Unmarshal([]byte(s), &e.Values) },
		},
		{
			"SLIPWAY_SUBNETS", "Subnets of tasks whose job names no network, separated by commas.", launching, false,
			func(e *Environment, s string) error { e.Network.Subnets = list(s); return nil },
		},
		{
			"SLIPWAY_SECURITY_GROUPS", "Security groups of those tasks, separated by commas; empty: the VPC's default group.", launching, true,
			func(e *Environment, s string) error { e.Network.SecurityGroups = list(s); return nil },
		},
		{
			"SLIPWAY_PUBLIC_IP", "Whether those tasks get a public address: ENABLED or DISABLED.", launching, false,
			func(e *Environment, s string) error { return publicIP(&e.Network.PublicIP, s) },
		},
	}, ownVariables()...)
}

// ownVariables are those that only some functions have.
func ownVariables() []Variable {
	return []Variable{
		{
			"SLIPWAY_BATCH_BUCKET", "Name of the bucket for the lists of batches that are too long for RunTask, and for what tasks report of them.",
			[]Function{S3Trigger, Scheduler, LifecycleNotifier},
			false,
			func(e *Environment, s string) error { e.BatchBucket = s; return nil },
		},
		{
			"SLIPWAY_LAUNCH_QUEUE_URL", "URL of the launch queue, for nudges.",
			[]Function{LifecycleNotifier},
			false,
			func(e *Environment, s string) error { e.LaunchQueueURL = s; return nil },
		},
		{
			"SLIPWAY_LAUNCH_DEAD_LETTER_QUEUE_URL", "URL of the launch queue's dead-letter queue, for events that can never succeed.",
			[]Function{S3Trigger, LifecycleNotifier},
			false,
			func(e *Environment, s string) error { e.LaunchDeadLetterQueueURL = s; return nil },
		},
		{
			"SLIPWAY_LIFECYCLE_DEAD_LETTER_QUEUE_URL", "URL of the lifecycle queue's dead-letter queue.",
			[]Function{LifecycleNotifier},
			false,
			func(e *Environment, s string) error { e.LifecycleDeadLetterQueueURL = s; return nil },
		},
		{
			"SLIPWAY_MAX_RECEIVES", "maxReceiveCount of the queue that invokes the function, at least 1.",
			[]Function{S3Trigger, LifecycleNotifier},
			false,
			func(e *Environment, s string) error { return positive(&e.MaxReceives, s) },
		},
		{
			"SLIPWAY_TOPIC_ARN", "ARN of the SNS topic that mail goes to when there is no sender.",
			[]Function{LifecycleNotifier},
			false,
			func(e *Environment, s string) error { e.TopicARN = s; return nil },
		},
		{
			"SLIPWAY_SENDER", "Address that mail is sent from through SES; empty: mail goes to the SNS topic.",
			[]Function{LifecycleNotifier},
			true,
			func(e *Environment, s string) error { e.Sender = s; return nil },
		},
	}
}

// VariablesOf lists the variables that one function asks for.
func VariablesOf(f Function) []Variable {
	return slices.DeleteFunc(Variables(), func(v Variable) bool { return !slices.Contains(v.Functions, f) })
}

// FromEnvironment reads the variables that the function asks for. The error lists everything that is wrong.
func FromEnvironment(f Function, getenv func(string) string) (Environment, error) {
	var e Environment
	var mistakes []error
	for _, v := range VariablesOf(f) {
		value := getenv(v.Name)
		if value == "" {
			if !v.Optional {
				mistakes = append(mistakes, fmt.Errorf("read the environment: %s is not set", v.Name))
			}
			continue
		}
		if err := v.read(&e, value); err != nil {
			mistakes = append(mistakes, fmt.Errorf("read the environment: %s: %w", v.Name, err))
		}
	}
	return e, errors.Join(mistakes...)
}

func list(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func positive(n *int, text string) error {
	v, err := strconv.Atoi(text)
	if err != nil || v < 1 {
		return fmt.Errorf("%q is not a whole number of at least 1", text)
	}
	*n = v
	return nil
}

func publicIP(on *bool, text string) error {
	if text != "ENABLED" && text != "DISABLED" {
		return fmt.Errorf("%q is neither ENABLED nor DISABLED", text)
	}
	*on = text == "ENABLED"
	return nil
}
