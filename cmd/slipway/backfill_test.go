package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"slipway/internal/run"
)

func (s *stackSession) backfilled(want int, args ...string) backfilled {
	s.t.Helper()
	out, _ := s.run(want, append([]string{"backfill", "images", "--json"}, args...)...)
	var b backfilled
	decode(s.t, out, &b)
	return b
}

func TestBackfillWithVersionsGivesTheRunOfTheEvent(t *testing.T) {
	s := newStack(t)
	bucket := s.uploads(true)
	old := s.put(bucket, "incoming/a", "one")
	newest := s.put(bucket, "incoming/a", "two!")
	seen := s.put(bucket, "incoming/seen", "x")
	deleted := s.put(bucket, "incoming/deleted", "x")
	s.put(bucket, "incoming/tmp/a", "x")
	s.put(bucket, "elsewhere/a", "x")
	if _, err := s.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &deleted.Key}); err != nil {
		t.Fatal(err)
	}
	event := seen
	event.Sequencer = "0062"
	s.object(event)

	b := s.backfilled(0, "--dry-run")
	if b.Matched != 2 || b.HadRun != 1 || b.Admitted != 1 || len(b.Runs) != 1 || b.Runs[0].Object.VersionID != newest.VersionID || b.Prefix != "incoming/" {
		t.Errorf("got %+v", b)
	}
	b = s.backfilled(0)
	id := run.ObjectID("test", "images", newest)
	if r := s.get(id); b.Admitted != 1 || r.State != run.Queued || r.Trigger != run.ByObject || r.Input.Object.ETag != newest.ETag || r.Input.Object.Size != 4 {
		t.Errorf("got %+v, and the run %+v", b, r)
	}
	if got := s.received("LaunchQueueUrl"); len(got) != 1 {
		t.Errorf("got %d nudges, want 1", len(got))
	}
	if b := s.backfilled(0); b.Admitted != 0 || b.HadRun != 2 {
		t.Errorf("run again, it gives %+v", b)
	}
	if b := s.backfilled(0, "--all-versions"); b.Admitted != 2 || b.HadRun != 2 {
		t.Errorf("with all versions it gives %+v", b)
	}
	s.get(run.ObjectID("test", "images", old))
}

func TestBackfillKnowsRunsWhoseEventNamedNoVersion(t *testing.T) {
	s := newStack(t)
	bucket := s.uploads(true)
	named, unnamed := s.put(bucket, "incoming/a", "x"), s.put(bucket, "incoming/b", "y")
	s.object(named)
	s.put(bucket, "incoming/a", "x") // the same content again, and its event was lost
	unnamed.VersionID, unnamed.Sequencer = "", "0062"
	s.object(unnamed)
	if b := s.backfilled(0); b.HadRun != 1 || b.Admitted != 1 || b.Runs[0].Object.Key != "incoming/a" {
		t.Errorf("got %+v", b)
	}
}

func TestBackfillWithoutVersionsAsksTheLedger(t *testing.T) {
	s := newStack(t)
	bucket := s.uploads(false)
	written := time.Now().Truncate(time.Second)
	var objects []run.Object
	for _, key := range []string{"had", "changed", "before", "none"} {
		o := s.put(bucket, "incoming/"+key, key)
		o.Sequencer = "00" + key
		objects = append(objects, o)
	}
	s.now = written.Add(time.Second)
	s.object(objects[0])
	objects[1].ETag = "another"
	s.object(objects[1])
	s.now = written.Add(-time.Hour) // of an earlier object with the same content
	s.object(objects[2])

	s.now = written.Add(time.Minute)
	if b := s.backfilled(0); b.HadRun != 1 || b.Recent != 3 || b.Admitted != 0 {
		t.Errorf("soon after they were written, got %+v", b)
	}
	out, _ := s.run(0, "backfill", "images", "--dry-run")
	contains(t, out, "3 objects of the last 15m0s left out", "--include-recent")
	s.now = written.Add(time.Hour)
	if b := s.backfilled(0); b.HadRun != 1 || b.Recent != 0 || b.Admitted != 3 {
		t.Errorf("later, got %+v", b)
	}
	if b := s.backfilled(0); b.HadRun != 4 || b.Admitted != 0 {
		t.Errorf("run again, it gives %+v", b)
	}
	s.put(bucket, "incoming/new", "new")
	s.now = time.Now()
	if b := s.backfilled(0, "--include-recent"); b.Admitted != 1 {
		t.Errorf("with recent ones, got %+v", b)
	}
}

