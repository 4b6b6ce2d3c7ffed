package main

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/internal/run"
)

// scheduledFile has jobs of every kind.
const scheduledFile = `version: 1
jobs:
  images:
    trigger: {s3: {bucket: "${UploadsBucket}", key: "incoming/**"}}
    task: {cluster: "${ClusterName}", definition: "${ObjectProcessorTask}", capacity: FARGATE}
  hourly:
    trigger: {schedule: "cron(0 * * * ? *)", timezone: Europe/Helsinki, jitter: 5m, pauseOnFailure: 3, catchUp: {runs: all, within: 3h}}
    task: {cluster: "${ClusterName}", definition: "${HourlyBatchTask}", capacity: FARGATE}
    concurrency: {max: 2}
  shards:
    trigger: {schedule: "rate(1 day)", count: 3}
    task: {cluster: "${ClusterName}", definition: "${HourlyBatchTask}", capacity: FARGATE}
  minutely:
    trigger: {schedule: "rate(1 minute)"}
    task: {cluster: "${ClusterName}", definition: "${HourlyBatchTask}", capacity: FARGATE}
    concurrency: {max: 2, whenFull: skip}
`

// newScheduled is a stack with jobs of every kind, at half past noon.
func newScheduled(t *testing.T) *stackSession {
	t.Helper()
	s := newStack(t)
	s.write(scheduledFile)
	s.env["SLIPWAY_UploadsBucketName"] = "uploads"
	s.now = time.Date(2027, 4, 1, 12, 30, 0, 0, time.UTC)
	s.jobs = []run.Job{{Name: "images"}, {Name: "hourly", Concurrency: run.Concurrency{Max: 2}}, {Name: "import"}}
	return s
}

