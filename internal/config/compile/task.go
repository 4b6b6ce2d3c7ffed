package compile

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"slipway/internal/compatible"
	"slipway/internal/launch"
	"slipway/internal/run"
)

var (
	containerName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)
	providerName  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)
	reservedName  = regexp.MustCompile(`^(?i)(aws|ecs|fargate)`)
	subnetID      = regexp.MustCompile(`^subnet-[0-9a-z]{1,32}$`)
	groupID       = regexp.MustCompile(`^sg-[0-9a-z]{1,32}$`)
	variableName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

func (r *reader) task(v *value) run.TaskSpec {
	if v == nil {
		return run.TaskSpec{}
	}
	r.refers(v.get("cluster"))
	r.cluster(v.get("cluster"))
	r.definition(v.get("definition"), v.get("roles"))
	r.capacity(v.get("capacity"))
	if c := v.get("container"); c != nil && !containerName.MatchString(example1(c.text)) {
		r.add(c, "%s is not the name of a container: letters, digits, hyphen and underscore", quote(c.text))
	}
	network := v.get("network")
	r.ids(network.get("subnets"), subnetID, "a subnet's ID, as in subnet-0123456789abcdef0")
	r.ids(network.get("securityGroups"), groupID, "a security group's ID, as in sg-0123456789abcdef0")
	r.tags(v.get("tags"))
	capacity := v.get("capacity").strs()
	return run.TaskSpec{
		Placement: r.placement(v.get("placement"), capacity),
		Cluster:   v.get("cluster").str(), Definition: v.get("definition").str(), Roles: v.get("roles").strs(),
		Container: v.get("container").str(), Command: v.get("command").strs(), Environment: v.get("environment").texts(),
		Capacity: capacity, RunningWithin: r.runningWithin(v.get("runningWithin"), capacity), Subnets: network.get("subnets").strs(),
		SecurityGroups: network.get("securityGroups").strs(), PublicIP: network.get("publicIp").is(),
		PlatformVersion: v.get("platformVersion").str(), Tags: v.get("tags").texts(), PropagateTags: v.get("propagateTags").str(),
		EnableECSManagedTags: v.get("enableEcsManagedTags").is(), EnableExecuteCommand: v.get("enableExecuteCommand").is(),
	}
}

func (r *reader) ids(v *value, form *regexp.Regexp, words string) {
	for _, item := range v.all() {
		if !form.MatchString(item.text) {
			r.add(item, "%s is not %s", quote(item.text), words)
		}
	}
}

func (r *reader) capacity(v *value) {
	known := []string{"FARGATE", "FARGATE_SPOT", "EC2", "EXTERNAL"}
	seen := map[string]bool{}
	for _, item := range v.all() {
		near := nearest(item.text, known)
		switch {
		case slices.Contains(known, item.text):
		case !providerName.MatchString(item.text):
			r.add(item, "%s is not the name of a capacity provider: letters, digits, hyphen and underscore", quote(item.text))
		case reservedName.MatchString(item.text) || strings.EqualFold(near, strings.ReplaceAll(item.text, "-", "_")):
			r.add(item, "%s is not known here; %s", quote(item.text), suggest(item.text, known))
		}
		if seen[item.text] {
			r.add(item, "this step is here twice")
		}
		seen[item.text] = true
	}
}

func (r *reader) resources(v *value, capacity []string) []run.Resources {
	var rules []run.Resources
	seen := map[int64]bool{}
	for _, item := range v.all() {
		over := item.get("over")
		if over != nil && seen[over.number] {
			r.add(over, "there is another rule with this threshold")
		}
		seen[over.num()] = true
		rule := run.Resources{
			Over: over.num(), CPU: int(item.get("cpu").num()), Memory: int(item.get("memory").num() / mib),
			EphemeralStorage: int(item.get("ephemeralStorage").num() / gib),
		}
		r.size(item, rule, capacity)
		r.storage(item.get("ephemeralStorage"))
		rules = append(rules, rule)
	}
	return rules
}

// size checks the pair of CPU and memory.
func (r *reader) size(v *value, rule run.Resources, capacity []string) {
	cpu, memory := v.get("cpu"), v.get("memory")
	switch {
	case r.mentioned(v, "cpu") || r.mentioned(v, "memory"):
		return
	case cpu == nil && memory == nil && v.get("ephemeralStorage") == nil:
		r.add(v, "this rule changes nothing; give cpu and memory, or ephemeralStorage")
	case (cpu == nil) != (memory == nil):
		r.add(v, "give cpu and memory together: Fargate takes them in pairs")
	case cpu != nil:
		r.pair(cpu, memory, rule, capacity)
	}
}

func (r *reader) pair(cpu, memory *value, rule run.Resources, capacity []string) {
	switch {
	case memory.number%mib != 0:
		r.add(memory, "memory is counted in whole MiB")
	case rule.CPU < 128:
		r.add(cpu, "%d is %d ECS units, and 1024 are one vCPU; write %d for %d vCPU", rule.CPU, rule.CPU, rule.CPU*1024, rule.CPU)
	case onFargate(capacity):
		r.fargate(cpu, memory, rule)
	}
}

