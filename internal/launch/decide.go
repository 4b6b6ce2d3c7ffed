package launch

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"slipway/internal/run"
)

// MaxOverrides is how many characters RunTask accepts as overrides, in JSON with its formatting.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
const MaxOverrides = 8192

// Input is what a launch decision is made from.
type Input struct {
	Stack      string
	Job        run.Job
	Run        run.Run
	Definition run.Definition
	Members    []run.Run // of a batch: the runs of its objects that are not final
	// Bucket is where lists of objects that are too long for RunTask, and the reports about them, are put. Empty: there is none.
	Bucket string
	// Trace is the tracing header of X-Ray that the task goes on with. Empty: nothing is traced.
	Trace string
}

// Decide is the whole launch decision for a run's next launch: what is started, where, how large and with which
// variables. It returns an error that no retry can help (run.Never) when the job cannot be launched as it is.
func Decide(in Input) (run.Decision, error) {
	j, r, d := in.Job, in.Run, in.Definition
	if len(j.Task.Capacity) == 0 {
		return run.Decision{}, run.Never("no-capacity", fmt.Errorf("decide the launch of job %s: it names no capacity", j.Name))
	}
	container := j.Task.Container
	if container == "" {
		container = d.Main()
	}
	if container == "" {
		return run.Decision{}, run.Never("container-unclear", fmt.Errorf(
			"decide the launch of job %s: %s has several containers; name the one that matters as task.container", j.Name, d.ARN))
	}
	out := in.placed()
	out.Definition, out.Container, out.Timeout = d.ARN, container, j.Timeout
	if err := suits(out.Capacity, d); err != nil {
		return run.Decision{}, err
	}
	if d.NetworkMode != "awsvpc" { // ECS refuses a network for any other mode
		out.Subnets, out.SecurityGroups, out.PublicIP = nil, nil, false
	}
	out.PropagateTags, out.EnableECSManagedTags = j.Task.PropagateTags, j.Task.EnableECSManagedTags
	out.EnableExecuteCommand = j.Task.EnableExecuteCommand
	variables := Variables(in.Stack, r)
	out.Command, out.Environment = expandAll(j.Task.Command, variables), environment(j, r, variables)
	out.Tags = tags(j.Task.Tags, variables)
	size(&out, j.Resources, bytesOf(r))
	fit(&out)
	out, err := in.listed(out)
	if err != nil {
		return out, err
	}
	return traced(out, in.Trace), nil
}

// TraceVariable holds the tracing header of X-Ray, under the name by which its SDKs find it in a function.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
const TraceVariable = "_X_AMZN_TRACE_ID"

// traced adds the tracing header. A value that the job gives stays, and where RunTask has no room for the header it is left
// out: a run is worth more than its trace.
func traced(d run.Decision, header string) run.Decision {
	if header == "" || slices.ContainsFunc(d.Environment, func(v run.EnvVar) bool { return v.Name == TraceVariable }) {
		return d
	}
	with := d
	with.Environment = withVariable(d.Environment, TraceVariable, header)
	if overridesLength(with) > MaxOverrides {
		return d
	}
	return with
}

// placed is where the launch goes.
func (in Input) placed() run.Decision {
	t := in.Job.Task
	step := in.Run.Place.Step % len(t.Capacity)
	out := run.Decision{
		Cluster: t.Cluster, Step: step, Capacity: t.Capacity[step], RunningWithin: t.Limit(t.Capacity[step]),
		Subnets: t.Subnets, SecurityGroups: t.SecurityGroups, PublicIP: t.PublicIP,
	}
	if zone := in.Run.Place.Zone; zone > 0 && zone <= zones(t) {
		first := seed(in.Run.ID) % uint64(len(t.Subnets))
		out.Zone = zone
		out.Subnets = []string{t.Subnets[(first+uint64(zone)-1)%uint64(len(t.Subnets))]}
	}
	out.PlatformVersion, out.Placement = t.PlatformVersion, t.Placement
	return out
}

// fit removes what the step of the capacity order does not take. A step that is no launch type is a capacity provider:
// FARGATE and FARGATE_SPOT are those of Fargate, any other one is of instances, whether an Auto Scaling group or ECS
// itself runs them.
func fit(d *run.Decision) {
	if onFargate(d.Capacity) {
		// Fargate places its tasks itself.
		// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
		d.Placement = run.Placement{}
		return
	}
	// "Assign public IP is not supported for this launch type": an interface on an instance has a private address only.
	// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-networking-awsvpc.html
	d.PublicIP = false
	// Platform versions and ephemeral storage are Fargate's. On an instance a task has the disk of the instance.
	// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html
	d.PlatformVersion, d.EphemeralStorage = "", 0
	if d.Capacity == "EXTERNAL" { // there is no VPC
		d.Subnets, d.SecurityGroups = nil, nil
	}
}

