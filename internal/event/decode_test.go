package event_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"slipway/internal/event"
	"slipway/internal/run"
)

func bridge(key, size string) string {
	return fmt.Sprintf(`{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"b"},"object":{"key":%s,"size":%s}}}`, key, size)
}

func native(key, size string) string {
	return fmt.Sprintf(`{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":%s,"size":%s}}}]}`, key, size)
}

func quoted(t testing.TB, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestKeysAreDecodedWhereTheyAreEncoded(t *testing.T) {
	longest := strings.Repeat("k", event.MaxKey)
	for name, tc := range map[string]struct{ body, want string }{
		"a plus of a notification is a space":    {native(`"a+b"`, "1"), "a b"},
		"an encoded plus is a plus":              {native(`"a%2Bb"`, "1"), "a+b"},
		"an encoded percent is decoded once":     {native(`"100%2525"`, "1"), "100%25"},
		"unicode of a notification":              {native(`"gr%C3%B6%C3%9Fe"`, "1"), "größe"},
		"a slash is kept":                        {native(`"a/b/c%2Fd"`, "1"), "a/b/c/d"},
		"a plus of EventBridge is a plus":        {bridge(`"a+b"`, "1"), "a+b"},
		"a percent of EventBridge is a percent":  {bridge(`"100%25 %zz"`, "1"), "100%25 %zz"},
		"unicode of EventBridge":                 {bridge(`"gr\u00f6\u00dfe \ud83d\udea2"`, "1"), "größe 🚢"},
		"a replacement character that is a key":  {bridge(`"a\ufffdb"`, "1"), "a\ufffdb"},
		"1,024 bytes of EventBridge":             {bridge(quoted(t, longest), "1"), longest},
		"1,024 bytes of a notification, encoded": {native(quoted(t, strings.Repeat("%6B", event.MaxKey)), "1"), longest},
		"a leading slash and dots are kept":      {bridge(`"/../a//b/"`, "1"), "/../a//b/"},
		"a new line is kept":                     {native(`"a%0Ab"`, "1"), "a\nb"},
	} {
		t.Run(name, func(t *testing.T) {
			objects, ok := only(t, []byte(tc.body)).(event.Objects)
			if !ok || len(objects.Created) != 1 {
				t.Fatalf("decoded to %+v, want one object", objects)
			}
			if got := objects.Created[0].Object.Key; got != tc.want {
				t.Errorf("key = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestSizesBeyondInt32(t *testing.T) {
	const five = 5 << 40 // 5 TiB, the largest object
	for _, body := range []string{bridge(`"k"`, fmt.Sprint(int64(five))), native(`"k"`, fmt.Sprint(int64(five)))} {
		if got := only(t, []byte(body)).(event.Objects).Created[0].Object.Size; got != five {
			t.Errorf("size = %d, want %d", got, int64(five))
		}
	}
}

// badOne is the error of the one record of a body that is of no use, whether it fails the event or the record.
func badOne(t *testing.T, body string) error {
	t.Helper()
	e, err := event.Decode([]byte(body))
	if err != nil {
		return err
	}
	objects, ok := e.(event.Objects)
	if !ok || len(objects.Bad) != 1 || len(objects.Created) != 0 {
		t.Fatalf("decoded to %+v, want one bad record", e)
	}
	return objects.Bad[0]
}

func TestBadInputHasAStableReason(t *testing.T) {
	long := quoted(t, strings.Repeat("k", event.MaxKey+1))
	for name, tc := range map[string]struct{ body, want string }{
		"nothing":                        {``, event.NotJSON},
		"text":                           {`hello`, event.NotJSON},
		"half of an event":               {`{"source":"aws.s3",`, event.NotJSON},
		"two events":                     {bridge(`"a"`, "1") + bridge(`"b"`, "1"), event.NotJSON},
		"bytes that are not UTF-8":       {bridge("\"a\xffb\"", "1"), event.NotJSON},
		"a number":                       {`42`, event.WrongShape},
		"null":                           {`null`, event.WrongShape},
		"a list":                         {`[]`, event.WrongShape},
		"an empty object":                {`{}`, event.WrongShape},
		"another object":                 {`{"hello":"world"}`, event.WrongShape},
		"records of another type":        {`{"Records":{}}`, event.WrongShape},
		"no records":                     {`{"Records":[]}`, event.WrongShape},
		"a record that is nothing":       {`{"Records":[null]}`, event.WrongShape},
		"a record of another type":       {`{"Records":["x"]}`, event.WrongShape},
		"a batch within a message":       {`{"Records":[{"eventSource":"aws:sqs","messageId":"m","body":"{}"}]}`, event.WrongShape},
		"a source without a type":        {`{"source":"aws.s3","detail":{}}`, event.WrongShape},
		"an event without a detail":      {`{"source":"aws.s3","detail-type":"Object Created"}`, event.WrongShape},
		"a detail of another type":       {`{"source":"aws.s3","detail-type":"Object Created","detail":"x"}`, event.WrongShape},
		"an SNS message that is no text": {`{"Type":"Notification","Message":{}}`, event.WrongShape},
		"an SNS message that is no JSON": {`{"Type":"Notification","Message":"hello"}`, event.NotJSON},
		"SNS within SNS":                 {`{"Type":"Notification","Message":"{\"Type\":\"Notification\",\"Message\":\"{}\"}"}`, event.WrongShape},
		"EventBridge without a bucket":   {`{"source":"aws.s3","detail-type":"Object Created","detail":{"object":{"key":"k","size":1}}}`, event.MissingBucket},
		"a notification without one":     {`{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"object":{"key":"k"}}}]}`, event.MissingBucket},
		"a bucket of another type":       {`{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":7},"object":{"key":"k"}}}`, event.WrongShape},
		"EventBridge without a key":      {`{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"b"}}}`, event.MissingKey},
		"a notification without a key":   {native(`""`, "1"), event.MissingKey},
		"a key of another type":          {bridge(`{}`, "1"), event.WrongShape},
		"EventBridge with 1,025 bytes":   {bridge(long, "1"), event.KeyTooLong},
		"a notification with as many":    {native(long, "1"), event.KeyTooLong},
		"a percent that encodes nothing": {native(`"100%"`, "1"), event.KeyEncoding},
		"a key that decodes to no UTF-8": {native(`"%ff%fe"`, "1"), event.KeyEncoding},
		"a zero byte, encoded":           {native(`"a%00b"`, "1"), event.KeyEncoding},
		"a zero byte, raw":               {bridge(`"a\u0000b"`, "1"), event.KeyEncoding},
		"half of a surrogate pair":       {bridge(`"a\ud83db"`, "1"), event.KeyEncoding},
		"a negative size":                {bridge(`"k"`, "-1"), event.SizeNegative},
		"a negative size, natively":      {native(`"k"`, "-1"), event.SizeNegative},
		"a size beyond int64":            {bridge(`"k"`, "9223372036854775808"), event.WrongShape},
		"an endless size":                {bridge(`"k"`, strings.Repeat("9", 1<<20)), event.WrongShape},
		"half a byte":                    {bridge(`"k"`, "1.5"), event.WrongShape},
		"a size in words":                {native(`"k"`, `"large"`), event.WrongShape},
		"an endless version":             {`{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"b"},"object":{"key":"k","version-id":"` + strings.Repeat("v", 1025) + `"}}}`, event.WrongShape},
		"a nudge for nobody":             {`{"source":"slipway","detail-type":"Launch Queued Runs","detail":{}}`, event.MissingJob},
		"a task without an ARN":          {`{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":{"lastStatus":"STOPPED"}}`, event.MissingTask},
		"a task without a status":        {`{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":{"taskArn":"arn:aws:ecs:r:1:task/c/t"}}`, event.MissingTask},
		"a task that is a list":          {`{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":[]}`, event.WrongShape},
		"an action of no service":        {`{"source":"aws.ecs","detail-type":"ECS Service Action","detail":{"eventName":"X"}}`, event.MissingName},
		"an action without a name":       {`{"source":"aws.ecs","detail-type":"ECS Service Action","detail":{"clusterArn":"c"}}`, event.MissingName},
		"a deployment of no service":     {`{"source":"aws.ecs","detail-type":"ECS Deployment State Change","detail":{"eventName":"X"}}`, event.MissingName},
		"an instance without an ARN":     {`{"source":"aws.ecs","detail-type":"ECS Container Instance State Change","detail":{"status":"ACTIVE"}}`, event.MissingName},
	} {
		t.Run(name, func(t *testing.T) {
			err := badOne(t, tc.body)
			if got := run.ReasonOf(err); got != tc.want {
				t.Errorf("reason = %s (%v), want %s", got, err, tc.want)
			}
			if run.Retryable(err) {
				t.Error("the error says that another try may help")
			}
			if len(err.Error()) > 1000 {
				t.Errorf("the error has %d characters", len(err.Error()))
			}
		})
	}
}

func TestOneBadRecordLeavesTheOthersOfItsNotification(t *testing.T) {
	record := func(name, key string) string {
		return fmt.Sprintf(`{"eventSource":"aws:s3","eventName":%q,"s3":{"bucket":{"name":"b"},"object":{"key":%q}}}`, name, key)
	}
	body := `{"Records":[` + strings.Join([]string{
		record("ObjectCreated:Put", "one"), record("ObjectCreated:Put", "100%"), record("ObjectRemoved:Delete", "gone"),
		record("ObjectCreated:CompleteMultipartUpload", "two"), `7`,
	}, ",") + `]}`
	got := only(t, []byte(body)).(event.Objects)
	if len(got.Created) != 2 || got.Created[0].Object.Key != "one" || got.Created[1].Object.Key != "two" {
		t.Errorf("created = %+v, want one and two", got.Created)
	}
	if len(got.Bad) != 2 || got.Ignored != 1 {
		t.Errorf("%d bad and %d ignored, want 2 and 1", len(got.Bad), got.Ignored)
	}
	if got.Created[1].How != "ObjectCreated:CompleteMultipartUpload" {
		t.Errorf("how = %q", got.Created[1].How)
	}
}

func TestAnUnknownEventIsAValue(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want event.Unknown
	}{
		"another event of S3":         {`{"source":"aws.s3","detail-type":"Object Deleted","detail":{}}`, event.Unknown{Source: "aws.s3", Type: "Object Deleted"}},
		"another event of ECS":        {`{"source":"aws.ecs","detail-type":"AWS API Call via CloudTrail","detail":{}}`, event.Unknown{Source: "aws.ecs", Type: "AWS API Call via CloudTrail"}},
		"another source":              {`{"source":"my.app","detail-type":"Object Created","detail":{}}`, event.Unknown{Source: "my.app", Type: "Object Created"}},
		"records of another service":  {`{"Records":[{"eventSource":"aws:dynamodb"}]}`, event.Unknown{Source: "aws:dynamodb", Type: "Records"}},
		"a subscription to confirm":   {`{"Type":"SubscriptionConfirmation","Message":"You have chosen"}`, event.Unknown{Source: "aws.sns", Type: "SubscriptionConfirmation"}},
		"a source of an unknown type": {`{"source":5,"detail-type":"x"}`, event.Unknown{Source: "5", Type: "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := only(t, []byte(tc.body)); got != tc.want {
				t.Errorf("decoded to %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestATaskInTypesOfOtherReleases(t *testing.T) {
	body := `{"id":7,"source":"aws.ecs","detail-type":"ECS Task State Change","time":1772366400,
		"resources":["arn:aws:ecs:eu-north-1:111122223333:task/c/t"],
		"detail":{"lastStatus":"STOPPED","version":"6","cpu":256,"memory":"512","createdAt":1772366400.5,
		"startedAt":"2026-03-01T12:00:28Z","stoppedAt":"2026-03-01T12:01:03.975123456+01:00","enableExecuteCommand":"no",
		"attachments":"none","stoppedReason":null,"new":{"field":[1]},
		"containers":[{"name":"main","exitCode":"137","cpu":0},null,7,{"name":"side","exitCode":null},{"name":"odd","exitCode":{}}]}}`
	got := only(t, []byte(body)).(event.TaskChange)
	task := got.Task
	if got.ID != "7" || task.Version != 6 || task.ARN != "arn:aws:ecs:eu-north-1:111122223333:task/c/t" {
		t.Errorf("event = %+v", got)
	}
	if want := "arn:aws:ecs:eu-north-1:111122223333:cluster/c"; task.Cluster != want {
		t.Errorf("cluster = %q, want %q", task.Cluster, want)
	}
	if want := time.Date(2026, 3, 1, 11, 1, 3, 975123456, time.UTC); !task.StoppedAt.Equal(want) {
		t.Errorf("stopped at %s, want %s", task.StoppedAt, want)
	}
	if want := time.Date(2026, 3, 1, 12, 0, 0, 500_000_000, time.UTC); !task.CreatedAt.Equal(want) {
		t.Errorf("created at %s, want %s", task.CreatedAt, want)
	}
	if len(task.Containers) != 4 { // null is a container of which nothing is known
		t.Fatalf("containers = %+v, want 4", task.Containers)
	}
	if code := task.Containers[0].ExitCode; code == nil || *code != 137 {
		t.Errorf("exit code = %v, want 137", code)
	}
	for _, c := range task.Containers[1:] {
		if c.ExitCode != nil {
			t.Errorf("exit code of %q = %d, want none", c.Name, *c.ExitCode)
		}
	}
}

func TestATaskOfTheOldARNFormat(t *testing.T) {
	body := `{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":{"taskArn":"arn:aws:ecs:us-east-1:111122223333:task/b99d40b3","lastStatus":"RUNNING"}}`
	if got := only(t, []byte(body)).(event.TaskChange).Task; got.Cluster != "" || got.ARN == "" {
		t.Errorf("task = %+v, want an ARN and no cluster", got)
	}
}

func TestHugeTextsAreCut(t *testing.T) {
	huge := strings.Repeat("é", 5<<20)
	body := `{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":{"taskArn":"arn:aws:ecs:r:1:task/c/t","lastStatus":"STOPPED","stoppedReason":"` +
		huge + `","containers":[` + strings.TrimSuffix(strings.Repeat(`{"name":"c","reason":"`+strings.Repeat("x", 5000)+`"},`, 200), ",") + `]}}`
	task := only(t, []byte(body)).(event.TaskChange).Task
	if n := len(task.StoppedReason); n == 0 || n > 2048 || !strings.HasPrefix(huge, task.StoppedReason) {
		t.Errorf("the reason has %d bytes", n)
	}
	if len(task.Containers) > 100 || len(task.Containers[0].Reason) > 2048 {
		t.Errorf("%d containers with a reason of %d bytes", len(task.Containers), len(task.Containers[0].Reason))
	}
}

func TestInstanceChange(t *testing.T) {
	body := `{"id":"e","source":"aws.ecs","detail-type":"ECS Container Instance State Change","time":"2026-03-01T12:04:01Z",
		"resources":["arn:aws:ecs:eu-north-1:111122223333:container-instance/c/i"],
		"detail":{"agentConnected":true,"clusterArn":"arn:aws:ecs:eu-north-1:111122223333:cluster/c","ec2InstanceId":"i-0","status":"DRAINING","version":14}}`
	want := event.InstanceChange{
		ID: "e", At: time.Date(2026, 3, 1, 12, 4, 1, 0, time.UTC), Cluster: "arn:aws:ecs:eu-north-1:111122223333:cluster/c",
		Instance: "arn:aws:ecs:eu-north-1:111122223333:container-instance/c/i", EC2Instance: "i-0", Status: "DRAINING",
		AgentConnected: true, Version: 14,
	}
	if got := only(t, []byte(body)); got != want {
		t.Errorf("decoded to %+v, want %+v", got, want)
	}
}

func TestANudgeComesBackAsItWasSent(t *testing.T) {
	body, err := event.EncodeNudge("images")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := only(t, body), (event.Nudge{Job: "images"}); got != want {
		t.Errorf("decoded to %+v, want %+v", got, want)
	}
}

func TestParseTick(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		payload string
		at      time.Time
		tick    bool
	}{
		"what Scheduler sends by itself": {string(sample(t, "scheduler-tick")), noon, true},
		"an empty input":                 {`{}`, time.Time{}, true},
		"null":                           {`null`, time.Time{}, true},
		"no payload":                     {``, time.Time{}, true},
		"a time that nothing filled in":  {`{"time":"<aws.scheduler.scheduled-time>"}`, time.Time{}, true},
		"an input of one's own":          {`{"scheduledTime":"2026-03-01T12:00:00Z"}`, noon, true},
		"an EventBridge rule":            {`{"source":"aws.events","detail-type":"Scheduled Event","time":"2026-03-01T12:00:00Z","detail":{}}`, noon, true},
		"an event of S3":                 {string(sample(t, "eventbridge-object-created")), time.Time{}, false},
		"a batch":                        {string(sample(t, "sqs-launch-queued")), time.Time{}, false},
		"a list":                         {`[]`, time.Time{}, false},
		"text":                           {`"tick"`, time.Time{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			tick, ok := event.ParseTick([]byte(tc.payload))
			if ok != tc.tick || !tick.At.Equal(tc.at) {
				t.Errorf("ParseTick = %v, %v, want %v, %v", tick.At, ok, tc.at, tc.tick)
			}
		})
	}
}

func TestWhatIsNoBatch(t *testing.T) {
	for name, payload := range map[string]string{
		"an event":                  string(sample(t, "eventbridge-object-created")),
		"a notification":            string(sample(t, "s3-object-created")),
		"no records":                `{"Records":[]}`,
		"a message without an ID":   `{"Records":[{"eventSource":"aws:sqs","body":"{}"}]}`,
		"a body of another type":    `{"Records":[{"eventSource":"aws:sqs","messageId":"m","body":{}}]}`,
		"attributes of another one": `{"Records":[{"eventSource":"aws:sqs","messageId":"m","body":"","attributes":[]}]}`,
		"text":                      `hello`,
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := event.Batch([]byte(payload)); ok {
				t.Errorf("read as the batch %+v", got)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"eventbridge-object-created", "s3-object-created", "s3-test-event", "ecs-task-state-change-stopped-exit1", "ecs-deployment-state-change-failed"} {
		f.Add(sample(f, name))
	}
	f.Add([]byte(`{"Type":"Notification","Message":"{}"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := event.Decode(body)
		if err != nil {
			checkError(t, err)
			return
		}
		objects, ok := e.(event.Objects)
		if !ok {
			return
		}
		for _, err := range objects.Bad {
			checkError(t, err)
		}
		for _, c := range objects.Created {
			if o := c.Object; o.Bucket == "" || o.Key == "" || len(o.Key) > event.MaxKey || o.Size < 0 || strings.ContainsRune(o.Key, 0) {
				t.Errorf("object = %+v", o)
			}
		}
	})
}

func checkError(t *testing.T, err error) {
	t.Helper()
	var e *run.Error
	if !errors.As(err, &e) || e.Reason == "" || e.Kind != run.Invalid || len(err.Error()) > 2000 {
		t.Errorf("error without a reason, or too long: %v", err)
	}
}

func FuzzKey(f *testing.F) {
	for _, key := range []string{"a b", "a+b", "100%", "größe", "a/b//c", "%2B", "\x01"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if key == "" || len(key) > event.MaxKey || strings.ToValidUTF8(key, "") != key || strings.ContainsRune(key, 0) {
			t.Skip()
		}
		for _, body := range []string{bridge(quoted(t, key), "1"), native(quoted(t, url.QueryEscape(key)), "1")} {
			if got := only(t, []byte(body)).(event.Objects).Created[0].Object.Key; got != key {
				t.Errorf("key = %q, want %q", got, key)
			}
		}
	})
}
