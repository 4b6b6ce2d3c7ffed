package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slipway/internal/config"
)

const compiled = `{"version":1,
"jobs":[{"name":"images","trigger":{"s3":{"bucket":"${UploadsBucket}","keys":["incoming/**"]}},
 "task":{"cluster":"${ClusterName}","definition":"${ObjectProcessorTask}","capacity":["FARGATE"],"command":["${!HOME}","$(S3_KEY)"]},
 "timeout":1800000000000}],
"scalers":[{"name":"work","queues":["${WorkQueueUrl}"],"cluster":"${ClusterName}","service":"${WorkerService}","min":0,"max":10,"messagesPerTask":10}],
"notifications":[{"to":["${NotificationEmail}","ops@example.com"],"events":["run.failed"]}]}`

func values() map[string]string {
	v := map[string]string{}
	for _, known := range config.Values() {
		v[known.Name] = "the-" + known.Name
	}
	return v
}

func TestParseFillsEveryValueIn(t *testing.T) {
	v := values()
	v["ObjectProcessorTask"], v["NotificationEmail"] = `odd "name"\`, ""
	c, err := config.Parse(compiled, v)
	if err != nil {
		t.Fatal(err)
	}
	j, s := c.Jobs[0], c.Scalers[0]
	for what, pair := range map[string][2]string{
		"bucket":     {j.Trigger.S3.Bucket, "the-UploadsBucket"},
		"definition": {j.Task.Definition, `odd "name"\`},
		"escaped":    {j.Task.Command[0], "${HOME}"},
		"run time":   {j.Task.Command[1], "$(S3_KEY)"},
		"timeout":    {j.Timeout.String(), (30 * time.Minute).String()},
		"queue":      {s.Queues[0], "the-WorkQueueUrl"},
		"recipients": {strings.Join(c.Notifications[0].To, ","), "ops@example.com"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %q, want %q", what, pair[0], pair[1])
		}
	}
}

func TestParseDropsNotificationsThatReachNobody(t *testing.T) {
	v := values()
	v["NotificationEmail"] = ""
	c, err := config.Parse(strings.Replace(compiled, `,"ops@example.com"`, "", 1), v)
	if err != nil || len(c.Notifications) != 0 {
		t.Errorf("got %+v, %v; want no notification", c.Notifications, err)
	}
}

func TestParseRefuses(t *testing.T) {
	none := map[string]string{}
	for name, tc := range map[string]struct {
		text   string
		values func() map[string]string
		want   []string
	}{
		"names that the stack does not give, all at once": {
			compiled, func() map[string]string { return none },
			[]string{"${ClusterName}", "${NotificationEmail}", "${ObjectProcessorTask}", "${UploadsBucket}", "${WorkQueueUrl}", "${WorkerService}"},
		},
		"everything that is empty, all at once": {compiled, func() map[string]string {
			v := values()
			for name := range v {
				v[name] = ""
			}
			return v
		}, []string{
			"job images: its task.cluster is empty", "job images: its task.definition", "job images: its trigger.s3.bucket",
			"scaler work: its queues", "scaler work: its service is", "Examples=false",
		}},
		"a field of a newer release":    {`{"version":1,"pipes":[]}`, values, []string{`unknown field "pipes"`}},
		"another version":               {`{"version":2}`, values, []string{"version 2", "reads version 1"}},
		"something after the end":       {`{"version":1} {}`, values, []string{"after its end"}},
		"no JSON":                       {`version: 1`, values, []string{"decode it"}},
		"a job twice":                   {`{"version":1,"jobs":[{"name":"a"},{"name":"a"}]}`, values, []string{"job a is there twice"}},
		"a job name that does not fit":  {`{"version":1,"jobs":[{"name":"A b"}]}`, values, []string{`job name "A b"`}},
		"a schedule without expression": {`{"version":1,"jobs":[{"name":"a","trigger":{"schedule":{}}}]}`, values, []string{"its trigger.schedule is empty"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse(tc.text, tc.values())
			if err == nil {
				t.Fatal("got no error")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to say %q", err, want)
				}
			}
		})
	}
}

func TestExpand(t *testing.T) {
	lookup := func(name string) (string, bool) { return "v", name == "A" }
	for name, tc := range map[string]struct {
		text, want string
		unknown    int
	}{
		"nothing to do":                  {"$(S3_KEY) $A {A}", "$(S3_KEY) $A {A}", 0},
		"a name":                         {"x${A}y${A}", "xvyv", 0},
		"an escaped name":                {"${!A}", "${A}", 0},
		"an unknown name stays":          {"${B}${A}", "${B}v", 1},
		"an empty name is unknown":       {"${}", "${}", 1},
		"an opening that never closes":   {"${A} ${A", "v ${A", 0},
		"values are not expanded again ": {"${A}", "v", 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, unknown := config.Expand(tc.text, lookup)
			if got != tc.want || len(unknown) != tc.unknown {
				t.Errorf("Expand(%q) = %q, %q; want %q and %d unknown", tc.text, got, unknown, tc.want, tc.unknown)
			}
		})
	}
}

func full() map[string]string {
	return map[string]string{
		"SLIPWAY_STACK": "dev", "SLIPWAY_TABLE": "table", "SLIPWAY_VALUES": `{"ClusterName":"c"}`,
		"SLIPWAY_SUBNETS": "subnet-1, subnet-2,", "SLIPWAY_SECURITY_GROUPS": "sg-1", "SLIPWAY_PUBLIC_IP": "ENABLED",
		"SLIPWAY_BATCH_BUCKET": "b", "SLIPWAY_LAUNCH_QUEUE_URL": "l", "SLIPWAY_LAUNCH_DEAD_LETTER_QUEUE_URL": "ld",
		"SLIPWAY_LIFECYCLE_DEAD_LETTER_QUEUE_URL": "fd", "SLIPWAY_MAX_RECEIVES": "5", "SLIPWAY_TOPIC_ARN": "t",
	}
}

func getenv(m map[string]string) func(string) string {
	return func(name string) string { return m[name] }
}

func TestFromEnvironmentReadsEveryVariable(t *testing.T) {
	for _, f := range config.Functions() {
		e, err := config.FromEnvironment(f, getenv(full()))
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if e.Stack != "dev" || e.Table != "table" || e.Values["ClusterName"] != "c" {
			t.Errorf("%s: got %+v", f, e)
		}
	}
	e, err := config.FromEnvironment(config.S3Trigger, getenv(full()))
	if err != nil || len(e.Network.Subnets) != 2 || e.BatchBucket != "b" || !e.Network.PublicIP || e.MaxReceives != 5 || e.TopicARN != "" {
		t.Errorf("s3-trigger got %+v, %v", e, err)
	}
}

func TestFromEnvironmentReportsEveryMistake(t *testing.T) {
	bad := full()
	bad["SLIPWAY_STACK"], bad["SLIPWAY_VALUES"], bad["SLIPWAY_PUBLIC_IP"], bad["SLIPWAY_MAX_RECEIVES"] = "no good", "{", "yes", "0"
	delete(bad, "SLIPWAY_TABLE")
	_, err := config.FromEnvironment(config.S3Trigger, getenv(bad))
	if err == nil {
		t.Fatal("got no error")
	}
	for _, want := range []string{"SLIPWAY_STACK: ", "SLIPWAY_TABLE is not set", "SLIPWAY_VALUES: ", "SLIPWAY_PUBLIC_IP: ", "SLIPWAY_MAX_RECEIVES: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want it to say %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "SLIPWAY_TOPIC_ARN") {
		t.Errorf("s3-trigger asks for the topic: %q", err)
	}
}

func TestReadGivesJobsTheNetworkOfTheStack(t *testing.T) {
	folder := t.TempDir()
	own := `{"version":1,"jobs":[
	{"name":"a","trigger":{},"task":{"cluster":"c","definition":"d","capacity":["EC2"]}},
	{"name":"b","trigger":{},"task":{"cluster":"c","definition":"d","capacity":["EC2"],"subnets":["subnet-9"]}}]}`
	if err := os.WriteFile(filepath.Join(folder, config.FileName), []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	env := full()
	env["LAMBDA_TASK_ROOT"] = folder
	c, _, err := config.Read(config.Scheduler, getenv(env))
	if err != nil {
		t.Fatal(err)
	}
	a, b := c.Jobs[0].Task, c.Jobs[1].Task
	if len(a.Subnets) != 2 || a.SecurityGroups[0] != "sg-1" || !a.PublicIP {
		t.Errorf("a job without a network got %+v", a)
	}
	if b.Subnets[0] != "subnet-9" || b.PublicIP || len(b.SecurityGroups) != 0 {
		t.Errorf("a job with a network of its own got %+v", b)
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.json")
	if _, err := config.Load(path, nil); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want the path in it", err)
	}
}
