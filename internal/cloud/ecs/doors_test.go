package ecs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/cloud/ecs"
	"slipway/internal/fake"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

// open is an adapter over the fake's HTTP door, with all that it can.
func open(t *testing.T, f *fake.ECS) *ecs.ECS {
	t.Helper()
	return openAt(t, f.Handler(nil))
}

// openAt is an adapter over any handler.
func openAt(t *testing.T, h http.Handler) *ecs.ECS {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // a connection that is cut on purpose is no news
	server.Start()
	t.Cleanup(server.Close)
	cfg, err := awsconf.New(func(name string) string {
		return map[string]string{"AWS_REGION": "eu-north-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	return ecs.New(cfg, &server.URL)
}

// text is a value with its times in UTC, for comparing.
func text(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestBothDoorsTellTheSame asks one fake the same things through its Go door and through the adapter.
func TestBothDoorsTellTheSame(t *testing.T) {
	f := newFake()
	first := fake.Tasks{ECS: f}.Run(t.Context(), request(nil)).Tasks[0]
	second := request(func(d *run.Decision) { d.EphemeralStorage, d.CPU, d.Memory, d.Capacity = 100, 512, 2048, "FARGATE" })
	second.Token, second.Tags = "another", []run.EnvVar{{Name: "job", Value: "images"}}
	if l := (fake.Tasks{ECS: f}).Run(t.Context(), second); len(l.Tasks) != 1 {
		t.Fatalf("launched = %+v", l)
	}
	f.Move(first.ARN, run.StatusRunning)
	if err := (fake.Tasks{ECS: f}).Stop(t.Context(), "work", first.ARN, "enough"); err != nil {
		t.Fatal(err)
	}
	f.End(first.ARN, fake.Ended{Exits: map[string]int{"main": 137}, Reasons: map[string]string{"main": "OutOfMemoryError: Container killed due to memory usage"}})
	for name, ask := range map[string]func(orchestrator.Tasks) (any, error){
		"describe": func(d orchestrator.Tasks) (any, error) {
			arns := []string{first.ARN, "arn:aws:ecs:eu-north-1:111122223333:task/work/0"}
			for i := range 150 { // more than one call takes
				arns = append(arns, fmt.Sprintf("arn:aws:ecs:eu-north-1:111122223333:task/work/%d", i+1))
			}
			found, missing, err := d.Describe(t.Context(), "work", arns)
			return []any{found, missing}, err
		},
		"who started them": func(d orchestrator.Tasks) (any, error) {
			return d.StartedBy(t.Context(), "work", "slipway/stack/images-1/1")
		},
		"whom nobody started":             func(d orchestrator.Tasks) (any, error) { return d.StartedBy(t.Context(), "work", "nobody") },
		"a family":                        func(d orchestrator.Tasks) (any, error) { return d.Definition(t.Context(), "processor") },
		"a definition that is not there":  func(d orchestrator.Tasks) (any, error) { return d.Definition(t.Context(), "nothing") },
		"stopping what has stopped":       func(d orchestrator.Tasks) (any, error) { return nil, d.Stop(t.Context(), "work", first.ARN, "x") },
		"stopping what was never started": func(d orchestrator.Tasks) (any, error) { return nil, d.Stop(t.Context(), "work", "nothing", "x") },
	} {
		t.Run(name, func(t *testing.T) {
			inside, insideErr := ask(fake.Tasks{ECS: f})
			outside, outsideErr := ask(adapter(t, f))
			if a, b := text(t, inside), text(t, outside); a != b {
				t.Errorf("the Go door says %s\nthe adapter says %s", a, b)
			}
			if !sameError(insideErr, outsideErr) {
				t.Errorf("the Go door fails with %v, the adapter with %v", insideErr, outsideErr)
			}
		})
	}
}

// sameError compares what decisions are made from.
func sameError(a, b error) bool {
	var x, y *run.APIError
	if !errors.As(a, &x) || !errors.As(b, &y) {
		return (a == nil) == (b == nil)
	}
	return x.Code == y.Code && x.Status == y.Status && x.Message == y.Message && run.Retryable(a) == run.Retryable(b)
}

func TestADefinitionIsUsedForAMinute(t *testing.T) {
	f, now, asked := newFake(), noon, 0
	resolve := f.Definition
	f.Definition = func(name string) (fake.TaskDefinition, error) { asked++; return resolve(name) }
	e := open(t, f)
	e.SetClock(func() time.Time { return now })
	for _, wait := range []time.Duration{0, 59 * time.Second, time.Second} {
		now = now.Add(wait)
		if d, err := e.Definition(t.Context(), "processor"); err != nil || d.Main() != "main" {
			t.Fatalf("definition = %+v, %v", d, err)
		}
	}
	if asked != 2 {
		t.Errorf("ECS was asked %d times, want twice", asked)
	}
}

func TestServicesAreDescribedAndScaled(t *testing.T) {
	f := newFake()
	d, err := f.Definition("processor")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range 12 { // more than one call takes
		names = append(names, fmt.Sprintf("workers-%d", i))
		network := &fake.NetworkConfiguration{}
		f.PutService(fake.Service{Cluster: "work", Name: names[i], Definition: d, Desired: i, Network: network, LaunchType: "FARGATE"})
	}
	f.Advance()
	e := open(t, f)
	found, err := e.Services(t.Context(), "work", append(names, "nothing"))
	if err != nil || len(found) != 12 {
		t.Fatalf("found %d services, %v, want those that there are", len(found), err)
	}
	if s := found[11]; s.Name != "workers-11" || s.Desired != 11 || s.Pending != 11 || s.Running != 0 || !s.Active || len(s.Deployments) != 1 || s.Deployments[0].Pending != 11 {
		t.Errorf("service = %+v", s)
	}
	if err := e.SetDesired(t.Context(), "work", "workers-3", 5); err != nil {
		t.Fatal(err)
	}
	if s, err := e.Service(t.Context(), "work", "workers-3"); err != nil || s.Desired != 5 {
		t.Errorf("service = %+v, %v, want 5 desired", s, err)
	}
	if _, err := e.Service(t.Context(), "work", "nothing"); err == nil || run.Retryable(err) {
		t.Errorf("a service that is not there = %v, want an error that stays", err)
	}
	var refused *run.APIError
	if err := e.SetDesired(t.Context(), "work", "nothing", 1); !errors.As(err, &refused) || refused.Code != "ServiceNotFoundException" {
		t.Errorf("scaling a service that is not there = %v, want ServiceNotFoundException", err)
	}
}
