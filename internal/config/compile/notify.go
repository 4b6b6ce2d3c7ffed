package compile

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"slipway/internal/config"
	"slipway/internal/stop"
)

// wholeCluster is the word that watches everything.
const wholeCluster = "cluster"

// eventNames are the events of notifications.
func eventNames() []string {
	return []string{"run.failed", "task.failed", "job.late", "service.error", "deployment.failed", "dead-letter", "spot.notice", "recovered"}
}

func notification() *Shape {
	names := &Shape{Kind: List, Item: text, Min: 1, Max: 100, Single: true}
	return &Shape{Kind: Mapping, Keys: []Key{
		{Name: "to", Doc: "Mail addresses and ARNs of SNS topics. When the stack has no sender, what is for addresses goes to the stack's own topic, to which NotificationEmail is subscribed.", Shape: &Shape{Kind: List, Item: refers("mail"), Min: 1, Max: 50, Single: true}, Required: true, Example: `["${NotificationEmail}"]`},
		{Name: "events", Doc: "Of what: `run.failed`, a run that has failed for good; `task.failed`, a failed task of a service that is watched; `job.late`, a job that has not succeeded in time (`successWithin`); `service.error`, trouble that ECS reports of a watched service; `deployment.failed`; `dead-letter`, messages that could not be handled; `spot.notice`, Spot capacity that is taken back in two minutes; `recovered`, the end of any of these.", Shape: &Shape{Kind: List, Item: choice(eventNames()...), Min: 1, Single: true}, Required: true, Example: "[run.failed, task.failed, recovered]"},
		{Name: "jobs", Doc: "Only of these jobs.", Shape: names, Default: "every job", Example: "[images]"},
		{Name: "services", Doc: "Only of these services, by name.", Shape: names, Default: "every service", Example: "[orders]"},
		{Name: "classes", Doc: "Only of these classes of outcome.", Shape: &Shape{Kind: List, Item: choice(stop.Names()...), Min: 1, Single: true}, Default: "every class", Example: "[out-of-memory, timeout]"},
		{Name: "severity", Doc: "The least severity.", Shape: choice(stop.Info, stop.Warning, stop.Error), Default: "info"},
		{Name: "watch", Doc: "Services that are watched beside those under `scalers`, as `CLUSTER/SERVICE` or by ARN; or `cluster`: every service and every task on the clusters of this file.", Shape: &Shape{Kind: List, Item: text, Min: 1, Max: 100, Single: true}, Default: "the services under scalers", Example: `["${ClusterName}/website"]`},
	}}
}

func stopRule() *Shape {
	names := &Shape{Kind: List, Item: text, Min: 1, Max: 100, Single: true}
	return &Shape{Kind: Mapping, Keys: []Key{
		{Name: "jobs", Doc: "For tasks of these jobs.", Shape: names, Default: "any", Example: "[images]"},
		{Name: "services", Doc: "For tasks of these services, by name.", Shape: names, Default: "any", Example: "[orders]"},
		{Name: "container", Doc: "For this container.", Shape: text, Default: "any", Example: "main"},
		{Name: "exitCodes", Doc: "For these exit codes.", Shape: &Shape{Kind: List, Item: number(0, 255), Min: 1, Max: 255, Single: true}, Default: "any", Example: "[65]"},
		{Name: "reason", Doc: "For reasons that hold this text, in any case.", Shape: text, Default: "any", Example: `"no space left"`},
		{Name: "stopCode", Doc: "For this stop code of ECS.", Shape: text, Default: "any", Example: "EssentialContainerExited"},
		{Name: "class", Doc: "The class that it is.", Shape: choice(stop.Names()...), Default: "as Slipway finds it", Example: "application-error"},
		{Name: "severity", Doc: "How bad it is.", Shape: choice(stop.Info, stop.Warning, stop.Error), Default: "as the class has it"},
		{Name: "expected", Doc: "Whether it is nothing that anybody must know.", Shape: flag, Default: "as the class has it"},
		{Name: "retryable", Doc: "Whether another attempt may end better.", Shape: flag, Default: "as the class has it"},
		{Name: "summary", Doc: "The cause in plain words, for the mail.", Shape: text, Default: "as the class has it", Example: `"The picture is corrupt."`},
		{Name: "remedy", Doc: "What to do, for the mail.", Shape: text, Default: "as the class has it", Example: `"Ask who sent it for another copy."`},
		{Name: "link", Doc: "Where to read more, an https address.", Shape: text, Default: "as the class has it", Example: "https://wiki.example.com/pictures"},
	}}
}

func logPlace() *Shape {
	return &Shape{Kind: Mapping, Keys: []Key{
		{Name: "group", Doc: "Name of the CloudWatch log group.", Shape: refers("logs"), Required: true, Example: "/ecs/images"},
		{Name: "prefix", Doc: "The log driver's `awslogs-stream-prefix`.", Shape: text, Required: true, Example: "task"},
		{Name: "lines", Doc: "How many of the last lines, at most.", Shape: number(1, 50), Default: "20"},
	}}
}

