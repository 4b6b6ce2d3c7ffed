package project_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"slipway/internal/telemetry"
)

// unseen are the metrics that the dashboard leaves out, because somebody who looks for them looks for a number, not for
// a course.
var unseen = []telemetry.Metric{
	telemetry.ObjectsUnmatched, telemetry.TasksObserved, telemetry.EventsIgnored, telemetry.EventsForeign,
	telemetry.NoticesUnconfirmed, telemetry.Ticks, telemetry.ScalingDecisions,
}

// widget is what the dashboard has of one.
type widget struct {
	Type          string
	X, Y          int
	Width, Height int
	Properties    struct {
		Title, Region, View string
		Metrics             [][]any
	}
}

var searched = regexp.MustCompile(`^(?:SUM\()?SEARCH\('\{Slipway,Stack,(\w+)\} Stack="\$\{AWS::StackName\}" MetricName="(\w+)"', '(Sum|Maximum|p50|p99)'\)\)?$`)

// dashboardShowsMetrics compares the dashboard with the metrics that the functions write, both ways.
func dashboardShowsMetrics(s stack, p *problems) {
	r := s.resource("Dashboard")
	if r.body["Condition"] != "WithDashboard" {
		p.add("%s: Condition = %v: an account's fourth dashboard costs money", r, r.body["Condition"])
	}
	text, _ := r.get("DashboardBody", "Fn::Sub").(string)
	var body struct{ Widgets []widget }
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		p.add("%s: %v", r, err)
		return
	}
	shown := map[telemetry.Metric]bool{}
	for i, w := range body.Widgets {
		if w.Type != "metric" || w.Properties.Title == "" || w.Properties.Region != "${AWS::Region}" || len(w.Properties.Metrics) == 0 {
			p.add("%s: widget %d shows nothing, or of another region: %+v", r, i, w)
		}
		for _, other := range body.Widgets[:i] {
			if w.X < other.X+other.Width && other.X < w.X+w.Width && w.Y < other.Y+other.Height && other.Y < w.Y+w.Height {
				p.add("%s: %q lies on %q", r, w.Properties.Title, other.Properties.Title)
			}
		}
		for _, m := range w.Properties.Metrics {
			metricIsThere(s, w, m, shown, p)
		}
	}
	for _, d := range telemetry.Definitions() {
		if shown[d.Metric] == slices.Contains(unseen, d.Metric) {
			p.add("%s: %s is shown: %t, want otherwise", r, d.Metric, shown[d.Metric])
		}
	}
}

// metricIsThere checks one line of a widget: a search for a metric of ours, or a metric of AWS of a resource of ours.
func metricIsThere(s stack, w widget, line []any, shown map[telemetry.Metric]bool, p *problems) {
	if expression, ok := at(line[0], "expression").(string); ok {
		found := searched.FindStringSubmatch(expression)
		if found == nil {
			p.add("%q: %s is not understood", w.Properties.Title, expression)
			return
		}
		i := slices.IndexFunc(telemetry.Definitions(), func(d telemetry.Definition) bool { return string(d.Metric) == found[2] })
		if i < 0 || string(telemetry.Definitions()[i].Dimension) != found[1] {
			p.add("%q: nobody writes %s by %s", w.Properties.Title, found[2], found[1])
			return
		}
		shown[telemetry.Metric(found[2])] = true
		return
	}
	if len(line) != 5 {
		p.add("%q: %v is not understood", w.Properties.Title, line)
		return
	}
	known := map[string]string{"AWS/SQS QueueName": "AWS::SQS::Queue", "AWS/Lambda FunctionName": "AWS::Serverless::Function"}
	id := strings.TrimSuffix(strings.Trim(fmt.Sprint(line[3]), "${}"), ".QueueName")
	if kind := known[fmt.Sprint(line[0], " ", line[2])]; kind == "" || s.resource(id).kind != kind {
		p.add("%q: %v is of no resource of the stack", w.Properties.Title, line)
	}
}

var (
	quotedMessage = regexp.MustCompile(`message = "([^"]+)"`)
	queryWord     = regexp.MustCompile("`?[@A-Za-z]+`?")
)

// queryWords are those of the query language, and what a query names itself.
var queryWords = []string{
	"fields", "filter", "stats", "sort", "limit", "by", "as", "asc", "desc", "and", "in", "count", "latest", "bin", "h",
	"times", "last", "example", "attempts", "launches", "@timestamp", "message", "level", "function", "error",
}

// queriesFitLogs compares the saved queries with what the code logs: every message that one looks for is logged
// somewhere, and every field is a key of a line.
func queriesFitLogs(s stack, p *problems) {
	messages, keys := logged()
	queries := s.resources("AWS::Logs::QueryDefinition")
	if len(queries) < 5 {
		p.add("%d saved queries, want more", len(queries))
	}
	for _, q := range queries {
		if q.body["Condition"] != "WithSavedQueries" {
			p.add("%s: Condition = %v", q, q.body["Condition"])
		}
		if groups := words(q.get("LogGroupNames")); len(groups) != len(s.functions()) {
			p.add("%s reads %d log groups, want that of each function", q, len(groups))
		}
		text, _ := q.get("QueryString").(string)
		for _, m := range quotedMessage.FindAllStringSubmatch(text, -1) {
			if !messages[m[1]] {
				p.add("%s: nobody logs %q", q, m[1])
			}
		}
		text = regexp.MustCompile(`(?m)^#.*$|"[^"]*"`).ReplaceAllString(text, "")
		for _, word := range queryWord.FindAllString(text, -1) {
			if word = strings.Trim(word, "`"); !slices.Contains(queryWords, word) && !keys[word] {
				p.add("%s: no line has the key %q", q, word)
			}
		}
	}
}

// logged are the messages and the keys of the lines that functions and orchestrator log.
var logged = sync.OnceValues(func() (messages, keys map[string]bool) {
	messages, keys = map[string]bool{}, map[string]bool{}
	for _, dir := range []string{"functions", filepath.Join("internal", "orchestrator")} {
		_ = filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				f, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || !strings.HasSuffix(f.Sel.Name, "Context") || len(call.Args) < 2 {
					return true
				}
				for i, a := range call.Args[1:] {
					if text, ok := a.(*ast.BasicLit); ok && text.Kind == token.STRING {
						value, _ := strconv.Unquote(text.Value)
						if i == 0 {
							messages[value] = true
						} else if i%2 == 1 {
							keys[value] = true
						}
					}
				}
				return true
			})
			return nil
		})
	}
	return messages, keys
})

// tracingIsAChoice checks that X-Ray gets traces only when somebody has said so.
func tracingIsAChoice(s stack, p *problems) {
	if got := refers(at(s.root, "Globals", "Function", "Tracing")); got != "Tracing" {
		p.add("Globals: Tracing = %v, want the parameter", got)
	}
	if got := at(s.root, "Parameters", "Tracing", "Default"); got != "PassThrough" {
		p.add("Tracing is %v by default, and X-Ray bills it", got)
	}
	for _, f := range s.functions() {
		conditional := false
		for _, entry := range many(at(many(s.resource(refers(f.get("Role"))).get("Policies"))[0], "PolicyDocument", "Statement")) {
			of, _ := at(entry, "Fn::If").([]any)
			conditional = conditional || len(of) == 3 && of[0] == "WithTracing" && slices.Equal(words(at(of[1], "Action")), tracing)
		}
		if !conditional {
			p.add("%s: the right to send traces is not bound to WithTracing", f)
		}
	}
}
