package fake

import "time"

// answer is what ECS keeps for a client token.
type answer struct {
	request string
	arns    []string
	fails   []Failure
	at      time.Time
}

// tokenKey is where a token is kept: its scope is the cluster.
func tokenKey(in RunTaskInput) string { return clusterName(in.Cluster) + "/" + in.ClientToken }

// stored is the answer that ECS keeps for the token of a request, nil when it keeps none, or the refusal of a request
// that says something else with the same token.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
func (e *ECS) stored(in RunTaskInput, request string) (*RunTaskOutput, error) {
	known, ok := e.tokens[tokenKey(in)]
	if !ok || in.ClientToken == "" || !e.remembers(known) {
		return nil, nil //nolint:nilnil // no answer is stored, and nothing is wrong
	}
	if known.request != request {
		return nil, &ECSError{
			Code: "ConflictException", Message: "The RunTask request could not be processed due to conflicts: the client token is in use.",
			ResourceIDs: known.arns, Status: 400,
		}
	}
	return e.replay(known), nil
}

// remembers reports whether ECS still keeps a token: for 24 hours, or an hour after the last task stopped, whichever
// is sooner. An answer without tasks has no task to stop: it is kept for the 24 hours.
func (e *ECS) remembers(a *answer) bool {
	end := a.at.Add(24 * time.Hour)
	if len(a.arns) == 0 {
		return e.Now().Before(end)
	}
	last := a.at
	for _, arn := range a.arns {
		t, ok := e.tasks[arn]
		if !ok {
			continue
		}
		if t.StoppedAt == nil {
			return e.Now().Before(end)
		}
		if t.StoppedAt.After(last) {
			last = t.StoppedAt.Time
		}
	}
	return e.Now().Before(end) && e.Now().Before(last.Add(time.Hour))
}

// replay is the stored answer; of tasks that have stopped only the ARN and the statuses are left, and of failures that
// are over an hour old only how many they were.
func (e *ECS) replay(a *answer) *RunTaskOutput {
	out := &RunTaskOutput{Tasks: []Task{}, Failures: append([]Failure{}, a.fails...)}
	if e.Now().Sub(a.at) > known {
		out.Failures = make([]Failure, len(a.fails))
	}
	for _, arn := range a.arns {
		if t, ok := e.tasks[arn]; ok && t.LastStatus != "STOPPED" {
			out.Tasks = append(out.Tasks, t.copy())
			continue
		}
		out.Tasks = append(out.Tasks, Task{TaskArn: arn, LastStatus: "STOPPED", DesiredStatus: "STOPPED"})
	}
	return out
}
