package iam

import (
	"context"
	"fmt"
)

// Passed says to which service a role is passed.
type Passed string

// May reports whether the policies of a role allow an action on a resource. It knows nothing of policies of the resource.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
func (i *IAM) May(ctx context.Context, role, action, resource string, to Passed) (bool, error) {
	in := map[string]string{"PolicySourceArn": role, "ActionNames.member.1": action, "ResourceArns.member.1": resource}
	if to != "" {
		in["ContextEntries.member.1.ContextKeyName"] = "iam:PassedToService"
		in["ContextEntries.member.1.ContextKeyType"] = "string"
		in["ContextEntries.member.1.ContextKeyValues.member.1"] = string(to)
	}
	var out struct {
		Decisions []string `xml:"SimulatePrincipalPolicyResult>EvaluationResults>member>EvalDecision"`
	}
	if err := i.service.Query(ctx, "SimulatePrincipalPolicy", "2010-05-08", in, &out); err != nil {
		return false, fmt.Errorf("simulate the policies of role %s: %w", role, err)
	}
	if len(out.Decisions) != 1 {
		return false, fmt.Errorf("simulate the policies of role %s: it gave %d decisions", role, len(out.Decisions)) //nolint:err113 // for a person
	}
	return out.Decisions[0] == "allowed", nil
}