// defaultLines is how many lines of a log a mail shows.
const defaultLines = 20

// telling reads who is told of what, and what they are told.
func (r *reader) telling(root *value, c *config.Config) {
	for _, v := range root.get("notifications").all() {
		c.Notifications = append(c.Notifications, r.notification(v, root))
	}
	for _, v := range root.get("stops").all() {
		c.Stops = append(c.Stops, r.stop(v, root))
	}
	c.Containers = root.get("containers").texts()
	for _, name := range sortedNames(root.get("logs")) {
		c.Logs = append(c.Logs, r.log(name, root.get("logs", name)))
	}
}

func (r *reader) notification(v, root *value) config.Notification {
	for _, to := range v.get("to").all() {
		r.recipient(to)
	}
	n := config.Notification{
		To: v.get("to").strs(), Events: v.get("events").strs(), Jobs: v.get("jobs").strs(), Services: v.get("services").strs(),
		Classes: v.get("classes").strs(), Severity: v.get("severity").str(),
	}
	r.jobNames(v.get("jobs"), root)
	for _, w := range v.get("watch").all() {
		if w.text == wholeCluster {
			n.WatchClusters = true
			continue
		}
		cluster, service := r.service(w)
		n.Watch = append(n.Watch, config.Watched{Cluster: cluster, Service: service})
	}
	return n
}

// jobNames reports jobs that the file does not have.
func (r *reader) jobNames(names, root *value) {
	known := sortedNames(root.get("jobs"))
	for _, n := range names.all() {
		if !slices.Contains(known, n.text) {
			r.add(n, "there is no job %s; %s", quote(n.text), suggest(n.text, known))
		}
	}
}

// maxWords is how long a text of one's own may be in a mail.
const maxWords = 400

func (r *reader) stop(v, root *value) config.Stop {
	s := config.Stop{
		Jobs: v.get("jobs").strs(), Services: v.get("services").strs(), Container: v.get("container").str(),
		Reason: v.get("reason").str(), StopCode: v.get("stopCode").str(), Class: v.get("class").str(), Severity: v.get("severity").str(),
		Expected: yesOrNo(v.get("expected")), Retryable: yesOrNo(v.get("retryable")),
		Summary: v.get("summary").str(), Remedy: v.get("remedy").str(), Link: v.get("link").str(),
	}
	r.jobNames(v.get("jobs"), root)
	for _, code := range v.get("exitCodes").all() {
		s.ExitCodes = append(s.ExitCodes, int(code.number))
	}
	for _, words := range []*value{v.get("summary"), v.get("remedy")} {
		if n := len([]rune(words.str())); n > maxWords {
			r.add(words, "a mail shows at most %d characters of this, and it has %d", maxWords, n)
		}
	}
	if link := v.get("link"); link != nil {
		if u, err := url.Parse(link.text); err != nil || u.Scheme != "https" || u.Host == "" {
			r.add(link, "%s is not an https address", quote(link.text))
		}
	}
	r.stopSays(v)
	return s
}

// stopSays reports a rule that fits everything, or says nothing.
func (r *reader) stopSays(v *value) {
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return v.get(n) != nil || r.mentioned(v, n) })
	}
	if !has("jobs", "services", "container", "exitCodes", "reason", "stopCode") {
		r.add(v, "this fits every task that stops; say for which it is: exitCodes, reason, stopCode, container, jobs or services")
	}
	if !has("class", "severity", "expected", "retryable", "summary", "remedy", "link") {
		r.add(v, "this says nothing; give class, severity, expected, retryable, summary, remedy or link")
	}
}

func yesOrNo(v *value) *bool {
	if v == nil {
		return nil
	}
	is := v.is()
	return &is
}

var logGroup = regexp.MustCompile(`^[A-Za-z0-9_/.#-]{1,512}$`)

func (r *reader) log(name string, v *value) config.Log {
	l := config.Log{Name: name, Group: v.get("group").str(), Prefix: v.get("prefix").str(), Lines: int(v.get("lines").num())}
	r.refers(v.get("group"))
	if group := v.get("group"); group != nil && !logGroup.MatchString(example1(l.Group)) {
		r.add(group, "%s is not the name of a log group", quote(l.Group))
	}
	if l.Lines == 0 {
		l.Lines = defaultLines
	}
	return l
}

// successWithin is for a job that has scheduled times; as a default it is left to those that have.
func (r *reader) successWithin(v *value, scheduled bool) time.Duration {
	if v != nil && !scheduled && !strings.HasPrefix(v.path, "defaults.") {
		r.add(v, "successWithin counts from a scheduled time, and this job has no schedule")
	}
	return duration(v)
}
