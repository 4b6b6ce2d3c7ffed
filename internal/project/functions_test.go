package project_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"slipway/internal/cloud/ecs"
	"slipway/internal/cloud/eventbridge"
	"slipway/internal/cloud/logs"
	"slipway/internal/cloud/s3"
	"slipway/internal/cloud/ses"
	"slipway/internal/cloud/sns"
	"slipway/internal/cloud/sqs"
	"slipway/internal/config"
	"slipway/internal/ledger"
)

func functionsRun(s stack, p *problems) {
	globals := at(s.root, "Globals", "Function")
	for key, want := range map[string]string{"Runtime": "provided.al2023", "Handler": "bootstrap", "CodeUri": "."} {
		if got := at(globals, key); got != want {
			p.add("Globals: %s = %v, want %s", key, got, want)
		}
	}
	if a := many(at(globals, "Architectures")); len(a) != 1 || refers(a[0]) != "Architecture" {
		p.add("Globals: Architectures = %v, want the parameter Architecture", a)
	}
	var ids []config.Function
	for _, f := range s.functions() {
		ids = append(ids, config.Function(f.id))
		for _, key := range []string{"Runtime", "Handler", "Architectures", "CodeUri"} {
			if f.get(key) != nil {
				p.add("%s: leave %s to Globals, so that all functions are alike", f, key)
			}
		}
		if got := at(f.body, "Metadata", "BuildMethod"); got != "makefile" {
			p.add("%s: BuildMethod = %v, want makefile: the others ship stale code", f, got)
		}
		for key, allowed := range map[string][]string{
			"LogFormat": {"JSON"}, "ApplicationLogLevel": {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}, "SystemLogLevel": {"DEBUG", "INFO", "WARN"},
		} {
			if got, _ := f.get("LoggingConfig", key).(string); !slices.Contains(allowed, got) {
				p.add("%s: %s = %q, want one of %v", f, key, got, allowed)
			}
		}
		folderIsBuilt(f.id, p)
	}
	want := config.Functions()
	if slices.Sort(ids); !slices.Equal(ids, slices.Sorted(slices.Values(want))) {
		p.add("functions = %v, want those of package config: %v", ids, want)
	}
}

// folderIsBuilt checks that the Makefile builds a function from a folder that is there.
func folderIsBuilt(id string, p *problems) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		p.add("%v", err)
		return
	}
	found := regexp.MustCompile(`(?m)^FOLDER_` + id + ` := (\S+)$`).FindSubmatch(makefile)
	if found == nil {
		p.add("the Makefile has no FOLDER_%s", id)
		return
	}
	if _, err := os.Stat(filepath.Join(root, "functions", string(found[1]), "main.go")); err != nil {
		p.add("FOLDER_%s: %v", id, err)
	}
}

// longest is the time after which the ledger takes a function for dead, in seconds.
const longest = 120

func functionsAreInvoked(s stack, p *problems) {
	scheduled := 0
	for _, f := range s.functions() {
		timeout, _ := f.get("Timeout").(int)
		if timeout < 1 || timeout > longest {
			p.add("%s: Timeout = %v, want at most %d: the ledger takes longer for dead", f, f.get("Timeout"), longest)
		}
		events, _ := f.get("Events").(object)
		for _, name := range slices.Sorted(maps.Keys(events)) {
			switch kind := at(events[name], "Type"); kind {
			case "SQS":
				queueFits(s, f, at(events[name], "Properties"), timeout, p)
			case "ScheduleV2":
				scheduled++
				scheduleFits(f, at(events[name], "Properties"), p)
			default:
				p.add("%s: event %s is of type %v", f, name, kind)
			}
		}
		if len(events) == 0 {
			p.add("%s: nothing invokes it", f)
		}
	}
	if scheduled != 3 {
		p.add("%d functions have a tick, want scheduler, sqs-scaler and lifecycle-notifier", scheduled)
	}
}