func (s *stackSession) saveJob(state run.JobState) {
	s.t.Helper()
	err := s.ledger.SaveJob(s.t.Context(), state)
	var own *run.Conflict // when the SDK asked twice
	if errors.As(err, &own) {
		if stored := s.job(state.Name); stored.Paused == state.Paused && stored.FirstSeen.Equal(state.FirstSeen) {
			return
		}
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stackSession) job(name string) run.JobState {
	s.t.Helper()
	state, err := s.ledger.Job(s.t.Context(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	return state
}

func (s *stackSession) listed() map[string]jobView {
	s.t.Helper()
	out, _ := s.run(0, "jobs", "--json")
	var list []jobView
	decode(s.t, out, &list)
	byName := map[string]jobView{}
	for _, j := range list {
		byName[j.Job] = j
	}
	return byName
}

func TestJobs(t *testing.T) {
	s := newScheduled(t)
	seen, last := s.now.Add(-24*time.Hour), s.now.Add(-30*time.Minute)
	s.saveJob(run.JobState{Name: "hourly", FirstSeen: seen, LastScheduled: last})
	s.saveJob(run.JobState{Name: "former", FirstSeen: seen})
	s.object(run.Object{Bucket: "uploads", Key: "incoming/a", VersionID: "1"})
	s.now = s.now.Add(time.Second)
	newest := s.claimed(s.object(run.Object{Bucket: "uploads", Key: "incoming/b", VersionID: "1"}))

	got := s.listed()
	if len(got) != 5 {
		t.Fatalf("got %d jobs, want 5: %v", len(got), slices.Sorted(maps.Keys(got)))
	}
	hourly := got["hourly"]
	if hourly.State != "active" || hourly.Timezone != "Europe/Helsinki" || hourly.Trigger != "cron(0 * * * ? *) in Europe/Helsinki" ||
		!hourly.Next.Equal(time.Date(2027, 4, 1, 13, 0, 0, 0, time.UTC)) || !hourly.LastScheduled.Equal(last) || hourly.LastRun != nil || hourly.Max != 2 {
		t.Errorf("hourly = %+v", hourly)
	}
	images := got["images"]
	if images.LastRun == nil || images.LastRun.ID != newest.ID || images.Active != 1 || images.Max != 0 || images.Next != nil || images.Trigger != "objects in uploads: incoming/**" {
		t.Errorf("images = %+v", images)
	}
	if former := got["former"]; former.State != "removed" || former.Trigger != "" {
		t.Errorf("a removed job = %+v", former)
	}
	if got["minutely"].FirstSeen != nil {
		t.Errorf("a job that no tick has seen = %+v", got["minutely"])
	}

	s.run(0, "pause", "hourly", "--why", "the database moves")
	if hourly := s.listed()["hourly"]; hourly.State != "paused" || !hourly.PausedAt.Equal(s.now) || !strings.HasSuffix(hourly.PausedWhy, ": the database moves") {
		t.Errorf("paused = %+v", hourly)
	}
	out, _ := s.run(0, "jobs")
	contains(t, out, "2027-04-01 16:00:00 EEST", "0 of 2", "former    removed", string(newest.ID), "running 2027-04-01T12:30:01Z",
		"hourly is paused since 2027-04-01T12:30:01Z: by arn:aws:")
}

func TestJobsDocumentsItsKeys(t *testing.T) {
	s := newScheduled(t)
	out, _ := s.run(0, "jobs", "--json")
	var list []map[string]any
	decode(t, out, &list)
	help, _ := s.run(0, "jobs", "--help")
	for _, j := range list {
		for key := range j {
			contains(t, help, `"`+key+`"`)
		}
	}
}

func TestPauseAndResume(t *testing.T) {
	s := newScheduled(t)
	seen := s.now.Add(-24 * time.Hour)
	s.saveJob(run.JobState{Name: "hourly", FirstSeen: seen, LastScheduled: seen.Truncate(time.Hour)})
	out, _ := s.run(0, "pause", "hourly", "--dry-run")
	contains(t, out, "hourly  would be paused")
	if s.job("hourly").Paused {
		t.Fatal("a dry run has paused it")
	}
	out, _ = s.run(0, "pause", "hourly", "shards", "hourly", "--why", "moving")
	contains(t, out, "hourly  paused.", "shards  paused.")
	state := s.job("hourly")
	contains(t, state.PausedWhy, "by arn:aws:", ": moving")
	s.now = s.now.Add(time.Hour)
	out, _ = s.run(0, "pause", "hourly", "--why", "again")
	contains(t, out, "nothing to do: it is paused already since 2027-04-01T12:30:00Z: by arn:aws:", "moving")
	if again := s.job("hourly"); again.PausedWhy != state.PausedWhy {
		t.Errorf("the reason has become %q", again.PausedWhy)
	}

	out, _ = s.run(0, "resume", "hourly", "--dry-run")
	contains(t, out, "would be resumed: the next tick admits 3 scheduled times, as catchUp says (runs: all, within: 3h0m0s); 22 given up", "slipway backfill")
	out, _ = s.run(0, "resume", "hourly", "shards", "--json")
	var answers []pausing
	decode(t, out, &answers)
	if len(answers) != 2 || answers[0].Due != 3 || answers[0].Missed != 22 || answers[0].Paused || !answers[0].Changed || answers[1].Due != 0 {
		t.Errorf("got %s", out)
	}
	if s.job("hourly").Paused {
		t.Error("it is still paused")
	}
	out, _ = s.run(0, "resume", "hourly")
	contains(t, out, "hourly  nothing to do: it is not paused.")
}

func TestResumeCountsLongOutages(t *testing.T) {
	s := newScheduled(t)
	s.write(strings.Replace(scheduledFile, `"rate(1 minute)"`, `"rate(1 minute)", catchUp: {runs: all, within: 12h}`, 1))
	s.saveJob(run.JobState{Name: "minutely", FirstSeen: s.now.AddDate(0, -1, 0), Paused: true})
	out, _ := s.run(0, "resume", "minutely")
	contains(t, out, "admits 721 scheduled times", "1000 or more are given up")
}

func TestPauseRefuses(t *testing.T) {
	s := newScheduled(t)
	s.saveJob(run.JobState{Name: "former", Paused: true})
	for name, tc := range map[string]struct {
		args []string
		says string
	}{
		"an unknown job":        {[]string{"pause", "hourly", "huorly"}, "there is no job huorly"},
		"with a suggestion":     {[]string{"resume", "huorly"}, "did you mean hourly?"},
		"objects":               {[]string{"pause", "hourly", "images"}, "job images is started by objects: only scheduled times are paused"},
		"objects, to resume":    {[]string{"resume", "images"}, "only scheduled times are paused"},
		"no job":                {[]string{"pause"}, "at least 1 arg"},
		"a reason that is long": {[]string{"pause", "hourly", "--why", strings.Repeat("x", 501)}, "500 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, errs := s.run(2, tc.args...)
			contains(t, errs, tc.says)
		})
	}
	if s.job("hourly").Paused {
		t.Error("a command that was refused has paused a job")
	}
	out, _ := s.run(0, "resume", "former")
	contains(t, out, "former  resumed.")
}
