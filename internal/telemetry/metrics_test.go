package telemetry_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
	"time"

	"slipway/internal/telemetry"
)

func TestEmit(t *testing.T) {
	var out bytes.Buffer
	m := telemetry.NewMetrics(&out, "example", func() time.Time { return time.UnixMilli(1772366400123) })
	m.Emit("images", map[telemetry.Metric]int{telemetry.RunsStarted: 3, telemetry.StartSeconds: 2, "Unknown": 1})
	m.Emit("images", nil)
	want := `{"Job":"images","RunsStarted":3,"Stack":"example","StartSeconds":2,"_aws":{` +
		`"CloudWatchMetrics":[{"Dimensions":[["Stack","Job"]],"Metrics":[{"Name":"RunsStarted","Unit":"Count"},` +
		`{"Name":"StartSeconds","Unit":"Seconds"}],"Namespace":"Slipway"}],` +
		`"Timestamp":1772366400123}}` + "\n"
	if got := out.String(); got != want {
		t.Errorf("wrote %s\nwant  %s", got, want)
	}
}

// TestEveryMetricIsDefined reads the constants from the source: one that Definitions does not list is never written.
func TestEveryMetricIsDefined(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "definitions.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	defined := map[string]int{}
	for _, d := range telemetry.Definitions() {
		defined[string(d.Metric)]++
		if !strings.HasSuffix(d.Doc, ".") || d.By == "" || d.Dimension == "" {
			t.Errorf("metric %s is not described: %+v", d.Metric, d)
		}
		if want := map[bool]string{true: "Seconds", false: "Count"}[strings.HasSuffix(string(d.Metric), "Seconds")]; d.Unit != want {
			t.Errorf("metric %s has the unit %s, want %s, as its name says", d.Metric, d.Unit, want)
		}
	}
	constants := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Metric" {
			constants++
			if name := spec.Names[0].Name; defined[name] != 1 {
				t.Errorf("Definitions lists %s %d times, want once", name, defined[name])
			}
		}
		return true
	})
	if constants != len(defined) {
		t.Errorf("%d constants and %d definitions", constants, len(defined))
	}
}

func TestMetricsOfTwoDimensionsAreTwoLines(t *testing.T) {
	var out bytes.Buffer
	m := telemetry.NewMetrics(&out, "example", time.Now)
	m.Emit("x", map[telemetry.Metric]int{telemetry.RunsStarted: 1, telemetry.Ticks: 1})
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `"Function":"x"`) || strings.Contains(lines[0], "RunsStarted") || !strings.Contains(lines[1], `"Job":"x"`) {
		t.Errorf("wrote %q", lines)
	}
}
