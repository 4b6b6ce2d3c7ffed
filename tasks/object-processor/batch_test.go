package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"slipway/internal/launch"
	"slipway/internal/run"
	"slipway/tasks/internal/container"
	"slipway/tasks/internal/s3test"
)

// the is the ID of the nth object of a batch.
func the(n int) string { return fmt.Sprintf("images-%d", n) }

func listing(n int) []listed {
	var out []listed
	for i := range n {
		out = append(out, listed{ID: the(i), Bucket: "uploads", Key: fmt.Sprintf("in/%d.png", i)})
	}
	return out
}

// reports keeps every report that was written.
type reports struct {
	fail error

	mu    sync.Mutex // protects following field
	texts [][]byte
}

func (r *reports) put(_ context.Context, text []byte) error {
	if r.fail != nil {
		return r.fail
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.texts = append(r.texts, text)
	return nil
}

// last is the newest report, as the one who settles the batch reads it.
func (r *reports) last(t *testing.T) []run.Result {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.texts) == 0 {
		return nil
	}
	got, err := launch.ParseReport(r.texts[len(r.texts)-1])
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// all are the reports that were written, the newest last.
func (r *reports) all() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.texts)
}

func (r *reports) count() int { return len(r.all()) }

func exitCodes(results []run.Result) string {
	var out []string
	for _, r := range results {
		out = append(out, fmt.Sprintf("%s=%d", r.ID, r.ExitCode))
	}
	return strings.Join(out, " ")
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestOneBadObjectNeverStopsTheOthers(t *testing.T) {
	trouble := map[string]error{
		the(1): errors.New("the png picture is damaged"), the(2): &container.Transient{Err: errors.New("the download broke off")},
		the(3): container.Usage("x"), the(4): errors.New("a\nb\x1b[31m\u202e\xff" + strings.Repeat("é", 2000)),
	}
	fails := func(_ context.Context, o listed) error { return trouble[o.ID] }
	r := &reports{}
	b := batch{objects: listing(6), process: fails, put: r.put, log: quiet()}
	if err := b.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := r.last(t)
	if want := "images-0=0 images-1=1 images-2=75 images-3=2 images-4=1 images-5=0"; exitCodes(got) != want {
		t.Fatalf("got %s, want %s", exitCodes(got), want)
	}
	if got[1].Reason != "the png picture is damaged" || !strings.HasPrefix(got[4].Reason, "a b[31m") || len([]rune(got[4].Reason)) != maxReason {
		t.Errorf("got the reasons %q and %.20q", got[1].Reason, got[4].Reason)
	}
	b = batch{objects: listing(6), process: fails, log: quiet()}
	if err := b.run(t.Context()); container.ExitCode(err, false) != 1 || !strings.Contains(err.Error(), "4 of 6 objects failed") {
		t.Errorf("without a place for a report: %v", err)
	}
	b = batch{objects: listing(1), process: fails, log: quiet()}
	if err := b.run(t.Context()); err != nil {
		t.Errorf("without a failure and without a report: %v", err)
	}
}

func TestAReportThatCannotBeWrittenMayBeAnotherTime(t *testing.T) {
	r := &reports{fail: errors.New("access denied")}
	b := batch{objects: listing(2), process: func(context.Context, listed) error { return nil }, put: r.put, log: quiet()}
	if err := b.run(t.Context()); container.ExitCode(err, false) != 75 || !strings.Contains(err.Error(), "write the report: access denied") {
		t.Errorf("got %v", err)
	}
}

func TestAnEmptyBatchIsDone(t *testing.T) {
	r := &reports{}
	b := batch{put: r.put, log: quiet()}
	if err := b.run(t.Context()); err != nil || r.count() != 1 || len(r.last(t)) != 0 {
		t.Errorf("got %v and %q", err, r.all())
	}
}

// TestItIsToldToStopBetweenAnyTwoObjects stops the batch before, in and after each object.
func TestItIsToldToStopBetweenAnyTwoObjects(t *testing.T) {
	const objects = 4
	for at := range objects {
		for name, tc := range map[string]struct {
			begun, finishes bool
			reported        int
		}{
			"before it begins": {false, false, at},
			"and it gives up":  {true, false, at},
			"and it is done":   {true, true, at + 1},
		} {
			t.Run(fmt.Sprintf("object %d %s", at, name), func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				r := &reports{}
				b := batch{objects: listing(objects), put: r.put, log: quiet()}
				if !tc.begun && at == 0 {
					cancel(container.ErrStopped)
				}
				b.process = func(ctx context.Context, o listed) error {
					if !tc.begun && o.ID == the(at-1) || tc.begun && o.ID == the(at) {
						cancel(container.ErrStopped)
					}
					if ctx.Err() != nil && tc.begun && !tc.finishes {
						return context.Cause(ctx)
					}
					return nil
				}
				err := b.run(ctx)
				want := 143
				if tc.reported == objects {
					want = 0
				}
				if got := container.ExitCode(err, true); got != want {
					t.Errorf("got exit code %d, want %d: %v", got, want, err)
				}
				if got := r.last(t); len(got) != tc.reported {
					t.Errorf("reported %s, want %d objects", exitCodes(got), tc.reported)
				}
			})
		}
	}
}

func TestNewsAreReportedWhileItWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, began := &reports{}, time.Now()
		b := batch{objects: listing(3), put: r.put, log: quiet(), process: func(_ context.Context, o listed) error {
			if o.ID == the(1) {
				time.Sleep(time.Hour)
			}
			if o.ID == the(2) { // the first one was reported while the second was in work, and once
				if got := exitCodes(r.last(t)); got != "images-0=0" || r.count() != 1 {
					t.Errorf("after %v: %d reports, the last one %s", time.Since(began), r.count(), got)
				}
			}
			return nil
		}}
		if err := b.run(t.Context()); err != nil || len(r.last(t)) != 3 || r.count() != 2 {
			t.Errorf("got %v and %d reports", err, r.count())
		}
	})
}

// TestTheReportDoesNotWaitForAnObjectThatDoesNotGiveUp: the process is ended ten seconds after SIGTERM.
func TestTheReportDoesNotWaitForAnObjectThatDoesNotGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		r := &reports{}
		b := batch{objects: listing(2), put: r.put, log: quiet(), process: func(_ context.Context, o listed) error {
			if o.ID == the(1) {
				cancel(container.ErrStopped)
				time.Sleep(time.Minute)
				if got := exitCodes(r.last(t)); got != "images-0=0" {
					t.Errorf("got %s while the second does not give up", got)
				}
				return errors.New("gave up late")
			}
			return nil
		}}
		if err := b.run(ctx); !errors.Is(err, container.ErrStopped) || len(r.last(t)) != 1 {
			t.Errorf("got %v and %s", err, exitCodes(r.last(t)))
		}
	})
}

func TestTheManifestIsTheOneThatIsWritten(t *testing.T) {
	var members []run.Run
	for i, key := range []string{"in/a b+c%20.png", "in/\"日本\"\n<&>", strings.Repeat("é", 512)} {
		o := &run.Object{Bucket: "uploads", Key: key, VersionID: fmt.Sprint("v", i)}
		members = append(members, run.Run{ID: run.ID(the(i)), Input: run.Input{Object: o}})
	}
	m, err := parseManifest(launch.Manifest(run.Run{ID: "images-batch", Attempt: 2}, members, "s3://results/report.json"))
	if err != nil || len(m.Objects) != len(members) {
		t.Fatalf("got %+v, %v", m, err)
	}
	for i, o := range m.Objects {
		if want := members[i].Input.Object; o.source() != (source{want.Bucket, want.Key, want.VersionID}) || o.ID != the(i) {
			t.Errorf("got %+v, want %+v", o, want)
		}
	}
	settings, err := readSettings(nil, func(name string) string {
		return map[string]string{launch.ManifestVariable: "{}", launch.ReportVariable: "s3://results/r/1.json", "RESULTS_BUCKET": "r"}[name]
	})
	if err != nil || settings.manifest != "{}" || settings.report != (source{bucket: "results", key: "r/1.json"}) {
		t.Errorf("got %+v, %v", settings, err)
	}
}

// processBatch runs the program on a batch; more are further variables.
func processBatch(t *testing.T, s *s3test.Server, manifest string, more ...string) ended {
	t.Helper()
	cmd := start(t, s, "none")
	cmd.Args = cmd.Args[:2]
	cmd.Env = append(cmd.Env, append(more, "SLIPWAY_MANIFEST="+manifest)...)
	return runToEnd(t, cmd)
}

