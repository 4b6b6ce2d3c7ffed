package launch_test

import (
	"errors"
	"testing"

	"slipway/internal/launch"
	"slipway/internal/run"
)

func refused(code string, status int, message string) run.Launched {
	return run.Launched{Err: &run.APIError{Operation: "RunTask", Code: code, Status: status, Message: message}}
}

func failed(reason string) run.Launched {
	return run.Launched{Failures: []run.Failure{{Reason: reason}}}
}

func TestJudgeDecidesEveryAnswer(t *testing.T) {
	vcpu := "You've reached the limit on the number of vCPUs you can run concurrently"
	for name, tc := range map[string]struct {
		answer run.Launched
		action launch.Action
		reason string
	}{
		"a task is accepted": {run.Launched{Tasks: []run.Task{{ARN: "a"}}}, launch.Accepted, "accepted"},
		"a task beside a failure is accepted": {
			run.Launched{Tasks: []run.Task{{ARN: "a"}}, Failures: []run.Failure{{Reason: "AGENT"}}}, launch.Accepted, "accepted",
		},
		"an answer without anything is asked for again":    {run.Launched{}, launch.Repeat, "empty-answer"},
		"fargate without capacity goes to the next step":   {failed("Capacity is unavailable at this time. Please try again later or in a different availability zone"), launch.NextUp, "capacity-unavailable"},
		"no cpu on the instances goes to the next step":    {failed("RESOURCE:CPU"), launch.NextUp, "capacity-unavailable"},
		"no memory goes to the next step":                  {failed("RESOURCE:MEMORY"), launch.NextUp, "capacity-unavailable"},
		"no fargate goes to the next step":                 {failed("RESOURCE:FARGATE"), launch.NextUp, "capacity-unavailable"},
		"no network interface goes to the next step":       {failed("RESOURCE:ENI"), launch.NextUp, "capacity-unavailable"},
		"a managed provider's failure reads the same":      {failed("TaskFailedToStart: RESOURCE:GPU"), launch.NextUp, "capacity-unavailable"},
		"an empty provider goes to the next step":          {failed("TaskFailedToStart: EMPTY CAPACITY PROVIDER"), launch.NextUp, "capacity-unavailable"},
		"no active instances goes to the next step":        {failed("TaskFailedToStart: NO ACTIVE INSTANCES"), launch.NextUp, "capacity-unavailable"},
		"a disconnected agent goes to the next step":       {failed("AGENT"), launch.NextUp, "agent-disconnected"},
		"a missing attribute is given up":                  {failed("ATTRIBUTE"), launch.Give, "attribute-missing"},
		"a location is given up":                           {failed("LOCATION"), launch.Give, "location"},
		"a placement constraint is given up":               {failed("TaskFailedToStart: MemberOf placement constraint unsatisfied."), launch.Give, "placement-constraint"},
		"a quota among the failures waits":                 {failed(vcpu), launch.Later, "quota"},
		"a failure nobody knows goes to the next step":     {failed("SOMETHING NEW"), launch.NextUp, "placement-failed"},
		"no answer repeats with the same token":            {refused("", 0, "timeout"), launch.Repeat, "ecs-unavailable"},
		"a server error repeats with the same token":       {refused("ServerException", 500, ""), launch.Repeat, "ecs-unavailable"},
		"any 5xx repeats with the same token":              {refused("Whatever", 503, ""), launch.Repeat, "ecs-unavailable"},
		"throttling repeats later":                         {refused("ThrottlingException", 400, "Rate exceeded"), launch.Throttled, "throttled"},
		"throttling as a client error repeats later":       {refused("ClientException", 400, "Rate exceeded"), launch.Throttled, "throttled"},
		"the vcpu quota waits":                             {refused("ClientException", 400, vcpu), launch.Later, "quota"},
		"the provisioning quota waits":                     {refused("ClientException", 400, "The maximum number of tasks in the PROVISIONING state"), launch.Later, "quota"},
		"a limit waits":                                    {refused("LimitExceededException", 400, ""), launch.Later, "quota"},
		"an empty cluster goes to the next step":           {refused("InvalidParameterException", 400, "No Container Instances were found in your cluster."), launch.NextUp, "capacity-unavailable"},
		"expired credentials wait":                         {refused("ExpiredTokenException", 400, ""), launch.Later, "credentials"},
		"no permission is given up":                        {refused("AccessDeniedException", 400, ""), launch.Give, "access-denied"},
		"a blocked account is given up":                    {refused("BlockedException", 400, ""), launch.Give, "account-blocked"},
		"another client error is given up":                 {refused("ClientException", 400, "Role is not valid"), launch.Give, "client-error"},
		"an unknown cluster is given up":                   {refused("ClusterNotFoundException", 400, ""), launch.Give, "cluster-not-found"},
		"an invalid parameter is given up":                 {refused("InvalidParameterException", 400, "bad"), launch.Give, "invalid-parameter"},
		"an incompatible platform is given up":             {refused("PlatformTaskDefinitionIncompatibilityException", 400, ""), launch.Give, "platform-incompatible"},
		"an unknown platform is given up":                  {refused("PlatformUnknownException", 400, ""), launch.Give, "platform-unknown"},
		"an unsupported feature is given up":               {refused("UnsupportedFeatureException", 400, ""), launch.Give, "unsupported-feature"},
		"a refusal nobody knows waits":                     {refused("NewException", 400, ""), launch.Later, "unknown-error"},
		"a token in use by nobody knows what is looked up": {refused("ConflictException", 400, ""), launch.Look, "token-in-use"},
	} {
		t.Run(name, func(t *testing.T) {
			got := launch.Judge(tc.answer)
			if got.Action != tc.action || got.Reason != tc.reason {
				t.Errorf("Judge = %s (%s), want %s (%s)", got.Action, got.Reason, tc.action, tc.reason)
			}
		})
	}
}

func TestJudgeTakesTheTaskThatATokenIsBoundTo(t *testing.T) {
	err := &run.APIError{Code: "ConflictException", Status: 400, ResourceIDs: []string{"arn:task"}, Err: errors.New("x")}
	got := launch.Judge(run.Launched{Err: err})
	if got.Action != launch.Accepted || got.Task.ARN != "arn:task" {
		t.Errorf("Judge = %+v, want the task accepted", got)
	}
}
