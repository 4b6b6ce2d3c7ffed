package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"slipway/local/internal/inbox"
	"slipway/local/internal/observe"
)

// happy are the facts of a demonstration in which all went well.
func happy(t *testing.T) facts {
	t.Helper()
	objects, err := uploads("demo-test")
	if err != nil {
		t.Fatal(err)
	}
	f := facts{reports: []string{"reports/hourly-report/x.json"}}
	f.service.changes = []change{{running: 0}, {desired: 3, running: 3}, {running: 0}}
	for _, o := range objects {
		s := seen{object: o}
		if o.kind != unwanted {
			s.tasks = []observe.Task{ended(0)}
		}
		if o.kind == good {
			s.described = &observe.Description{
				Key: o.key, Size: int64(len(o.content)), SHA256: o.sha256(), Format: string(o.format), Width: o.width, Height: o.height,
			}
			s.thumbnail = 100
		}
		if o.kind == corrupt {
			s.tasks = []observe.Task{ended(1)}
			s.mails = []inbox.Mail{{Text: "Job: objects\nObject: s3://b/" + o.key + "\nExit code: 1\n"}}
		}
		f.objects = append(f.objects, s)
	}
	return f
}

func ended(code int32) observe.Task {
	return observe.Task{Status: "STOPPED", ExitCode: &code, StartedBy: "slipway/slipway/objects-abc/1"}
}

func TestPromises(t *testing.T) {
	t.Parallel()
	const plain, broken, other = 0, 5, 6
	for name, tc := range map[string]struct {
		spoil func(*facts)
		want  []string
	}{
		"are kept when all is well": {func(*facts) {}, nil},
		"hang on the trigger when no object was seen": {func(f *facts) {
			for i := range f.objects {
				f.objects[i].tasks, f.objects[i].described, f.objects[i].mails = nil, nil, nil
			}
		}, []string{linkTrigger}},
		"hang on the trigger when one object has two tasks": {func(f *facts) {
			f.objects[plain].tasks = append(f.objects[plain].tasks, ended(0))
		}, []string{linkTrigger}},
		"hang on the trigger when the unwanted object has a task": {func(f *facts) {
			f.objects[other].tasks = []observe.Task{ended(0)}
		}, []string{linkTrigger}},
		"hang on the processor alone when it does nothing": {func(f *facts) {
			for i := range f.objects {
				f.objects[i].described, f.objects[i].mails = nil, nil
				for n := range f.objects[i].tasks {
					f.objects[i].tasks[n] = ended(0)
				}
			}
		}, []string{linkProcessor}},
		"hang on the processor when it describes another content": {func(f *facts) {
			f.objects[plain].described.SHA256 = "other"
		}, []string{linkProcessor}},
		"hang on the processor when the dimensions are wrong": {func(f *facts) {
			f.objects[plain].described.Width++
		}, []string{linkProcessor}},
		"hang on the processor when there is no thumbnail": {func(f *facts) { f.objects[plain].thumbnail = 0 }, []string{linkProcessor}},
		"hang on the mail when there is none":              {func(f *facts) { f.objects[broken].mails = nil }, []string{linkMail}},
		"hang on the mail when there are two": {func(f *facts) {
			f.objects[broken].mails = append(f.objects[broken].mails, f.objects[broken].mails[0])
		}, []string{linkMail}},
		"hang on the mail when it does not name the exit code": {func(f *facts) {
			f.objects[broken].mails[0].Text = "Job: objects\n" + f.objects[broken].key
		}, []string{linkMail}},
		"hang on the scaler alone when no worker came": {func(f *facts) {
			f.service.changes = []change{{}}
			f.work = observe.Depth{Visible: 30}
		}, []string{linkScaler}},
		"hang on the scaler when it does not go back to zero": {func(f *facts) { f.service.desired = 3 }, []string{linkScaler}},
		"hang on the worker when messages are left":           {func(f *facts) { f.work.InFlight = 1 }, []string{linkWorker}},
		"hang on the scheduler when there is no report":       {func(f *facts) { f.reports = nil }, []string{linkScheduler}},
		"hang on the queues when there is a dead letter":      {func(f *facts) { f.dead = []observe.Letter{{ID: "1"}} }, []string{linkQueues}},
		"hang on the mail when a dead letter says that it was refused": {func(f *facts) {
			var l observe.Letter
			if err := json.Unmarshal([]byte(`{"MessageAttributes":{"Reason":{"StringValue":"mail-refused"}}}`), &l); err != nil {
				t.Fatal(err)
			}
			f.dead = []observe.Letter{l}
		}, []string{linkMail}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := happy(t)
			tc.spoil(&f)
			if got := brokenLinks(promises(f)); !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestDecided(t *testing.T) {
	t.Parallel()
	const plain = 0
	f := happy(t)
	if !decided(promises(f)) {
		t.Error("there is something to wait for when all is well")
	}
	f.objects[plain].described = nil
	if !decided(promises(f)) {
		t.Error("the description of a task that has ended is waited for")
	}
	f.objects[plain].tasks[0].Status, f.objects[plain].tasks[0].ExitCode = "RUNNING", nil
	if decided(promises(f)) {
		t.Error("the description of a task that runs is not waited for")
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		links  []string
		broken string
		want   string
	}{
		"names the broken link":                         {[]string{linkMail}, "", "the broken link: mail"},
		"does not accept that nobody noticed":           {nil, linkScaler, "the scaler was broken, and every promise was kept"},
		"is content when nothing was broken, nor is so": {nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := verdict(tc.links, sabotage{link: tc.broken})
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestEveryLinkThatCanBeBrokenIsOneThatPromisesHangOn(t *testing.T) {
	t.Parallel()
	got := slices.Sorted(maps.Keys(sabotages()))
	if want := []string{linkMail, linkProcessor, linkScaler, linkTrigger}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, err := sabotageOf("mails"); err == nil || !strings.Contains(err.Error(), "mail, processor, scaler, trigger") {
		t.Errorf("got %v, want the words that BREAK may have", err)
	}
}
