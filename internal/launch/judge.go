package launch

import (
	"strings"
	"sync"

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
// alone is no success. docs/reference/runtask-answers.md lists every answer with its verdict.
// Failures: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
func Judge(l run.Launched) Verdict {
	switch {
	case l.Err != nil:
		return judgeError(l.Err)
	case len(l.Tasks) > 0 && l.Tasks[0].ARN != "":
		return Verdict{Action: Accepted, Reason: "accepted", Task: l.Tasks[0]}
	case len(l.Failures) > 0:
		return judgeFailure(l.Failures[0])
	}
	// RunTask documents no such answer, so nobody knows what it did. With the same token ECS tells the true one again.
	return Verdict{Action: Repeat, Reason: "empty-answer", Detail: "RunTask answered with neither a task nor a failure"}
}

// zonal begins what Fargate says when the zone that it chose has no room: "Please try again later or in a different
// availability zone". https://repost.aws/knowledge-center/ecs-fargate-capacity-unavailable
const zonal = "Capacity is unavailable"

// rule is what a text means.
type rule struct {
	text   string
	action Action
	reason string
}

// verdict is the rule's, with the words of ECS.
func (r rule) verdict(detail string) Verdict {
	return Verdict{Action: r.action, Reason: r.reason, Detail: detail, Zonal: r.text == zonal}
}

// failureRules decides on failures[].reason by its beginning. The first match counts.
var failureRules = []rule{
	{zonal, NextUp, "capacity-unavailable"},
	{"RESOURCE:", NextUp, "capacity-unavailable"},
	{"AGENT", NextUp, "agent-disconnected"},
	{"EMPTY CAPACITY PROVIDER", NextUp, "capacity-unavailable"},
	{"NO ACTIVE INSTANCES", NextUp, "capacity-unavailable"},
	{"ATTRIBUTE", Give, "attribute-missing"},
	{"LOCATION", Give, "location"},
	{"MemberOf placement constraint unsatisfied", Give, "placement-constraint"},
}

// judgeFailure decides on a definite failure: there is no task, and with the same token ECS would tell the same again.
// So nothing is repeated here, and what would be throttling is a later launch.
func judgeFailure(f run.Failure) Verdict {
	reason := strings.TrimPrefix(f.Reason, "TaskFailedToStart: ")
	detail := words(f.Reason, f.Detail)
	if reason == "" {
		// A failure over an hour old is replayed without its reason: what it was may have passed.
		// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
		return Verdict{Action: Later, Reason: "placement-failed", Detail: detail}
	}
	for _, rule := range failureRules {
		if strings.HasPrefix(reason, rule.text) {
			return rule.verdict(detail)
		}
	}
	if rule, ok := byMessage(reason); ok {
		if rule.action == Throttled {
			rule.action = Later
		}
		return rule.verdict(detail)
	}
	return Verdict{Action: NextUp, Reason: "placement-failed", Detail: detail}
}

func words(reason, detail string) string {
	if detail == "" {
		return reason
	}
	return reason + " (" + detail + ")"
}

// errorRules decides on error codes: those that RunTask documents, and those that every service of AWS may answer
// with. ClientException and InvalidParameterException also carry states that pass, which only their messages tell
// apart: see messageRules.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html#API_RunTask_Errors
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html
//
// It is made when RunTask first answers with an error, and not at each cold start.
var errorRules = sync.OnceValue(func() map[string]errorRule {
	return map[string]errorRule{
		"ServerException":                                {Repeat, "ecs-unavailable"},
		"ServiceUnavailable":                             {Repeat, "ecs-unavailable"},
		"ServiceUnavailableException":                    {Repeat, "ecs-unavailable"},
		"InternalFailure":                                {Repeat, "ecs-unavailable"},
		"InternalServerError":                            {Repeat, "ecs-unavailable"},
		"RequestTimeout":                                 {Repeat, "ecs-unavailable"},
		"RequestTimeoutException":                        {Repeat, "ecs-unavailable"},
		"RequestAbortedException":                        {Repeat, "ecs-unavailable"},
		"ExpiredToken":                                   {Later, "credentials"},
		"ExpiredTokenException":                          {Later, "credentials"},
		"RequestExpired":                                 {Later, "credentials"},
		"UnrecognizedClientException":                    {Later, "credentials"},
		"InvalidClientTokenId":                           {Later, "credentials"},
		"InvalidSignatureException":                      {Later, "credentials"},
		"SignatureDoesNotMatch":                          {Later, "credentials"},
		"IncompleteSignature":                            {Later, "credentials"},
		"IncompleteSignatureException":                   {Later, "credentials"},
		"MissingAuthenticationToken":                     {Later, "credentials"},
		"MissingAuthenticationTokenException":            {Later, "credentials"},
		"LimitExceededException":                         {Later, "quota"},
		"AccessDenied":                                   {Give, "access-denied"},
		"AccessDeniedException":                          {Give, "access-denied"},
		"NotAuthorized":                                  {Give, "access-denied"},
		"BlockedException":                               {Give, "account-blocked"},
		"OptInRequired":                                  {Give, "account-blocked"},
		"ClientException":                                {Give, "client-error"},
		"ClusterNotFoundException":                       {Give, "cluster-not-found"},
		"InvalidParameterException":                      {Give, "invalid-parameter"},
		"RequestEntityTooLargeException":                 {Give, "invalid-parameter"},
		"SerializationException":                         {Give, "invalid-parameter"},
		"ValidationError":                                {Give, "invalid-parameter"},
		"ValidationException":                            {Give, "invalid-parameter"},
		"PlatformTaskDefinitionIncompatibilityException": {Give, "platform-incompatible"},
		"PlatformUnknownException":                       {Give, "platform-unknown"},
		"UnknownOperationException":                      {Give, "unsupported-feature"},
		"UnsupportedFeatureException":                    {Give, "unsupported-feature"},
	}
})

type errorRule struct {
	action Action
	reason string
}

// messageRules are the refusals that mean something else than their code says. The first match counts.
var messageRules = []rule{
	{"limit on the number of vCPUs", Later, "quota"},
	{"limit on the number of tasks", Later, "quota"}, // the older quota, in tasks
	// One task alone is larger than the quota: no waiting helps.
	// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
	{"configuration is above your limit", Give, "above-quota"},
	// The quota of tasks in PROVISIONING for a cluster with managed scaling, in the words of ECS and of its documents.
	// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html#API_RunTask_Errors
	{"Tasks provisioning capacity limit exceeded", Later, "quota"},
	{"tasks in the PROVISIONING", Later, "quota"},
	{zonal, NextUp, "capacity-unavailable"},
	{"No Container Instances were found", NextUp, "capacity-unavailable"},
	{"Rate exceeded", Throttled, "throttled"},
	// ECS was throttled itself, when it asked EC2 for the subnets: InvalidParameterException: "Error retrieving subnet
	// information for [subnet-1]: Request limit exceeded. (ErrorCode: RequestLimitExceeded)".
	{"RequestLimitExceeded", Throttled, "throttled"},
	{"Request limit exceeded", Throttled, "throttled"},
	// A deployment has deregistered the revision meanwhile. The next launch is decided anew, with the one that is there.
	// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deregister-task-definition-v2.html
	{"TaskDefinition is inactive", Later, "definition-inactive"},
	// A role that was just made is not everywhere yet: the service's own with the first cluster of an account, or the task's.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
	{"Unable to assume the service linked role", Later, "role-not-ready"},
	{"ECS was unable to assume the role", Later, "role-not-ready"},
}

func byMessage(message string) (rule, bool) {
	for _, rule := range messageRules {
		if strings.Contains(message, rule.text) {
			return rule, true
		}
	}
	return rule{}, false
}

func judgeError(e *run.APIError) Verdict {
	switch {
	case e.Code == "ConflictException":
		return judgeConflict(e)
	case throttling(e):
		return Verdict{Action: Throttled, Reason: "throttled", Detail: e.Error()}
	case lost(e):
		return Verdict{Action: Repeat, Reason: "ecs-unavailable", Detail: e.Error()}
	}
	if rule, ok := byMessage(e.Message); ok {
		return rule.verdict(e.Error())
	}
	if rule, ok := errorRules()[e.Code]; ok {
		return Verdict{Action: rule.action, Reason: rule.reason, Detail: e.Error()}
	}
	// A refusal that this table does not know may pass; startWithin bounds the tries.
	return Verdict{Action: Later, Reason: "unknown-error", Detail: e.Error()}
}

// tooManyRequests is the HTTP status that says so by itself.
const tooManyRequests = 429

// throttling reports whether ECS was asked too often, with whatever status it says so. The codes are those that AWS's
// SDKs know. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html
func throttling(e *run.APIError) bool {
	switch e.Code {
	case "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
		"TooManyRequestsException", "RequestLimitExceeded", "EC2ThrottledException", "SlowDown", "BandwidthLimitExceeded",
		"PriorRequestNotComplete":
		return true
	}
	return e.Status == tooManyRequests
}

// lost reports whether nobody knows what the call did: no answer came, or the server failed, or the answer is not
// ECS's own, so that it names no exception: of a proxy, or cut off, even with a status that says success.
func lost(e *run.APIError) bool {
	return e.Status == 0 || e.Status >= 500 || e.Code == "" || e.Code == "UnknownError"
}

// judgeConflict reads what the token is bound to. Our requests for one token are all alike, so it is our own task.
func judgeConflict(e *run.APIError) Verdict {
	if len(e.ResourceIDs) == 0 {
		return Verdict{Action: Look, Reason: "token-in-use", Detail: e.Error()}
	}
	return Verdict{Action: Accepted, Reason: "started-before", Task: run.Task{ARN: e.ResourceIDs[0]}, Detail: e.Error()}
}