func TestBackfillChooses(t *testing.T) {
	s := newStack(t)
	bucket := s.uploads(true)
	for i := range 3 {
		s.put(bucket, fmt.Sprintf("incoming/%d/a", i), "x")
	}
	for name, tc := range map[string]struct {
		args []string
		want int
	}{
		"a prefix":               {[]string{"--prefix", "incoming/1"}, 1},
		"what is newer":          {[]string{"--since", "5m"}, 0},
		"what is older":          {[]string{"--until", "5m"}, 3},
		"so many":                {[]string{"--limit", "2"}, 2},
		"a value":                {[]string{"--value", "UploadsBucket=" + bucket}, 3},
		"a prefix of other keys": {[]string{"--prefix", "elsewhere/"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if b := s.backfilled(0, append(tc.args, "--dry-run")...); b.Admitted != tc.want || b.Limited != (name == "so many") {
				t.Errorf("got %+v, want %d", b, tc.want)
			}
		})
	}
	out, _ := s.run(0, "backfill", "images", "--limit", "1")
	contains(t, out, "incoming/0/a", "1 were admitted", "--limit was reached")
	if b := s.backfilled(0); b.Admitted != 2 || b.HadRun != 1 {
		t.Errorf("it does not go on: %+v", b)
	}
}

func TestBackfillOfManyAsks(t *testing.T) {
	s := newStack(t)
	bucket := s.uploads(true)
	for i := range maxUnasked + 1 {
		s.put(bucket, fmt.Sprintf("incoming/%03d", i), "x")
	}
	_, errs := s.run(2, "backfill", "images")
	contains(t, errs, "more than 100 runs of job images", "--yes")
	s.world.terminal, s.world.in = true, strings.NewReader("\n")
	s.run(1, "backfill", "images")
	if b := s.backfilled(0, "--yes"); b.Admitted != maxUnasked+1 {
		t.Errorf("got %+v", b)
	}
}

func TestBackfillRefuses(t *testing.T) {
	s := newStack(t)
	for name, tc := range map[string]struct {
		args []string
		want int
		says string
	}{
		"a schedule":      {[]string{"report"}, 2, "backfill of scheduled times is not there yet"},
		"an unknown job":  {[]string{"image"}, 2, "did you mean images?"},
		"no bucket":       {[]string{"images"}, 2, "--value"},
		"another time":    {[]string{"images", "--value", "UploadsBucket=b", "--since", "never"}, 2, "--since"},
		"a wrong limit":   {[]string{"images", "--value", "UploadsBucket=b", "--limit", "-1"}, 2, "--limit"},
		"a strange value": {[]string{"images", "--value", "b"}, 2, "NAME=TEXT"},
		"no such bucket":  {[]string{"images", "--value", "UploadsBucket=no-such-bucket-at-all"}, 3, "NoSuchBucket"},
	} {
		t.Run(name, func(t *testing.T) {
			_, errs := s.run(tc.want, append([]string{"backfill"}, tc.args...)...)
			contains(t, errs, tc.says)
		})
	}
}

func TestPrefixOfPatterns(t *testing.T) {
	for _, tc := range []struct {
		patterns []string
		want     string
	}{
		{nil, ""},
		{[]string{"incoming/**"}, "incoming/"},
		{[]string{"!**/tmp/**", "in/20*"}, "in/20"},
		{[]string{"a/**", "b/**"}, ""},
		{[]string{`in\[a`}, "in"},
		{[]string{"exact"}, "exact"},
	} {
		if got := prefixOf(tc.patterns); got != tc.want {
			t.Errorf("prefixOf(%q) = %q, want %q", tc.patterns, got, tc.want)
		}
	}
}
