package project_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"slipway/internal/telemetry"
)

// TestEveryMetricIsWritten finds in the code of functions and orchestrator each metric that is defined: by its constant,
// or by its name where the orchestrator, which knows nothing of telemetry, counts it.
func TestEveryMetricIsWritten(t *testing.T) {
	written, named := map[string]bool{}, map[string]bool{}
	for _, dir := range []string{"functions", "internal/orchestrator"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					if x, ok := n.X.(*ast.Ident); ok && x.Name == "telemetry" {
						written[n.Sel.Name] = true
					}
				case *ast.CallExpr:
					if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "counted" {
						if name, ok := n.Args[0].(*ast.BasicLit); ok {
							text, _ := strconv.Unquote(name.Value)
							named[text] = true
						}
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range telemetry.Definitions() {
		if !written[string(d.Metric)] && !named[string(d.Metric)] {
			t.Errorf("nobody writes metric %s", d.Metric)
		}
		delete(named, string(d.Metric))
	}
	for name := range named {
		t.Errorf("the orchestrator counts %q, which is no metric", name)
	}
}