func queueFits(s stack, f resource, event any, timeout int, p *problems) {
	queue := s.resource(refers(at(event, "Queue")))
	if visible, _ := queue.get("VisibilityTimeout").(int); visible < 6*timeout {
		p.add("%s: VisibilityTimeout = %d, want at least six times the timeout of %s: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html", queue, visible, f.id)
	}
	if got := words(at(event, "FunctionResponseTypes")); !slices.Equal(got, []string{"ReportBatchItemFailures"}) {
		p.add("%s: FunctionResponseTypes = %v: one bad message would bring its batch back", f, got)
	}
	most, _ := at(event, "ScalingConfig", "MaximumConcurrency").(int)
	if most < 2 || most > 50 {
		p.add("%s: MaximumConcurrency = %d, want a bound", f, most)
	}
	if assumed, ok := instances(f.id); ok && assumed != most {
		p.add("%s: MaximumConcurrency = %d, but its code shares the quota among %d instances", f, most, assumed)
	}
	receives, _ := queue.get("RedrivePolicy", "maxReceiveCount").(int)
	if got := f.get("Environment", "Variables", "SLIPWAY_MAX_RECEIVES"); got != strconv.Itoa(receives) {
		p.add("%s: SLIPWAY_MAX_RECEIVES = %v, but %s has maxReceiveCount %d", f, got, queue, receives)
	}
}

// instances is how many of a function its code expects at once, when it says so.
func instances(id string) (int, bool) {
	files, _ := filepath.Glob(filepath.Join(root, "functions", folders[id], "*.go"))
	for _, file := range files {
		text, _ := os.ReadFile(file) //nolint:gosec // our own file
		if m := regexp.MustCompile(`(?m)^const instances = (\d+)`).FindSubmatch(text); m != nil {
			n, err := strconv.Atoi(string(m[1]))
			return n, err == nil
		}
	}
	return 0, false
}

var folders = map[string]string{
	"S3TriggerFunction": "s3-trigger", "SchedulerFunction": "scheduler", "SqsScalerFunction": "sqs-scaler", "LifecycleNotifierFunction": "lifecycle-notifier",
}

func scheduleFits(f resource, event any, p *problems) {
	if got := at(event, "ScheduleExpression"); got != "rate(1 minute)" {
		p.add("%s: its tick is %v, want rate(1 minute)", f, got)
	}
	for _, of := range []struct {
		what string
		v    any
	}{{"EventInvokeConfig", f.get("EventInvokeConfig")}, {"RetryPolicy of its schedule", at(event, "RetryPolicy")}} {
		if at(of.v, "MaximumRetryAttempts") != 0 || at(of.v, "MaximumEventAgeInSeconds") != 60 {
			p.add("%s: %s = %v, want no retry and 60 seconds: the next minute is the retry", f, of.what, of.v)
		}
	}
}

// lambdas are variables that Lambda or Go reads, and not package config.
var lambdas = []string{"SSL_CERT_DIR", "GOGC"}

func functionsGetTheirEnvironment(s stack, p *problems) {
	global, _ := at(s.root, "Globals", "Function", "Environment", "Variables").(object)
	for _, name := range lambdas {
		if global[name] == nil {
			p.add("Globals: %s is not set: a cold start searches folders that Lambda does not have, or collects garbage", name)
		}
	}
	for _, f := range s.functions() {
		given := maps.Clone(global)
		own, _ := f.get("Environment", "Variables").(object)
		maps.Copy(given, own)
		var want []string
		for _, v := range config.VariablesOf(config.Function(f.id)) {
			want = append(want, v.Name)
			if given[v.Name] == nil {
				p.add("%s: %s is not set, which its code reads: %s", f, v.Name, v.Doc)
			}
		}
		for name := range given {
			if !slices.Contains(want, name) && !slices.Contains(lambdas, name) {
				p.add("%s: %s is set, and its code does not read it", f, name)
			}
		}
	}
}