func (r *reader) fargate(cpu, memory *value, rule run.Resources) {
	sizes := compatible.FargateMemory(rule.CPU)
	switch {
	case len(sizes) == 0:
		r.add(cpu, "Fargate has no size with %d CPU units; it has 256, 512, 1024, 2048, 4096, 8192 and 16384", rule.CPU)
	case !slices.Contains(sizes, rule.Memory):
		low, high := sizes[0], sizes[len(sizes)-1]
		step := "in steps of " + formatBytes(int64(sizes[1]-sizes[0])*mib)
		if rule.CPU == 256 {
			step = "as 512MiB, 1GiB or 2GiB"
		}
		r.add(memory, "Fargate does not take %s with %d CPU units; it takes %s to %s, %s", memory.text, rule.CPU,
			formatBytes(int64(low)*mib), formatBytes(int64(high)*mib), step)
	}
}

func (r *reader) storage(v *value) {
	if v != nil && (v.number%gib != 0 || v.number < compatible.MinStorage*gib || v.number > compatible.MaxStorage*gib) {
		r.add(v, "Fargate takes %dGiB to %dGiB of ephemeral storage, in whole GiB", compatible.MinStorage, compatible.MaxStorage)
	}
}

// variables are those that Slipway sets itself.
type variables struct {
	here      []string // $(NAME) is filled in
	elsewhere []string // it is so for other jobs
	batch     bool     // the job has batch
}

// given are the variables of a job, by what starts it.
func given(j run.Job) variables {
	always := []string{"SLIPWAY_STACK", "SLIPWAY_JOB", "SLIPWAY_RUN_ID", "SLIPWAY_ATTEMPT"}
	objects := []string{"S3_BUCKET", "S3_KEY", "S3_VERSION_ID", "S3_ETAG", "S3_SIZE", "S3_SEQUENCER"}
	times := []string{"SLIPWAY_SCHEDULED_TIME", "SLIPWAY_INTERVAL_START", "SLIPWAY_INTERVAL_END"}
	if s := j.Trigger.Schedule; s != nil && s.Count > 0 {
		times = append(times, "SLIPWAY_INDEX", "SLIPWAY_COUNT")
	}
	switch {
	case j.Batch != nil:
		return variables{always, append(objects, times...), true}
	case j.Trigger.S3 != nil:
		return variables{append(always, objects...), times, false}
	}
	return variables{append(always, times...), objects, false}
}

var runTime = regexp.MustCompile(`\$\(([A-Za-z_][A-Za-z0-9_]*)\)`)

// variables checks environment names, and every $(NAME) that looks like one of Slipway's.
func (r *reader) variables(j run.Job, v *value) {
	own := given(j)
	environment := v.get("task", "environment")
	for _, name := range slices.Sorted(maps.Keys(j.Task.Environment)) {
		item := environment.get(name)
		switch {
		case !variableName.MatchString(name):
			r.add(item, "%s is not the name of a variable: letters, digits and underscore", quote(name))
		case strings.HasPrefix(name, "SLIPWAY_") || slices.Contains(own.here, name) || slices.Contains(own.elsewhere, name):
			r.add(item, "%s is set by Slipway for each run, and cannot be replaced; choose another name", name)
		}
		r.atRunTime(item, own)
	}
	length := 0
	for name, item := range environment.texts() {
		length += len(name) + len(item)
	}
	for _, item := range v.get("task", "command").all() {
		r.atRunTime(item, own)
		length += len(item.text)
	}
	if length > maxOverrides {
		r.add(v.get("task"), "command and environment have %d characters together, and ECS takes %d with everything; put the rest into the task definition", length, maxOverrides)
	}
}

// maxOverrides is how many characters RunTask accepts as overrides.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
const maxOverrides = 8192

func (r *reader) atRunTime(v *value, own variables) {
	for _, m := range runTime.FindAllStringSubmatch(v.text, -1) {
		name := m[1]
		switch {
		case slices.Contains(own.here, name):
		case name == launch.ManifestVariable || name == launch.ReportVariable:
			r.add(v, "$(%s) is not filled in; the container of a job with batch finds it in its environment", name)
		case own.batch && strings.HasPrefix(name, "S3_"):
			r.add(v, "$(%s) is not there for a job with batch, whose task gets many objects; the container finds them in %s", name, launch.ManifestVariable)
		case slices.Contains(own.elsewhere, name):
			r.add(v, "$(%s) is not there for this job: its trigger gives %s", name, strings.Join(own.here, ", "))
		case strings.HasPrefix(name, "S3_") || strings.HasPrefix(name, "SLIPWAY_"):
			r.add(v, "$(%s) is not a variable of a run; %s", name, suggest(name, own.here))
		}
	}
}
