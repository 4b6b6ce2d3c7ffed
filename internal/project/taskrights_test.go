package project_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/internal/template"
)

// operations are the calls of the reference containers, with the rights that each needs. ListBucket is why a missing
// object is told as missing, and not as forbidden; GetObjectVersion is GetObject of one version.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
var operations = map[string][]string{
	"GetObject": {"s3:GetObject", "s3:ListBucket"}, "PutObject": {"s3:PutObject"}, "ListObjectsV2": {"s3:ListBucket"}, "NewListObjectsV2Paginator": {"s3:ListBucket"},
	"HeadObject": {"s3:GetObject"}, "DeleteObject": {"s3:DeleteObject"}, "CopyObject": {"s3:GetObject", "s3:PutObject"},
	"ReceiveMessage": {"sqs:ReceiveMessage"}, "DeleteMessage": {"sqs:DeleteMessage"}, "DeleteMessageBatch": {"sqs:DeleteMessage"},
	"ChangeMessageVisibility": {"sqs:ChangeMessageVisibility"}, "ChangeMessageVisibilityBatch": {"sqs:ChangeMessageVisibility"},
	"SendMessage": {"sqs:SendMessage"}, "GetQueueAttributes": {"sqs:GetQueueAttributes"},
}

// spoken are words in the source that stand for calls without an operation of the SDK. The agent asks for the protection of
// a task with the rights of the task.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
var spoken = map[string][]string{
	"VersionId =":             {"s3:GetObjectVersion"},
	`"task-protection", "v1"`: {"ecs:UpdateTaskProtection"},
}

// TestContainersMayDoWhatTheyCall holds the task role of each reference container to its source: no more, no fewer.
func TestContainersMayDoWhatTheyCall(t *testing.T) {
	s, err := source(t).parse()
	if err != nil {
		t.Fatal(err)
	}
	for role, folders := range map[string][]string{
		"ObjectProcessorRole": {"tasks/object-processor"}, "HourlyBatchRole": {"tasks/hourly-batch"}, "QueueWorkerRole": {"tasks/queue-worker", "worker"},
	} {
		t.Run(role, func(t *testing.T) {
			var want []string
			for _, folder := range folders {
				want = append(want, called(t, folder)...)
			}
			var got []string
			for _, st := range statements(s.resource(role)) {
				got = append(got, st.actions...)
			}
			slices.Sort(want)
			slices.Sort(got)
			want, got = slices.Compact(want), slices.Compact(got)
			if !slices.Equal(got, want) {
				t.Errorf("may do %v, and the code calls %v", got, want)
			}
		})
	}
}

// called are the rights that the code of a folder needs.
func called(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file) //nolint:gosec // our own
		if err != nil {
			t.Fatal(err)
		}
		for word, actions := range spoken {
			if strings.Contains(string(text), word) {
				out = append(out, actions...)
			}
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if selected, ok := call.Fun.(*ast.SelectorExpr); ok {
					out = append(out, operations[selected.Sel.Name]...)
				}
			}
			return true
		})
	}
	return out
}

// TestEveryRoleSaysWhatItIsFor is of every template.
func TestEveryRoleSaysWhatItIsFor(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "templates", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	roles := 0
	for _, file := range append(files, filepath.Join(root, "template.yaml"), filepath.Join(root, "wiring.yaml")) {
		text, err := os.ReadFile(file) //nolint:gosec // our own
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := template.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, id := range template.Names(parsed, "AWS::IAM::Role", "AWS::IAM::ManagedPolicy") {
			roles++
			if template.At(parsed.Section("Resources")[id], "Properties", "Description") == nil {
				t.Errorf("%s: %s has no Description", file, id)
			}
		}
	}
	if roles < 14 {
		t.Errorf("%d roles are found: that cannot be all", roles)
	}
}
