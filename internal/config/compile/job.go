package compile

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"slipway/internal/config"
	"slipway/internal/match"
	"slipway/internal/run"
	"slipway/internal/schedule"
)

// job builds a job. Own is what the file says under its name, v the same with the defaults.
func (r *reader) job(name string, own, v *value) run.Job {
	if inherited := v.get("task"); inherited != nil && own.get("task") == nil {
		here := *inherited // what is missing is missing here
		here.line, here.column, here.path = own.line, own.column, join(own.path, "task")
		v.keys["task"] = &here
	}
	r.require(v)
	j := run.Job{
		Name:        name,
		Trigger:     r.trigger(v.get("trigger")),
		Task:        r.task(v.get("task")),
		Resources:   r.resources(v.get("resources"), v.get("task", "capacity").strs()),
		Concurrency: r.concurrency(v.get("concurrency")),
		Retry:       r.retry(v.get("retry")),
		Timeout:     duration(v.get("timeout")),
		StartWithin: duration(v.get("startWithin")),

		SuccessWithin: r.successWithin(v.get("successWithin"), v.get("trigger", "schedule") != nil),
	}
	r.platform(v.get("task", "platformVersion"), j.Task.Capacity, j.Resources)
	r.indexed(j, v)
	r.ofObjects(&j, own, v)
	r.variables(j, v)
	r.loop(j, v)
	if own.get("resources") != nil && !r.startedByObjects(j, v) {
		r.add(own.get("resources"), "sizes go by the object's size, and this job is not started by objects; set the size in the task definition")
	}
	return j
}

func duration(v *value) time.Duration { return time.Duration(v.num()) }

func (r *reader) trigger(v *value) run.JobTrigger {
	s3, plan := v.get("s3"), v.get("schedule")
	r.oneTrigger(v, s3, plan)
	var t run.JobTrigger
	if s3 != nil {
		t.S3 = r.s3(s3)
	}
	if plan != nil {
		t.Schedule = r.schedule(plan, v)
	}
	return t
}

// oneTrigger reports a job that is started by nothing, or by two things.
func (r *reader) oneTrigger(v, s3, plan *value) {
	switch {
	case v == nil || r.mentioned(v, "s3") || r.mentioned(v, "schedule"):
	case s3 == nil && plan == nil:
		r.add(v, "say what starts the job: s3 or schedule")
	case s3 != nil && plan != nil:
		r.add(plan, "a job has one trigger; give the schedule a job of its own")
	case plan == nil && len(v.names) > 1:
		r.add(v, "beside s3 there is nothing: the other keys belong to a schedule")
	}
}

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

func (r *reader) s3(v *value) *run.S3Trigger {
	bucket := v.get("bucket")
	switch name := example1(bucket.str()); {
	case bucket == nil:
	case strings.HasPrefix(name, "arn:") || strings.HasPrefix(name, "s3://"):
		r.add(bucket, "write the name of the bucket alone")
	case bucket.text == "${BatchBucket}":
		r.add(bucket, "the objects of ${BatchBucket} are Slipway's own, and it tells EventBridge nothing of them; name the bucket that the work comes to")
	case !bucketName.MatchString(name):
		r.add(bucket, "%s is not the name of a bucket: 3 to 63 of a-z, 0-9, dot and hyphen", quote(bucket.text))
	default:
		r.refers(bucket)
	}
	t := &run.S3Trigger{Bucket: bucket.str(), Keys: v.get("key").strs()}
	t.Size = run.Size{Min: v.get("size", "min").num(), Max: v.get("size", "max").num()}
	if maximum := v.get("size", "max"); maximum != nil && t.Size.Max < max(t.Size.Min, 1) {
		r.add(maximum, "no object is that small: max is below min, or nothing")
	}
	r.patterns(v.get("key"))
	return t
}

