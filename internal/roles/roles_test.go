package roles_test

import (
	"slices"
	"strings"
	"testing"

	"slipway/internal/roles"
	"slipway/internal/template"
)

const parent = `
Resources:
  Wiring: {Type: AWS::Serverless::Application, Properties: {Location: wiring.yaml}}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Role: !GetAtt FunctionRole.Arn
      Events: {Minute: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 minute)}}}
  FunctionRole:
    Type: AWS::IAM::Role
    Condition: There
    Properties:
      Description: What the function may do.
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]}
      ManagedPolicyArns: !If [Shell, [!Sub "arn:${AWS::Partition}:iam::aws:policy/AmazonSSMManagedInstanceCore", !GetAtt Wiring.Outputs.PolicyArn], [!GetAtt Wiring.Outputs.PolicyArn]]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: [s3:GetObject], Resource: !Sub ["arn:${AWS::Partition}:s3:::${Name}/*", {Name: !Select [0, !Split [",", !Ref Buckets]]}]}
              - !If [Mail, {Effect: Allow, Action: ses:SendEmail, Resource: [!Ref A, !If [B, !Ref B, !Ref AWS::NoValue]]}, !Ref AWS::NoValue]
`

const child = `
Resources:
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement: [{Effect: Allow, Action: ecs:RunTask, Resource: !Sub "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task/*", Condition: {ArnEquals: {"ecs:cluster": [!Ref C, !Ref D]}}}]
Outputs: {PolicyArn: {Value: !Ref Policy}}
`

func files(t testing.TB, parent, child string) []roles.File {
	t.Helper()
	var out []roles.File
	for _, f := range [][2]string{{"template.yaml", parent}, {"wiring.yaml", child}} {
		parsed, err := template.Parse([]byte(f[1]))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, roles.File{Name: f[0], Template: parsed})
	}
	return out
}

func TestReadTellsAllOfARole(t *testing.T) {
	all, err := roles.Read(files(t, parent, child))
	if err != nil || len(all) != 2 {
		t.Fatalf("got %v, %v", all, err)
	}
	r := all[0]
	if r.Kind != roles.Function || r.Condition != "There" || !slices.Equal(r.Of, []string{"Function"}) {
		t.Errorf("got %+v", r)
	}
	if want := []string{"ecs:RunTask", "s3:GetObject", "ses:SendEmail"}; !slices.Equal(r.Actions(), want) {
		t.Errorf("got %v, want %v", r.Actions(), want)
	}
	if !slices.Equal(all[1].Actions(), []string{"lambda:InvokeFunction"}) || all[1].ID != "FunctionMinuteRole" {
		t.Errorf("the role of the schedule: got %+v", all[1])
	}
	page := string(roles.Page(all))
	for _, want := range []string{
		"AmazonSSMManagedInstanceCore.html), when Shell", "`s3:${Name of Buckets}/*`", "`${A}`<br>`${B}`, when B", "when Mail",
		"| `ecs:RunTask` | `ecs:task/*` | `ecs:cluster ArnEquals ${C} or ${D}` | `wiring.yaml` |",
		"s0([lambda.amazonaws.com])", "ecs, s3, ses",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestReadRefusesWhatItCannotShow(t *testing.T) {
	for name, tc := range map[string]struct{ old, new, want string }{
		"a role that nobody describes":          {"      Description: What the function may do.\n", "", "no Description"},
		"a service of which nothing is known":   {"Service: lambda.amazonaws.com", "Service: batch.amazonaws.com", "nothing is known"},
		"a role that another account assumes":   {"Service: lambda.amazonaws.com", "AWS: \"*\"", "assumed by something else"},
		"a policy that is somewhere else":       {"!GetAtt Wiring.Outputs.PolicyArn]]", "\"arn:aws:iam::111122223333:policy/mine\"]]", "neither AWS's own"},
		"an output that the nested one lacks":   {"!GetAtt Wiring.Outputs.PolicyArn]]", "!GetAtt Wiring.Outputs.Other]]", "neither AWS's own"},
		"a statement that denies":               {"{Effect: Allow, Action: [s3:GetObject]", "{Effect: Deny, Action: [s3:GetObject]", "allows nothing"},
		"a statement of everything but actions": {"Action: [s3:GetObject]", "NotAction: [s3:GetObject]", "allows nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(parent, tc.old) {
				t.Fatalf("there is no %q to change", tc.old)
			}
			_, err := roles.Read(files(t, strings.Replace(parent, tc.old, tc.new, 1), child))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
