package project_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/internal/cloud/ecs"
	"slipway/internal/cloud/eventbridge"
	"slipway/internal/cloud/logs"
	"slipway/internal/cloud/s3"
	"slipway/internal/cloud/ses"
	"slipway/internal/cloud/sns"
	"slipway/internal/cloud/sqs"
	"slipway/internal/ledger"
)

// adapters are the packages that call AWS from functions: IAM's word for the service, and the actions they document.
var adapters = map[string]struct {
	service string
	actions []string
}{
	"internal/ledger":            {"dynamodb", ledger.Actions},
	"internal/cloud/ecs":         {"ecs", slices.Concat(ecs.LaunchActions, ecs.ReconcileActions, ecs.ScaleActions)},
	"internal/cloud/eventbridge": {"events", eventbridge.Actions},
	"internal/cloud/logs":        {"logs", logs.Actions},
	"internal/cloud/s3":          {"s3", slices.Concat(s3.PutActions, s3.GetActions)},
	"internal/cloud/ses":         {"ses", ses.Actions},
	"internal/cloud/sns":         {"sns", sns.Actions},
	"internal/cloud/sqs":         {"sqs", slices.Concat(sqs.SendActions, sqs.DepthActions, sqs.PeekActions, sqs.RedriveActions, sqs.LookActions)},
}

// implied are actions that are asked for without a call of that name.
var implied = map[string][]string{
	"ecs:RunTask":  {"iam:PassRole"},
	"s3:GetObject": {"s3:ListBucket"}, // without it a missing object looks like a missing right
}

// TestAdaptersDocumentWhatTheyCall holds each Actions to the calls in the source of its package, since the templates
// are held to Actions.
func TestAdaptersDocumentWhatTheyCall(t *testing.T) {
	for folder, a := range adapters {
		t.Run(folder, func(t *testing.T) {
			want := actionsOf(t, filepath.Join(root, folder), a.service)
			got := slices.Compact(slices.Sorted(slices.Values(a.actions)))
			if !slices.Equal(got, want) {
				t.Errorf("documents %v, and calls %v", got, want)
			}
		})
	}
}

// actionsOf are the actions that the calls of `….client.Operation(…)` in a folder need.
func actionsOf(t *testing.T, folder, service string) []string {
	t.Helper()
	var out []string
	for _, s := range selectors(t, folder) {
		out = append(out, actionOf(s, service)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// selectors are the selectors, such as client.Operation, of the program in a folder, without its tests.
func selectors(t testing.TB, folder string) []*ast.SelectorExpr {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no program: %v", folder, err)
	}
	var out []*ast.SelectorExpr
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				out = append(out, s)
			}
			return true
		})
	}
	return out
}

func actionOf(s *ast.SelectorExpr, service string) []string {
	switch of := s.X.(type) {
	case *ast.SelectorExpr: // x.client.Operation
		// A transaction needs the rights of what is in it, which its types say.
		if of.Sel.Name == "client" && s.Sel.Name != "TransactWriteItems" {
			action := service + ":" + strings.TrimSuffix(s.Sel.Name, "Batch") // a batch of calls needs the right of one
			return append(slices.Clone(implied[action]), action)
		}
	case *ast.Ident: // types.Put, in a transaction
		if of.Name == "types" && service == "dynamodb" {
			return map[string][]string{
				"Put": {"dynamodb:PutItem"}, "Update": {"dynamodb:UpdateItem"}, "Delete": {"dynamodb:DeleteItem"},
				"ConditionCheck": {"dynamodb:ConditionCheckItem"},
			}[s.Sel.Name]
		}
	}
	return nil
}
