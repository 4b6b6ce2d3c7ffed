package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/simulate"
)

// decided runs decide on lines, and returns its answers and what it said.
func decided(t *testing.T, want error, f policyFlags, lines ...string) (answers []decisionLine, said string) {
	t.Helper()
	var out, errs bytes.Buffer
	o := &options{world: world{out: &out, err: &errs}}
	if got := o.decide(strings.NewReader(strings.Join(lines, "\n")+"\n"), f); got != want { //nolint:errorlint // compared as it is
		t.Fatalf("decide: %v, want %v", got, want)
	}
	for line := range strings.Lines(out.String()) {
		var a decisionLine
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("answer %q: %v", line, err)
		}
		answers = append(answers, a)
	}
	return answers, errs.String()
}

var usual = policyFlags{latency: time.Minute, high: 50, perTask: 1, scaleIn: "protected"}

func TestDecideAnswersEachLine(t *testing.T) {
	answers, _ := decided(t, nil, usual,
		`{"at":"2027-01-01T00:00:00Z","visible":0,"inFlight":0,"delayed":0,"running":0,"pending":0,"desired":0}`,
		`{"at":"2027-01-01T00:00:05Z","visible":100,"inFlight":0,"delayed":0,"running":0,"pending":0,"desired":0}`,
		"",
		`{"at":"2027-01-01T00:00:10Z","visible":100,"inFlight":0,"delayed":0,"running":0,"pending":30,"desired":30}`,
	)
	if len(answers) != 3 || answers[0] != (decisionLine{0, "empty"}) || answers[1].Desired < 5 || answers[2].Desired < 30 {
		t.Errorf("answers = %+v", answers)
	}
}

func TestDecideHoldsOnWhatIsNoSample(t *testing.T) {
	const good = `{"at":"2027-01-01T00:00:00Z","visible":3,"inFlight":0,"delayed":0,"running":2,"pending":0,"desired":2}`
	for name, tc := range map[string]struct {
		line   string
		reason string
		told   bool
	}{
		"a count is missing":    {`{"at":"2027-01-01T00:00:05Z","inFlight":0,"delayed":0,"running":2,"pending":0,"desired":2}`, "no-reading", false},
		"a count is negative":   {`{"at":"2027-01-01T00:00:05Z","visible":-3,"inFlight":0,"delayed":0,"running":2,"pending":0,"desired":2}`, "impossible-count", false},
		"a count is no integer": {`{"at":"2027-01-01T00:00:05Z","visible":0.5,"inFlight":0,"delayed":0,"running":2,"pending":0,"desired":2}`, "impossible-count", false},
		"a count is absurd":     {`{"at":"2027-01-01T00:00:05Z","visible":1e300,"inFlight":0,"delayed":0,"running":2,"pending":0,"desired":2}`, "impossible-count", false},
		"the clock went back":   {`{"at":"2026-01-01T00:00:05Z","visible":90,"inFlight":0,"delayed":0,"running":2,"pending":0,"desired":2}`, "clock-went-back", false},
		"the time is missing":   {`{"visible":90,"inFlight":0,"delayed":0,"running":2,"pending":0,"desired":2}`, "no-reading", true},
		"it is no JSON":         {`visible=90`, "no-reading", true},
	} {
		t.Run(name, func(t *testing.T) {
			var want error
			if tc.told {
				want = errFound
			}
			answers, said := decided(t, want, usual, good, tc.line)
			if len(answers) != 2 || answers[1].Desired != answers[0].Desired || string(answers[1].Reason) != tc.reason || (said != "") != tc.told {
				t.Errorf("answers = %+v, said %q; want the count held for %s", answers, said, tc.reason)
			}
		})
	}
}

func TestEveryMistakeInTheFlagsIsNamed(t *testing.T) {
	s := newSession(t)
	_, errs := s.run(exitUsage, "decide", "--latency", "0s", "--min", "5", "--max", "2", "--messages-per-task", "0", "--scale-in", "never")
	contains(t, errs, "--latency", "--max", "--messages-per-task", "--scale-in")
	_, errs = s.run(exitUsage, "simulate", "--load", "-1", "--service-law", "none")
	contains(t, errs, "--load", "--service-law", "--trace or a --pattern")
	_, errs = s.run(exitUsage, "simulate", "--pattern", "steady", "--policy", "magic")
	contains(t, errs, `no policy "magic"`, "keda-6")
	_, errs = s.run(exitUsage, "simulate", "--pattern", "lunar")
	contains(t, errs, `no pattern "lunar"`, "on-off")
	_, errs = s.run(exitUsage, "simulate", "--trace", s.path("none.csv"))
	contains(t, errs, "none.csv")
}

func TestSimulate(t *testing.T) {
	s := newSession(t)
	if err := os.WriteFile(s.path("trace.csv"), []byte("time,count\n0,100\n60,40\n120,300\n180,0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := s.run(exitDone, "simulate", "--trace", s.path("trace.csv"), "--load", "5", "--html", s.path("page.html"))
	contains(t, out, "trace.csv, 5 busy tasks: 24", "messages in 4m0s", "slipway-hinted", "keda-6", "target-tracking", "clairvoyant")
	page, err := os.ReadFile(s.path("page.html"))
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(page), "<svg", "trace.csv, 5 busy tasks")

	out, _ = s.run(exitDone, "simulate", "--pattern", "steady", "--for", "20m", "--load", "3", "--policy", "slipway,buildkite", "--json")
	var all []simulate.Comparison
	decode(t, out, &all)
	if len(all) != 1 || len(all[0].Policies) != 2 || all[0].Policies[0].TaskSeconds <= 0 {
		t.Errorf("got %+v", all)
	}
}

func TestCheckLiveRefusesAServiceThatAnotherScales(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"ScalableTargets":[{"ResourceId":"service/mine/worker"}]}`))
	}))
	defer server.Close()
	s := newSession(t)
	s.env["AWS_REGION"], s.env["AWS_ENDPOINT_URL"] = "eu-north-1", server.URL
	s.env["AWS_ACCESS_KEY_ID"], s.env["AWS_SECRET_ACCESS_KEY"] = "test", "test"
	s.world.connect = func(context.Context, string, string) (aws.Config, error) {
		return awsconf.New(func(name string) string { return s.env[name] })
	}
	s.write("version: 1\nscalers:\n  work: {queues: \"${WorkQueueUrl}\", service: \"${ClusterName}/worker\", tasks: {max: 2}, messagesPerTask: 1}\n")
	s.run(exitDone, "check")
	_, errs := s.run(exitProblem, "check", "--live", "--value", "ClusterName=mine")
	contains(t, errs, "scalers.work", "service/mine/worker", "deregister-scalable-target")
	_, errs = s.run(exitUsage, "check", "--live")
	contains(t, errs, "--value ClusterName=", "no stack is named")
	s.env["SLIPWAY_STACK"], s.env["SLIPWAY_RunsTableName"], s.env["SLIPWAY_ClusterName"] = "test", "table", "mine"
	_, errs = s.run(exitProblem, "check", "--live")
	contains(t, errs, "service/mine/worker")
}
