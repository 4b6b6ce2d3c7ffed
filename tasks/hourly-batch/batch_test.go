package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"slipway/internal/emulator"
	"slipway/tasks/internal/result"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The tests run the program itself, as a process of its own: this test binary becomes it.
func TestMain(m *testing.M) {
	if os.Getenv("BE_HOURLY_BATCH") != "" {
		main()
	}
	os.Exit(m.Run())
}

var ten = time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)

// bucket is a store in memory.
type bucket struct {
	mu      sync.Mutex
	files   []file
	content map[string][]byte
	problem error
}

func (b *bucket) list(_ context.Context, each func(file)) error {
	for _, f := range b.files {
		each(f)
	}
	return nil
}

func (b *bucket) get(_ context.Context, key string) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if text, ok := b.content[key]; ok || b.problem != nil {
		return text, b.problem
	}
	return nil, errGone
}

func (b *bucket) put(_ context.Context, key, _ string, content []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.content[key] = content
	return nil
}

// add puts a file into the bucket that came the given time after ten o'clock.
func (b *bucket) add(key string, after time.Duration, content []byte) {
	b.files = append(b.files, file{key, int64(len(content)), ten.Add(after)})
	b.content[key] = content
}

func described(t *testing.T, key, format string, size int64, seconds float64) []byte {
	t.Helper()
	text, err := json.Marshal(result.Description{Bucket: "uploads", Key: key, Format: format, Size: size, ProcessingSeconds: seconds})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func hour() settings {
	return settings{bucket: "results", job: "hourly-report", from: ten, to: ten.Add(time.Hour), scheduled: ten.Add(time.Hour)}
}

func filled(t *testing.T) *bucket {
	b := &bucket{content: map[string][]byte{}}
	add := func(key, format string, size int64, seconds float64, after time.Duration) {
		b.add(result.KeysFor(key).Description(), after, described(t, key, format, size, seconds))
	}
	add("in/first.jpg", result.JPEG, 4096, 0.5, 0)
	add("in/<script>alert(1)</script>.png", result.PNG, 5<<20, 2.25, 30*time.Minute)
	add("in/b.jpg", result.JPEG, 100, 0.125, 30*time.Minute+20*time.Second)
	add("in/notes.txt", result.Other, 7<<30, 61, 59*time.Minute+59*time.Second)
	add("in/too-late.jpg", result.JPEG, 1, 1, time.Hour)
	add("in/too-early.jpg", result.JPEG, 1, 1, -time.Second)
	b.add("in/first.jpg/thumbnail.jpg", 0, []byte("a picture"))
	b.add("in/broken/description.json", time.Minute, []byte("{"))
	b.add("reports/hourly-report/x/description.json", time.Minute, described(t, "own", result.PNG, 1, 1))
	b.files = append(b.files, file{"in/gone/description.json", 1, ten})
	return b
}

func TestReportOfAnHour(t *testing.T) {
	store := filled(t)
	b := batch{store, slog.New(slog.DiscardHandler)}
	if err := b.run(t.Context(), hour()); err != nil {
		t.Fatal(err)
	}
	for _, extension := range []string{".json", ".html"} {
		got := store.content["reports/hourly-report/2026-01-31T11:00:00Z"+extension]
		golden := "testdata/hour" + extension + ".golden"
		if *update {
			if err := os.WriteFile(golden, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden) //nolint:gosec // our own file
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got\n%s", golden, got)
		}
	}
}

func TestASecondRunWritesTheSame(t *testing.T) {
	store := filled(t)
	b := batch{store, slog.New(slog.DiscardHandler)}
	var before string
	for i := range 2 {
		if err := b.run(t.Context(), hour()); err != nil {
			t.Fatal(err)
		}
		key := hour().key(".json")
		store.files = append(store.files, file{key, 1, ten.Add(time.Minute)}) // as if it had been written then
		now := fmt.Sprint(string(store.content[key]), string(store.content[hour().key(".html")]))
		if i > 0 && now != before {
			t.Errorf("got %s, then %s", before, now)
		}
		before = now
	}
}

func TestEveryNameIsEscaped(t *testing.T) {
	store := filled(t)
	awkward := `in/"><img src=x onerror=alert(1)>'{{.}}`
	store.add(result.KeysFor(awkward).Description(), 0, described(t, awkward, "<b>", 9<<40, 900))
	store.add(awkward+"<i>/description.json", 0, []byte("no"))
	s := hour()
	s.job = "<u>"
	if err := (&batch{store, slog.New(slog.DiscardHandler)}).run(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	html := string(store.content[s.key(".html")])
	for _, tag := range []string{"<script", "<img", "<b>", "<i>", "<u>"} {
		if strings.Contains(html, tag) {
			t.Errorf("the page holds %s", tag)
		}
	}
	if !strings.Contains(html, "9.0 TiB") || strings.Contains(html, "ZgotmplZ") {
		t.Error("the page lacks a size, or the template took a value for dangerous")
	}
}

func TestAnEmptyHourIsAReport(t *testing.T) {
	store := &bucket{content: map[string][]byte{}}
	if err := (&batch{store, slog.New(slog.DiscardHandler)}).run(t.Context(), hour()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(store.content[hour().key(".html")]), "No object was processed") {
		t.Error("the page does not say that nothing came")
	}
	if text := string(store.content[hour().key(".json")]); strings.Contains(text, "null") {
		t.Errorf("got a null where a list belongs: %s", text)
	}
}

func TestAReportIsWholeOrNotThere(t *testing.T) {
	store := filled(t)
	store.problem = errors.New("no")
	if err := (&batch{store, slog.New(slog.DiscardHandler)}).run(t.Context(), hour()); err == nil {
		t.Error("got no error")
	}
	if store.content[hour().key(".json")] != nil {
		t.Error("a report was written without some of its descriptions")
	}
}

func TestSteps(t *testing.T) {
	for interval, want := range map[time.Duration]time.Duration{
		time.Minute: time.Minute, time.Hour: time.Minute, 2 * time.Hour: time.Minute, 3 * time.Hour: 5 * time.Minute,
		24 * time.Hour: 15 * time.Minute, 7 * 24 * time.Hour: 6 * time.Hour, 365 * 24 * time.Hour: 4 * 24 * time.Hour,
	} {
		got := stepOf(interval)
		if got != want || interval > mostBars*got {
			t.Errorf("%v: got %v, want %v", interval, got, want)
		}
	}
}

func TestSettings(t *testing.T) {
	const start, end = "2026-01-31T10:00:00Z", "2026-01-31T12:00:00+01:00"
	for name, tc := range map[string]struct {
		env  map[string]string
		want settings
		says string
	}{
		"the last full hour": {
			map[string]string{"RESULTS_BUCKET": "r"},
			settings{"r", "hourly-batch", ten, ten.Add(time.Hour), ten.Add(time.Hour)},
			"",
		},
		"the interval of a schedule": {
			map[string]string{"RESULTS_BUCKET": "r", "SLIPWAY_JOB": "j", "SLIPWAY_INTERVAL_START": start, "SLIPWAY_INTERVAL_END": end, "SLIPWAY_SCHEDULED_TIME": start},
			settings{"r", "j", ten, ten.Add(time.Hour), ten},
			"",
		},
		"the hour before the end": {
			map[string]string{"RESULTS_BUCKET": "r", "SLIPWAY_INTERVAL_END": end},
			settings{"r", "hourly-batch", ten, ten.Add(time.Hour), ten.Add(time.Hour)},
			"",
		},
		"half an interval":       {map[string]string{"RESULTS_BUCKET": "r", "SLIPWAY_INTERVAL_START": start}, settings{}, "without SLIPWAY_INTERVAL_END"},
		"an interval backwards":  {map[string]string{"RESULTS_BUCKET": "r", "SLIPWAY_INTERVAL_START": end, "SLIPWAY_INTERVAL_END": start}, settings{}, "is empty"},
		"everything that can be": {map[string]string{"SLIPWAY_INTERVAL_START": "x", "SLIPWAY_SCHEDULED_TIME": "y"}, settings{}, `SLIPWAY_INTERVAL_START is "x"`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readSettings(func(n string) string { return tc.env[n] }, ten.Add(time.Hour+17*time.Minute))
			if tc.says != "" {
				if err == nil || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("got %v, want %q", err, tc.says)
				}
				return
			}
			if err != nil || got != tc.want {
				t.Errorf("got %+v %v, want %+v", got, err, tc.want)
			}
		})
	}
}