// suits returns an error that no retry can help when the definition does not support the launch type of the step. What a
// capacity provider of one's own needs is not known here. ECS would refuse the launch, in words that name no remedy.
func suits(step string, d run.Definition) error {
	needs := step
	switch {
	case onFargate(step):
		needs = "FARGATE"
	case step != "EC2" && step != "EXTERNAL":
		return nil
	}
	if len(d.Compatibilities) == 0 || slices.Contains(d.Compatibilities, needs) {
		return nil
	}
	return run.Never("capacity-incompatible", fmt.Errorf(
		"decide a launch on %s: the task definition %s is for %s; add %s to its RequiresCompatibilities, or take %s out of task.capacity",
		step, d.ARN, strings.Join(d.Compatibilities, ", "), needs, step))
}

// listed adds the objects of a batch: among the variables when they fit there, else as an address.
func (in Input) listed(d run.Decision) (run.Decision, error) {
	if in.Run.Objects == nil {
		return d, fits(d, in.Run)
	}
	if in.Bucket != "" {
		base := fmt.Sprintf("s3://%s/%s/%s/%d/", in.Bucket, in.Job.Name, in.Run.ID, in.Run.Attempt)
		d.ReportURL, d.ManifestURL = base+"report.json", base+"manifest.json"
		d.Environment = withVariable(d.Environment, ReportVariable, d.ReportURL)
	}
	inline := d
	inline.ManifestURL = ""
	inline.Environment = withVariable(d.Environment, ManifestVariable, string(Manifest(in.Run, in.Members, d.ReportURL)))
	if overridesLength(inline) <= MaxOverrides {
		return inline, nil
	}
	if in.Bucket == "" {
		return d, run.Never("overrides-too-long", fmt.Errorf(
			"decide the launch of run %s: its %d objects are too many for one RunTask, and there is no bucket for their list", in.Run.ID, len(in.Members)))
	}
	d.Environment = withVariable(d.Environment, ManifestVariable, d.ManifestURL)
	return d, fits(d, in.Run)
}

func fits(d run.Decision, r run.Run) error {
	if n := overridesLength(d); n > MaxOverrides {
		return run.Never("overrides-too-long", fmt.Errorf(
			"decide the launch of run %s: its command and environment need %d characters, and ECS takes %d", r.ID, n, MaxOverrides))
	}
	return nil
}