func (r *reader) patterns(v *value) {
	seen := map[string]bool{}
	for _, item := range v.all() {
		pattern := strings.TrimPrefix(item.text, "!")
		switch {
		case strings.HasPrefix(pattern, "s3://"):
			r.add(item, "a pattern is matched against the key alone; leave s3:// and the bucket out")
		case strings.HasPrefix(pattern, "/"):
			r.add(item, "keys begin without a slash; write %s", quote(strings.TrimLeft(pattern, "/")))
		case !match.ValidPattern(pattern):
			r.add(item, `%s is not a glob: a bracket, brace or backslash is left open; a backslash takes one as it is, as in \[`, quote(item.text))
		case halfStars(pattern):
			r.add(item, "** counts for folders only where it stands alone between slashes; write **/*.jpg rather than **.jpg")
		case len(pattern) > 1024:
			r.add(item, "a key has at most 1,024 bytes, and this pattern has %d", len(pattern))
		case seen[item.text]:
			r.add(item, "this pattern is here twice")
		}
		seen[item.text] = true
	}
}

// halfStars reports whether "**" stands beside anything but a slash, where it is no more than "*".
func halfStars(pattern string) bool {
	return slices.ContainsFunc(strings.Split(pattern, "/"), func(part string) bool {
		return strings.Contains(part, "**") && part != "**" && !strings.ContainsAny(part, `\{[`)
	})
}

func (r *reader) schedule(v, trigger *value) *run.ScheduleTrigger {
	zone := trigger.get("timezone")
	t := &run.ScheduleTrigger{
		Expression: v.text, Timezone: zone.str(), Start: trigger.get("start").instant(), End: trigger.get("end").instant(),
		CatchUp: run.CatchUp{Within: duration(trigger.get("catchUp", "within")), Runs: trigger.get("catchUp", "runs").str()},
		Jitter:  duration(trigger.get("jitter")), PauseOnFailure: int(trigger.get("pauseOnFailure").num()),
		Count: int(trigger.get("count").num()),
	}
	s, err := schedule.For(*t)
	var syntax *schedule.SyntaxError
	var unknown *schedule.ZoneError
	switch {
	case errors.As(err, &unknown) && zone != nil:
		r.add(zone, "%s", err)
	case errors.As(err, &syntax):
		r.add(v, "position %d of %s: %s", syntax.Offset+1, quote(v.text), syntax.Message)
	case err != nil:
		r.add(v, "%s", err)
	default:
		if why := s.Never(); why != "" {
			r.add(v, "this never fires: %s", why)
		}
		r.jitter(trigger.get("jitter"), s)
	}
	return t
}

func (r *reader) retry(v *value) run.Retry {
	t := run.Retry{Attempts: int(v.get("attempts").num()), On: v.get("on").strs()}
	for _, code := range v.get("exitCodes").all() {
		t.ExitCodes = append(t.ExitCodes, int(code.number))
	}
	if t.Attempts > 1 && len(t.On)+len(t.ExitCodes) == 0 && !r.mentioned(v, "on") && !r.mentioned(v, "exitCodes") {
		r.add(v, "say what is tried again, as in on: [spot-interruption, infrastructure] or exitCodes: [75]")
	}
	return t
}

func (r *reader) scaler(name string, v *value) config.Scaler {
	s := config.Scaler{
		Name: name, Queues: v.get("queues").strs(),
		Min: int(v.get("tasks", "min").num()), Max: int(v.get("tasks", "max").num()),
		MessagesPerTask: int(v.get("messagesPerTask").num()), ScaleIn: v.get("scaleIn").str(),
		Latency: time.Duration(v.get("latency").num()), MaxGroups: int(v.get("maxGroups").num()),
		ServiceTime: time.Duration(v.get("serviceTime").num()), StartupTime: time.Duration(v.get("startupTime").num()),
	}
	s.Cluster, s.Service = r.service(v.get("service"))
	if limit := v.get("tasks", "max"); limit != nil && s.Max < s.Min {
		r.add(limit, "max is below min, which is %d", s.Min)
	}
	r.queues(v)
	return s
}

// queues checks the queues of a scaler, each by itself and together.
func (r *reader) queues(v *value) {
	seen, fifo, own := map[string]bool{}, false, false
	for _, q := range v.get("queues").all() {
		r.queue(q)
		if seen[q.text] {
			r.add(q, "%s is there twice; its messages would be counted twice", quote(q.text))
		}
		seen[q.text] = true
		_, ours := Whole(q.text)
		fifo, own = fifo || strings.HasSuffix(q.text, ".fifo"), own || !ours
	}
	if limit := v.get("maxGroups"); limit != nil && own && !fifo {
		r.add(limit, "none of the queues is FIFO, and only messages of a FIFO queue wait for others of their group; leave maxGroups out")
	}
}
