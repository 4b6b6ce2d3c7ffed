package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// costs runs cost with arguments, and returns its exit code, its answer and what it said.
func costs(t *testing.T, args ...string) (code int, answer, said string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = execute(t.Context(), world{args: append([]string{"cost"}, args...), out: &out, err: &errs})
	return code, out.String(), errs.String()
}

func TestCostInJSON(t *testing.T) {
	code, answer, said := costs(t, "--json", "--objects", "60", "--runtime", "1s", "--cpu", "1024", "--memory", "2GiB")
	var got struct {
		Region       string
		PricesReadOn string
		Tasks        struct{ Dollars float64 }
		Peers        []struct{ Name string }
		Together     float64
	}
	if err := json.Unmarshal([]byte(answer), &got); err != nil || code != exitDone {
		t.Fatalf("exit %d, %v: %s%s", code, err, answer, said)
	}
	if hour := 0.03238 + 2*0.00356; math.Abs(got.Tasks.Dollars-hour) > 1e-9 || got.Together <= got.Tasks.Dollars {
		t.Errorf("sixty tasks of a minute cost $%g of $%g together, want $%g", got.Tasks.Dollars, got.Together, hour)
	}
	if got.Region != "us-east-1" || got.PricesReadOn == "" || len(got.Peers) != 3 {
		t.Errorf("answer = %+v", got)
	}
}

func TestCostInText(t *testing.T) {
	if code, answer, _ := costs(t); code != exitDone || strings.Contains(answer, "The same work") || !strings.Contains(answer, "idle") {
		t.Errorf("exit %d of a month of nothing:\n%s", code, answer)
	}
	code, answer, _ := costs(t, "--objects", "1e5", "--spot", "0.5", "--public-ip", "--jobs", "3", "--queues", "1", "--messages", "10000")
	for _, want := range []string{"fargate-spot-vcpu-hours-arm64", "public-ipv4-hours", "Step Functions", "AWS Batch", "Pollers", "Slipway adds"} {
		if code != exitDone || !strings.Contains(answer, want) {
			t.Errorf("exit %d, and nothing of %q:\n%s", code, want, answer)
		}
	}
}

func TestCostAtOtherPrices(t *testing.T) {
	_, table, _ := costs(t, "--prices-table")
	file := filepath.Join(t.TempDir(), "prices.json")
	if err := os.WriteFile(file, []byte(strings.Replace(table, `"us-east-1"`, `"eu-north-1"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, answer, said := costs(t, "--prices", file); code != exitDone || !strings.Contains(answer, "eu-north-1") {
		t.Errorf("exit %d: %s%s", code, answer, said)
	}
}

func TestCostRefusesWhatMeansNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want []string
	}{
		"several mistakes": {[]string{"--objects", "-1", "--spot", "2", "--job-every", "1s", "--jobs", "1"}, []string{"objects: -1", "share on Spot: 2", "interval of the jobs: 1s"}},
		"sizes":            {[]string{"--memory", "12", "--architecture", "mips"}, []string{"--architecture", "mips"}},
		"no unit at all":   {[]string{"--memory", "much"}, []string{"--memory", "much"}},
		"no such file":     {[]string{"--prices", "/nonexistent/prices.json"}, []string{"read the prices"}},
		"messages alone":   {[]string{"--messages", "5"}, []string{"no queue for them"}},
		"not a number":     {[]string{"--objects", "NaN"}, []string{"objects: NaN"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, answer, said := costs(t, tc.args...)
			if code != exitUsage || answer != "" {
				t.Errorf("exit %d, answer %q", code, answer)
			}
			for _, want := range tc.want {
				if !strings.Contains(said, want) {
					t.Errorf("said nothing of %q: %s", want, said)
				}
			}
		})
	}
}