func TestTheProgramOnTheEmulator(t *testing.T) {
	cfg, url := emulator.Config(t)
	c := s3.NewFromConfig(cfg, func(o *s3.Options) { o.BaseEndpoint = url; o.UsePathStyle = true })
	name := "hourly-results"
	if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"in/a b+c%20.png", "in/日本.png", strings.Repeat("k", 1024)} {
		at := result.KeysFor(key).Description()
		if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &name, Key: &at, Body: bytes.NewReader(described(t, key, result.PNG, 10, 1))}); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now().UTC()
	getenv := emulator.Environment(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // this test binary
	cmd.Env = []string{
		"BE_HOURLY_BATCH=1", "RESULTS_BUCKET=" + name,
		"SLIPWAY_INTERVAL_START=" + now.Add(-time.Hour).Format(time.RFC3339), "SLIPWAY_INTERVAL_END=" + now.Add(time.Hour).Format(time.RFC3339),
	}
	for _, v := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"} {
		cmd.Env = append(cmd.Env, v+"="+getenv(v))
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := (&s3Store{c, name}).get(t.Context(), "reports/hourly-batch/"+now.Add(time.Hour).Format(time.RFC3339)+".json")
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil || r.Objects != 3 || r.Bytes != 30 {
		t.Errorf("got %+v %v, want 3 objects of 10 bytes", r, err)
	}
}