// withVariable is the variables and one more, sorted by name.
func withVariable(variables []run.EnvVar, name, value string) []run.EnvVar {
	out := append(slices.Clone(variables), run.EnvVar{Name: name, Value: value})
	slices.SortFunc(out, func(a, b run.EnvVar) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// maxZones bounds how many subnets are tried one by one: a region has three to six zones, and each try is a call.
const maxZones = 3

// zones is how many subnets are tried alone after all of them together had no capacity. Slipway does not know which
// zone a subnet is in; subnets of one job are usually in as many zones.
func zones(t run.TaskSpec) int {
	if len(t.Subnets) < 2 {
		return 0
	}
	return min(len(t.Subnets), maxZones)
}

func onFargate(capacity string) bool { return capacity == "FARGATE" || capacity == "FARGATE_SPOT" }

func seed(id run.ID) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // never fails
	return h.Sum64()
}

// NextPlace is where the next launch goes after the last one met a lack of capacity, and whether that was the last place
// there is: then it begins again with the first one, later. A zonal lack is tried again with other subnets first.
func NextPlace(j run.Job, tried run.Place, zonal bool) (next run.Place, wrapped bool) {
	if zonal && tried.Zone < zones(j.Task) {
		return run.Place{Step: tried.Step, Zone: tried.Zone + 1}, false
	}
	if tried.Step+1 < len(j.Task.Capacity) {
		return run.Place{Step: tried.Step + 1}, false
	}
	return run.Place{}, true
}

// RetryPlace is where the next attempt goes after one has ended with the outcome. A second Spot interruption of a run is
// not risked on the same step again; after any other end the order begins anew, as for a new run.
func RetryPlace(j run.Job, r run.Run, o run.Outcome) run.Place {
	if o.Class != run.SpotInterruption {
		if r.Interruptions >= 2 {
			return run.Place{Step: r.Place.Step}
		}
		return run.Place{}
	}
	if r.Interruptions == 0 { // this one is the first
		return run.Place{Step: r.Place.Step}
	}
	next, _ := NextPlace(j, run.Place{Step: r.Place.Step}, false)
	return next
}

// Request is the RunTask request of a claimed run, built from its record alone.
func Request(stack string, r run.Run) run.TaskRequest {
	return run.TaskRequest{
		Token:       run.Token(stack, r),
		StartedBy:   run.StartedBy(stack, r.ID, r.Attempt),
		Decision:    *r.Decision,
		Environment: r.Decision.Environment,
		Tags:        r.Decision.Tags,
	}
}

// Variables are the variables that every container of Slipway gets, by name.
func Variables(stack string, r run.Run) map[string]string {
	v := map[string]string{
		"SLIPWAY_STACK":   stack,
		"SLIPWAY_JOB":     r.Job,
		"SLIPWAY_RUN_ID":  string(r.ID),
		"SLIPWAY_ATTEMPT": strconv.Itoa(r.Attempt),
	}
	if o := r.Input.Object; o != nil {
		v["S3_BUCKET"], v["S3_KEY"], v["S3_VERSION_ID"] = o.Bucket, o.Key, o.VersionID
		v["S3_ETAG"], v["S3_SIZE"], v["S3_SEQUENCER"] = o.ETag, strconv.FormatInt(o.Size, 10), o.Sequencer
	}
	if at := r.Input.ScheduledTime; at != nil {
		v["SLIPWAY_SCHEDULED_TIME"], v["SLIPWAY_INTERVAL_END"] = stamp(*at), stamp(*at)
	}
	if r.Input.Count > 0 {
		v["SLIPWAY_INDEX"], v["SLIPWAY_COUNT"] = strconv.Itoa(r.Input.Index), strconv.Itoa(r.Input.Count)
	}
	if from := r.Input.IntervalStart; from != nil {
		v["SLIPWAY_INTERVAL_START"] = stamp(*from)
	}
	return v
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// environment is the job's variables, then those given by hand, then Slipway's own, which nothing can replace;
// sorted by name, so that the same run always gives the same request.
func environment(j run.Job, r run.Run, own map[string]string) []run.EnvVar {
	all := map[string]string{}
	for name, value := range j.Task.Environment {
		all[name] = expand(value, own)
	}
	for _, v := range r.Input.Environment {
		all[v.Name] = v.Value
	}
	maps.Copy(all, own)
	out := make([]run.EnvVar, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, run.EnvVar{Name: name, Value: all[name]})
	}
	return out
}

// expand fills in $(NAME). A name that is not one of Slipway's variables stays as it is.
func expand(text string, variables map[string]string) string {
	if !strings.Contains(text, "$(") {
		return text
	}
	var b strings.Builder
	for {
		start := strings.Index(text, "$(")
		end := strings.IndexByte(text[max(start, 0):], ')')
		if start < 0 || end < 0 {
			b.WriteString(text)
			return b.String()
		}
		end += start
		b.WriteString(text[:start])
		if value, ok := variables[text[start+2:end]]; ok {
			b.WriteString(value)
		} else {
			b.WriteString(text[start : end+1])
		}
		text = text[end+1:]
	}
}

func expandAll(texts []string, variables map[string]string) []string {
	var out []string
	for _, t := range texts {
		out = append(out, expand(t, variables))
	}
	return out
}

func tags(all, variables map[string]string) []run.EnvVar {
	var out []run.EnvVar
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, run.EnvVar{Name: name, Value: expand(all[name], variables)})
	}
	return out
}

// bytesOf is how much a run works on; -1 when that is not known.
func bytesOf(r run.Run) int64 {
	switch {
	case r.Input.Object != nil:
		return r.Input.Object.Size
	case r.Objects != nil:
		return r.Objects.Bytes
	}
	return -1
}

// size applies the rule with the highest threshold that the bytes exceed.
func size(d *run.Decision, rules []run.Resources, bytes int64) {
	best := int64(-1)
	for _, rule := range rules {
		if bytes > rule.Over && rule.Over > best {
			best = rule.Over
			d.CPU, d.Memory, d.EphemeralStorage = rule.CPU, rule.Memory, rule.EphemeralStorage
		}
	}
}
