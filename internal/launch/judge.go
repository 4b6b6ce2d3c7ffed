package launch

import (
	"strings"

	"slipway/internal/run"
)

// Action is what to do after an answer of RunTask.
type Action string

// The actions.
const (
	Accepted  Action = "accepted"  // ECS has the task: record it
	Repeat    Action = "repeat"    // nobody knows whether ECS has it: the same token again
	Throttled Action = "throttled" // ECS did not look at it: the same token again, later and slower
	NextUp    Action = "next-step" // definite: this capacity has no room; a new launch with the next step
	Later     Action = "later"     // definite: not now; a new launch with the same step
	Look      Action = "look"      // the token is taken and ECS does not say by what: list before anything else
	Give      Action = "give-up"   // definite: never as it is
)

// Verdict is what an answer of RunTask means, and why in words that are stable enough for metrics and history.
type Verdict struct {
	Action Action
	Reason string
	Task   run.Task // of Accepted; only its ARN is certain
	Zonal  bool     // of NextUp: another availability zone may have room
	Detail string   // in the words of ECS
}

// Judge decides what an answer of RunTask for one task means. Every entry of tasks and failures counts: a 200 answer
// alone is no success.
// Failures: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
func Judge(l run.Launched) Verdict {
	switch {
	case l.Err != nil:
		return judgeError(l.Err)
	case len(l.Tasks) > 0:
		return Verdict{Action: Accepted, Reason: "accepted", Task: l.Tasks[0]}
	case len(l.Failures) > 0:
		return judgeFailure(l.Failures[0])
	}
	return Verdict{Action: Later, Reason: "empty-answer", Detail: "RunTask answered with neither tasks nor failures"}
}

// zonal begins what Fargate says when the zone that it chose has no room: "Please try again later or in a different
// availability zone". https://repost.aws/knowledge-center/ecs-fargate-capacity-unavailable
const zonal = "Capacity is unavailable"

// failureRules decides on failures[].reason by its beginning. The first match counts.
var failureRules = []struct {
	prefix string
	action Action
	reason string
}{
	{zonal, NextUp, "capacity-unavailable"},
	{"RESOURCE:", NextUp, "capacity-unavailable"},
	{"AGENT", NextUp, "agent-disconnected"},
	{"EMPTY CAPACITY PROVIDER", NextUp, "capacity-unavailable"},
	{"NO ACTIVE INSTANCES", NextUp, "capacity-unavailable"},
	{"ATTRIBUTE", Give, "attribute-missing"},
	{"LOCATION", Give, "location"},
	{"MemberOf placement constraint unsatisfied", Give, "placement-constraint"},
	{"You've reached the limit", Later, "quota"},
}

func judgeFailure(f run.Failure) Verdict {
	reason := strings.TrimPrefix(f.Reason, "TaskFailedToStart: ")
	for _, rule := range failureRules {
		if strings.HasPrefix(reason, rule.prefix) {
			return Verdict{Action: rule.action, Reason: rule.reason, Detail: words(f.Reason, f.Detail), Zonal: rule.prefix == zonal}
		}
	}
	return Verdict{Action: NextUp, Reason: "placement-failed", Detail: words(f.Reason, f.Detail)}
}

func words(reason, detail string) string {
	if detail == "" {
		return reason
	}
	return reason + " (" + detail + ")"
}

// errorRules decides on error codes. ClientException and InvalidParameterException also carry states that pass, which
// only their messages tell apart: see messageRules.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html#API_RunTask_Errors
var errorRules = map[string]struct {
	action Action
	reason string
}{
	"ServerException":                                {Repeat, "ecs-unavailable"},
	"ServiceUnavailable":                             {Repeat, "ecs-unavailable"},
	"InternalFailure":                                {Repeat, "ecs-unavailable"},
	"RequestTimeout":                                 {Repeat, "ecs-unavailable"},
	"ThrottlingException":                            {Throttled, "throttled"},
	"Throttling":                                     {Throttled, "throttled"},
	"TooManyRequestsException":                       {Throttled, "throttled"},
	"RequestLimitExceeded":                           {Throttled, "throttled"},
	"ExpiredTokenException":                          {Later, "credentials"},
	"UnrecognizedClientException":                    {Later, "credentials"},
	"InvalidSignatureException":                      {Later, "credentials"},
	"LimitExceededException":                         {Later, "quota"},
	"AccessDeniedException":                          {Give, "access-denied"},
	"BlockedException":                               {Give, "account-blocked"},
	"ClientException":                                {Give, "client-error"},
	"ClusterNotFoundException":                       {Give, "cluster-not-found"},
	"InvalidParameterException":                      {Give, "invalid-parameter"},
	"PlatformTaskDefinitionIncompatibilityException": {Give, "platform-incompatible"},
	"PlatformUnknownException":                       {Give, "platform-unknown"},
	"UnsupportedFeatureException":                    {Give, "unsupported-feature"},
}

// messageRules are the refusals that pass although their code says otherwise.
var messageRules = []struct {
	part   string
	action Action
	reason string
}{
	{"limit on the number of vCPUs", Later, "quota"},
	{"You've reached the limit on the number of tasks", Later, "quota"},
	{"tasks in the PROVISIONING state", Later, "quota"}, // managed scaling's limit for a cluster
	{zonal, NextUp, "capacity-unavailable"},
	{"No Container Instances were found", NextUp, "capacity-unavailable"},
	{"Rate exceeded", Throttled, "throttled"},
}

func judgeError(e *run.APIError) Verdict {
	if e.Code == "ConflictException" {
		return judgeConflict(e)
	}
	if e.Status == 0 || e.Status >= 500 {
		return Verdict{Action: Repeat, Reason: "ecs-unavailable", Detail: e.Error()}
	}
	for _, rule := range messageRules {
		if strings.Contains(e.Message, rule.part) {
			return Verdict{Action: rule.action, Reason: rule.reason, Detail: e.Error(), Zonal: rule.part == zonal}
		}
	}
	if rule, ok := errorRules[e.Code]; ok {
		return Verdict{Action: rule.action, Reason: rule.reason, Detail: e.Error()}
	}
	// A refusal that this table does not know may pass; startWithin bounds the tries.
	return Verdict{Action: Later, Reason: "unknown-error", Detail: e.Error()}
}

// judgeConflict reads what the token is bound to. Our requests for one token are all alike, so it is our own task.
func judgeConflict(e *run.APIError) Verdict {
	if len(e.ResourceIDs) == 0 {
		return Verdict{Action: Look, Reason: "token-in-use", Detail: e.Error()}
	}
	return Verdict{Action: Accepted, Reason: "started-before", Task: run.Task{ARN: e.ResourceIDs[0]}, Detail: e.Error()}
}