func asManifest(t *testing.T, objects []listed) string {
	t.Helper()
	text, err := json.Marshal(manifest{formVersion, objects})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestABatchAsAProcess(t *testing.T) {
	s := s3test.New(t)
	objects := listing(4)
	objects[1].Key = "in/a b+c%20日本.png"
	s.Set("uploads/in/0.png", asPNG(t, drawing(30, 20)))
	s.Set("uploads/"+objects[1].Key, asPNG(t, drawing(300, 200)))
	s.Set("uploads/in/2.png", asPNG(t, drawing(300, 200))[:200])
	s.Set("results/manifests/m 1.json", []byte(asManifest(t, objects)))
	for name, text := range map[string]string{"inline": asManifest(t, objects), "in S3": "s3://results/manifests/m 1.json"} {
		t.Run(name, func(t *testing.T) {
			got := processBatch(t, s, text, "SLIPWAY_REPORT=s3://reports/"+name+"/r.json")
			if got.code != 0 || got.stderr != "" {
				t.Fatalf("got %+v, want success and silence", got)
			}
			r := reports{texts: [][]byte{s.Get("reports/" + name + "/r.json")}}
			results := r.last(t)
			if want := "images-0=0 images-1=0 images-2=1 images-3=1"; exitCodes(results) != want {
				t.Fatalf("got %s, want %s", exitCodes(results), want)
			}
			if !strings.Contains(results[2].Reason, "the png picture is damaged") || !strings.Contains(results[3].Reason, "does not exist (NoSuchKey)") {
				t.Errorf("got %+v", results)
			}
			if d := description(t, s, objects[1].Key); d.RunID != the(1) || d.Width != 300 || d.Attempt != 2 {
				t.Errorf("got %+v, want it described as a run of its own", d)
			}
		})
	}
	if got := processBatch(t, s, asManifest(t, objects)); got.code != 1 || got.stderr != "object-processor: 2 of 4 objects failed, and SLIPWAY_REPORT names no place to say which\n" {
		t.Errorf("without a report: got %+v", got)
	}
	cmd := start(t, s, "in/0.png") // an argument counts more than a manifest
	cmd.Env = append(cmd.Env, "SLIPWAY_MANIFEST=nonsense")
	if got := runToEnd(t, cmd); got.code != 0 {
		t.Errorf("an object that is named: got %+v", got)
	}
}

func TestAManifestThatIsNone(t *testing.T) {
	s := s3test.New(t)
	s.Set("results/huge", bytes.Repeat([]byte(" "), maxManifest+1))
	s.Set("results/html", []byte("<html>\nno"))
	s.Answer("results/slow", s3test.Fail(503, "SlowDown"))
	s.Answer("results/broken", breakOff(make([]byte, 100_000)))
	for name, tc := range map[string]struct {
		text string
		code int
		says string
	}{
		"cut off":                {`{"version":1,"obj`, 2, "the manifest is not of its form: "},
		"a list":                 {`{"version":1,"objects":{}}`, 2, "the manifest is not of its form: "},
		"more behind its end":    {`{"version":1} {}`, 2, "the manifest is not of its form: "},
		"no version":             {`{"objects":[]}`, 2, "the manifest has version 0, and this program reads version 1"},
		"a newer version":        {`{"version":2,"objects":[]}`, 2, "the manifest has version 2, and this program reads version 1"},
		"an object without key":  {`{"version":1,"objects":[{"id":"a","bucket":"b"}]}`, 2, "entry 0 of the manifest needs an id, a bucket and a key"},
		"an object without id":   {`{"version":1,"objects":[{"bucket":"b","key":"k"}]}`, 2, "entry 0 of the manifest needs an id"},
		"neither":                {"manifest.json", 2, `SLIPWAY_MANIFEST is "manifest.json": want JSON that begins with "{", or s3://bucket/key`},
		"huge":                   {"s3://results/huge", 2, "the manifest has more than 8388608 bytes"},
		"something else":         {"s3://results/html", 2, "the manifest is not of its form: "},
		"missing":                {"s3://results/none", 1, "read the manifest s3://results/none: the object does not exist (NoSuchKey)"},
		"S3 is throttling":       {"s3://results/slow", 75, "(SlowDown)"},
		"a download that breaks": {"s3://results/broken", 75, "the download broke off"},
	} {
		t.Run(name, func(t *testing.T) {
			got := processBatch(t, s, tc.text, "SLIPWAY_REPORT=s3://reports/r.json")
			if got.code != tc.code || !strings.Contains(got.stderr, tc.says) || strings.Count(got.stderr, "\n") != 1 {
				t.Errorf("got %+v, want %d and %q in one line", got, tc.code, tc.says)
			}
		})
	}
	if got := processBatch(t, s, asManifest(t, nil), "SLIPWAY_REPORT=reports/r"); got.code != 2 || !strings.Contains(got.stderr, "SLIPWAY_REPORT") {
		t.Errorf("got %+v, want the report's address refused", got)
	}
	if len(s.Puts()) != 0 {
		t.Errorf("got %v, want nothing written", s.Puts())
	}
}

func TestSIGTERMEndsABatchWithWhatIsDone(t *testing.T) {
	s, reached := s3test.New(t), make(chan struct{})
	s.Set("uploads/in/0.png", asPNG(t, drawing(9, 9)))
	s.Answer("uploads/in/1.png", hold(reached))
	cmd := start(t, s, "none")
	cmd.Args = cmd.Args[:2]
	cmd.Env = append(cmd.Env, "SLIPWAY_MANIFEST="+asManifest(t, listing(3)), "SLIPWAY_REPORT=s3://reports/r.json")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-reached
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	got := finish(t, cmd, &stderr)
	r := reports{texts: [][]byte{s.Get("reports/r.json")}}
	if got.code != 143 || exitCodes(r.last(t)) != "images-0=0" {
		t.Errorf("got %+v and a report of %s", got, exitCodes(r.last(t)))
	}
	if slices.ContainsFunc(s.Puts(), func(p string) bool { return strings.HasPrefix(p, "results/in/1") }) {
		t.Errorf("got %v", s.Puts())
	}
}

type panicking struct{ store }

func (panicking) open(context.Context, source) (object, error) { panic("index out of range") }

func TestADecoderThatPanicsFailsItsObjectOnly(t *testing.T) {
	p := processor{store: panicking{}, now: time.Now, log: quiet()}
	err := p.processListed(t.Context(), listing(1)[0])
	if got := container.ExitCode(err, false); got != 1 || err.Error() != "process s3://uploads/in/0.png: panic: index out of range" {
		t.Errorf("got %d: %v", got, err)
	}
}