func functionsGetTheirValues(s stack, p *problems) {
	sub := many(at(s.root, "Globals", "Function", "Environment", "Variables", "SLIPWAY_VALUES", "Fn::Sub"))
	if len(sub) != 2 {
		p.add("Globals: SLIPWAY_VALUES = %v, want Fn::Sub with its values", sub)
		return
	}
	text, _ := sub[0].(string)
	var given map[string]string
	if err := json.Unmarshal([]byte(placeholder.ReplaceAllString(text, "x")), &given); err != nil {
		p.add("Globals: SLIPWAY_VALUES is no JSON object of texts: %v", err)
		return
	}
	var want []string
	for _, v := range config.Values() {
		want = append(want, v.Name)
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(given)); !slices.Equal(got, want) {
		p.add("Globals: SLIPWAY_VALUES gives %v, want what package config lists: %v", got, want)
	}
	inner, _ := sub[1].(object)
	parameters, _ := s.root["Parameters"].(object)
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		if inner[m[1]] == nil && parameters[m[1]] == nil {
			p.add("Globals: SLIPWAY_VALUES uses ${%s}, which nothing gives", m[1])
		}
	}
}

// What Lambda itself calls in a function's name.
var (
	logging   = []string{"logs:CreateLogStream", "logs:PutLogEvents"}
	tracing   = []string{"xray:PutTelemetryRecords", "xray:PutTraceSegments"}
	consuming = []string{"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
)

// uses are the adapters that each function calls, with the actions that they document.
var uses = map[string][][]string{
	"S3TriggerFunction":         {logging, tracing, consuming, ledger.Actions, ecs.LaunchActions, sqs.SendActions, s3.PutActions},
	"SchedulerFunction":         {logging, tracing, ledger.Actions, ecs.LaunchActions, ecs.ReconcileActions, s3.PutActions, s3.GetActions},
	"SqsScalerFunction":         {logging, tracing, ledger.Actions, ecs.ScaleActions, sqs.DepthActions},
	"LifecycleNotifierFunction": {logging, tracing, consuming, ledger.Actions, sqs.SendActions, sqs.DepthActions, sqs.PeekActions, eventbridge.Actions, logs.Actions, ses.Actions, sns.Actions, s3.GetActions},
}

// onDemand are the actions that a function may do only when a job of slipway.yaml has a policy that needs them, beside
// those that the shipped one needs.
var onDemand = map[string][]string{
	"S3TriggerFunction":         {"ecs:StopTask", "ecs:TagResource"},
	"SchedulerFunction":         {"ecs:TagResource"},
	"SqsScalerFunction":         nil,
	"LifecycleNotifierFunction": nil,
}

// actionsOf are what a function may do, each once.
func (s stack) actionsOf(f resource) []string {
	var out []string
	for _, st := range s.statementsOf(f) {
		out = append(out, st.actions...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func functionsMayDoTheirs(s stack, p *problems) {
	for _, f := range s.functions() {
		want := slices.Concat(uses[f.id]...)
		slices.Sort(want)
		want = slices.Compact(want)
		got := s.actionsOf(f)
		for _, a := range want {
			if !slices.Contains(got, a) {
				p.add("%s may not do %s, which an adapter of its needs", f, a)
			}
		}
		for _, a := range got {
			if !slices.Contains(want, a) {
				p.add("%s may do %s, and no adapter of its says that it is needed", f, a)
			}
		}
	}
}

// statementsOf are those of the role of a function, and of the policies of the wiring that are attached to it.
func (s stack) statementsOf(f resource) []statement {
	role := s.resource(refers(f.get("Role")))
	all := statements(role)
	for _, attached := range many(role.get("ManagedPolicyArns")) {
		a, _ := at(attached, "Fn::GetAtt").([]any)
		if len(a) != 2 || a[0] != "Wiring" {
			continue
		}
		name, _ := a[1].(string)
		policy := refers(at(s.wiring, "Outputs", strings.TrimPrefix(name, "Outputs."), "Value"))
		for _, r := range s.resources("AWS::IAM::ManagedPolicy") {
			if r.id == policy {
				all = append(all, statements(r)...)
			}
		}
	}
	return all
}
