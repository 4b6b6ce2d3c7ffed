package project_test

import (
	"fmt"
	"go/ast"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/internal/roles"
	"slipway/internal/template"
)

// roleFiles are the templates of the project.
func roleFiles(t testing.TB) []roles.File {
	t.Helper()
	companions, err := filepath.Glob(filepath.Join(root, "templates", "*.yaml"))
	if err != nil || len(companions) == 0 {
		t.Fatalf("list the companion stacks: %v", err)
	}
	names := []string{"template.yaml", "wiring.yaml"}
	for _, name := range companions {
		names = append(names, "templates/"+filepath.Base(name))
	}
	var out []roles.File
	for _, name := range names {
		parsed, err := template.Parse([]byte(read(t, name)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, roles.File{Name: name, Template: parsed})
	}
	return out
}

func TestThePageOfTheRolesIsCurrent(t *testing.T) {
	all, err := roles.Read(roleFiles(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, "docs", "guide", "iam.md"); got != string(roles.Page(all)) {
		t.Error("docs/guide/iam.md does not show the roles of the templates: run make generate")
	}
}

// requirement is what the code behind a role calls.
type requirement struct {
	actions []string
	because string // the page of AWS, or where the code is
}

// agent is what the ECS agent calls on every kind of instance, by the policies that AWS has for it.
var agent = []string{
	"ecs:DiscoverPollEndpoint", "ecs:Poll", "ecs:RegisterContainerInstance", "ecs:StartTelemetrySession",
	"ecs:SubmitAttachmentStateChanges", "ecs:SubmitTaskStateChange",
}

// required are the roles whose code is AWS's own, or an image of somebody else. All others follow from code of this
// project, or from a task definition.
var required = map[string]requirement{
	"templates/ec2-capacity.yaml: InstanceRole": {
		append([]string{"ecs:SubmitContainerStateChange", "ecs:UpdateContainerInstancesState"}, agent...),
		"https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEC2ContainerServiceforEC2Role.html",
	},
	"templates/managed-instances.yaml: InstanceRole": {
		append([]string{"ecs:PutSystemLogEvents"}, agent...),
		"https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSInstanceRolePolicyForManagedInstances.html",
	},
	"templates/managed-instances.yaml: InfrastructureRole": {
		[]string{
			"ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:CreateLaunchTemplateVersion", "ec2:CreateTags", "ec2:DescribeAvailabilityZones",
			"ec2:DescribeInstanceTypeOfferings", "ec2:DescribeInstanceTypes", "ec2:DescribeInstances", "ec2:DescribeLaunchTemplates",
			"ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs", "ec2:ModifyLaunchTemplate",
			"ec2:RunInstances", "iam:CreateServiceLinkedRole", "iam:PassRole",
		},
		"https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSInfrastructureRolePolicyForManagedInstances.html",
	},
	"templates/anywhere.yaml: MachineRole": {
		append([]string{"ecs:SubmitContainerStateChange"}, agent...), "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/iam-role-ecsanywhere.html",
	},
	"templates/anywhere.yaml: TaskRole":    {nil, "its image calls nothing"},
	"templates/web-service.yaml: TaskRole": {nil, "its image calls nothing"},
}

// starting is what ECS calls to start a task whose image may be in ECR.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
var starting = []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer"}

// programs are the folders whose calls are those of a task, by its role.
var programs = map[string][]string{
	"ObjectProcessorRole": {"tasks/object-processor"},
	"HourlyBatchRole":     {"tasks/hourly-batch"},
	"QueueWorkerRole":     {"tasks/queue-worker", "worker"},
}

// requirementOf is what a role must be able to do, no more and no less. It is false for a role that nothing is known of.
func requirementOf(t testing.TB, files []roles.File, r roles.Role) (requirement, bool) {
	t.Helper()
	switch r.Kind {
	case roles.Function:
		return requirement{slices.Concat(uses[r.Of[0]]...), "the adapters that the function links"}, len(r.Of) == 1
	case roles.Scheduler:
		return requirement{[]string{"lambda:InvokeFunction"}, "https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html"}, true
	case roles.Execution:
		return requirement{startingOf(files, r), "its task definition"}, true
	}
	if folders, ok := programs[r.ID]; ok && r.File == "template.yaml" {
		var actions []string
		for _, folder := range folders {
			actions = append(actions, callsOf(t, filepath.Join(root, folder))...)
		}
		return requirement{actions, strings.Join(folders, ", ")}, true
	}
	known, ok := required[r.String()]
	return known, ok
}

// startingOf is what ECS calls to start the task definitions that have an execution role.
func startingOf(files []roles.File, r roles.Role) []string {
	actions := slices.Clone(starting)
	for _, f := range files {
		if f.Name != r.File {
			continue
		}
		for _, id := range r.Of {
			for _, c := range template.List(template.At(f.Template.Section("Resources")[id], "Properties", "ContainerDefinitions")) {
				if template.At(c, "LogConfiguration", "LogDriver") == "awslogs" {
					actions = append(actions, "logs:CreateLogStream", "logs:PutLogEvents")
				}
				if template.At(c, "Secrets") != nil {
					actions = append(actions, "secretsmanager:GetSecretValue")
				}
			}
		}
	}
	return actions
}

// differences is what a role may do and need not, and the other way round.
func differences(r roles.Role, want requirement) []string {
	var out []string
	for _, a := range r.Actions() {
		if !slices.Contains(want.actions, a) {
			out = append(out, fmt.Sprintf("%s may do %s, which nothing behind it calls (%s)", r, a, want.because))
		}
	}
	for _, a := range slices.Compact(slices.Sorted(slices.Values(want.actions))) {
		if !slices.Contains(r.Actions(), a) {
			out = append(out, fmt.Sprintf("%s may not do %s, which it needs (%s)", r, a, want.because))
		}
	}
	return out
}

func TestEachRoleMayDoWhatTheCodeBehindItCallsAndNothingMore(t *testing.T) {
	files := roleFiles(t)
	all, err := roles.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range all {
		seen[r.String()] = true
		want, known := requirementOf(t, files, r)
		if !known {
			t.Errorf("%s: nothing says what it needs: name its program in programs, or the page of AWS in required", r)
			continue
		}
		for _, d := range differences(r, want) {
			t.Error(d)
		}
	}
	for name, of := range required {
		if !seen[name] {
			t.Errorf("%s is required by %s, and there is no such role", name, of.because)
		}
	}
}

// TestAnActionTooManyOrTooFewIsFound takes each action from each role, and gives it another one.
func TestAnActionTooManyOrTooFewIsFound(t *testing.T) {
	files := roleFiles(t)
	all, err := roles.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		want, _ := requirementOf(t, files, r)
		more := r
		more.Statements = append(slices.Clone(r.Statements), roles.Statement{Actions: []string{"s3:DeleteObject"}})
		if len(differences(more, want)) != 1 {
			t.Errorf("%s: nobody notices that it may delete objects", r)
		}
		for _, action := range r.Actions() {
			less := r
			less.Statements = nil
			for _, s := range r.Statements {
				s.Actions = slices.DeleteFunc(slices.Clone(s.Actions), func(a string) bool { return a == action })
				less.Statements = append(less.Statements, s)
			}
			if len(differences(less, want)) != 1 {
				t.Errorf("%s: nobody notices that it may not do %s", r, action)
			}
		}
	}
}

// callsOf are the actions that the calls in a folder of a program need.
func callsOf(t testing.TB, folder string) []string {
	t.Helper()
	var out []string
	for _, s := range selectors(t, folder) {
		out = append(out, callOf(s)...)
	}
	return out
}

// callOf is what a selector of a program asks AWS for: client.Operation of S3, Queue.Operation of SQS, the version of an
// object, a list, or the agent's endpoint for task protection.
func callOf(s *ast.SelectorExpr) []string {
	if of, ok := s.X.(*ast.SelectorExpr); ok {
		switch of.Sel.Name {
		case "client":
			if action := "s3:" + s.Sel.Name; s.Sel.Name != "Do" { // of a client of HTTP
				return append(slices.Clone(implied[action]), action)
			}
		case "Queue":
			return []string{"sqs:" + s.Sel.Name}
		}
	}
	of, _ := s.X.(*ast.Ident)
	switch {
	case s.Sel.Name == "VersionId" && of != nil && of.Name == "in":
		return []string{"s3:GetObjectVersion"}
	case s.Sel.Name == "NewListObjectsV2Paginator":
		return []string{"s3:ListBucket"}
	case s.Sel.Name == "MethodPut":
		return []string{"ecs:UpdateTaskProtection"}
	case s.Sel.Name == "MethodGet":
		return []string{"ecs:GetTaskProtection"}
	}
	return nil
}
