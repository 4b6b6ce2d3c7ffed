package compile

import "slipway/internal/run"

// Kind is the form of a value.
type Kind string

// The kinds.
const (
	Text     Kind = "text"
	Number   Kind = "number"
	Bytes    Kind = "size"     // 500MiB
	Duration Kind = "duration" // 30m
	Flag     Kind = "true or false"
	Instant  Kind = "time" // 2027-01-31T23:00:00Z
	List     Kind = "list"
	Mapping  Kind = "keys"  // known keys
	Named    Kind = "names" // any names, each with the same shape
)

// Shape is what may stand somewhere in slipway.yaml.
type Shape struct {
	Kind    Kind
	Keys    []Key             // of a Mapping
	Item    *Shape            // of a List or Named
	Choices []string          // of a Text; empty: anything
	Open    bool              // Choices are only the usual ones
	Not     map[string]string // texts that somebody may expect among the Choices, and why they are none
	Refers  string            // what a Text names: "cluster", "bucket", "definition", "queue" or "mail"
	Min     int64             // of a Number, or the least number of items of a List
	Max     int64             // of a Number, or the most items of a List; zero: no bound
	Likely  string            // the unit that a bare number probably means
	Single  bool              // a List of one item may be written without brackets
}

// Key is a key of a mapping. Default is for people: what happens when it is left out.
type Key struct {
	Name     string
	Doc      string
	Shape    *Shape
	Required bool
	Default  string
	Example  string
}

// names of the keys, in the order of the table.
func (s *Shape) names() []string {
	var out []string
	for _, k := range s.Keys {
		out = append(out, k.Name)
	}
	return out
}

func (s *Shape) key(name string) *Key {
	for i := range s.Keys {
		if s.Keys[i].Name == name {
			return &s.Keys[i]
		}
	}
	return nil
}

var (
	text    = &Shape{Kind: Text}
	flag    = &Shape{Kind: Flag}
	instant = &Shape{Kind: Instant}
	texts   = &Shape{Kind: List, Item: text, Max: 100}
	minutes = &Shape{Kind: Duration, Likely: "m"}
	hours   = &Shape{Kind: Duration, Likely: "h"}
)

// maxItems bounds jobs and scalers.
const maxItems = 1000

func refers(to string) *Shape { return &Shape{Kind: Text, Refers: to} }

func choice(words ...string) *Shape { return &Shape{Kind: Text, Choices: words} }

func number(low, high int64) *Shape { return &Shape{Kind: Number, Min: low, Max: high} }

// Root is the shape of slipway.yaml.
func Root() *Shape {
	return &Shape{Kind: Mapping, Keys: []Key{
		{Name: "version", Doc: "Version of this file's format.", Shape: number(1, 1), Required: true, Example: "1"},
		{Name: "defaults", Doc: "What every job has unless it says something else. Keys are joined one by one; a list replaces a list.", Shape: &Shape{Kind: Mapping, Keys: append(taskDefaults(), policies()...)}},
		{Name: "jobs", Doc: "Jobs by name: 1 to 40 of `a-z`, `0-9` and hyphen. The name is part of every run ID, so a renamed job is a new one.", Shape: &Shape{Kind: Named, Item: job(), Max: maxItems}},
		{Name: "scalers", Doc: "Scalers by name: which service follows which queue.", Shape: &Shape{Kind: Named, Item: scaler(), Max: maxItems}},
		{Name: "notifications", Doc: "Who is told of what.", Shape: &Shape{Kind: List, Item: notification(), Max: 100}},
		{Name: "stops", Doc: "Explanations of your own for tasks that stop: the first that fits has its say.", Shape: &Shape{Kind: List, Item: stopRule(), Max: 100}},
		{Name: "containers", Doc: "The container that matters in the tasks of a service, or of a task family that Slipway did not start, by its name. Of a job, `task.container` says it.", Shape: &Shape{Kind: Named, Item: text, Max: maxItems}, Default: "the one that made the task stop", Example: "{website: app}"},
		{Name: "logs", Doc: "Logs whose last lines a mail may show, by the name of the job or service. Without it, mails show none.", Shape: &Shape{Kind: Named, Item: logPlace(), Max: maxItems}},
	}}
}

// taskDefaults are the keys that stand under defaults only: the cluster is so common that it has a short form.
func taskDefaults() []Key {
	return []Key{
		{Name: "cluster", Doc: "Short for `task.cluster`.", Shape: refers("cluster"), Example: `"${ClusterName}"`},
		{Name: "task", Doc: "Keys of `task` that every job has.", Shape: task()},
	}
}

func job() *Shape {
	return &Shape{Kind: Mapping, Keys: append([]Key{
		{Name: "trigger", Doc: "What starts the job: `s3` or `schedule`.", Shape: trigger(), Required: true},
		{Name: "task", Doc: "The ECS task that does the work.", Shape: task(), Required: true},
	}, policies()...)}
}

func trigger() *Shape {
	return &Shape{Kind: Mapping, Keys: []Key{
		{Name: "s3", Doc: "Every new version of an object that matches. Every matching job gets its own run.", Shape: &Shape{Kind: Mapping, Keys: []Key{
			{Name: "bucket", Doc: "Name of the bucket. EventBridge notifications must be on for it.", Shape: refers("bucket"), Required: true, Example: `"${UploadsBucket}"`},
			{Name: "key", Doc: "Doublestar globs. An object matches when at least one pattern without `!` does, or there is none, and no pattern with `!` does, in any order. `*` stays within a folder, `**` between slashes is any number of folders; `incoming/**` is every key that begins with `incoming/`.", Shape: &Shape{Kind: List, Item: text, Max: 100, Single: true}, Default: "every key", Example: `["incoming/**", "!**/tmp/**"]`},
			{Name: "size", Doc: "Bounds of the object's size, both included.", Shape: &Shape{Kind: Mapping, Keys: []Key{
				{Name: "min", Doc: "Smallest size.", Shape: &Shape{Kind: Bytes, Likely: "KiB"}, Default: "no bound", Example: "1B"},
				{Name: "max", Doc: "Largest size.", Shape: &Shape{Kind: Bytes, Likely: "GiB"}, Default: "no bound", Example: "2GiB"},
			}}},
		}}},
		{Name: "schedule", Doc: "AWS's `cron(minutes hours day-of-month month day-of-week year)`, `rate(5 minutes)` or `at(2027-01-31T23:00:00)`; five fields as in crontab; or `@daily` and the like.", Shape: text, Example: `"cron(0 * * * ? *)"`},
		{Name: "timezone", Doc: "IANA zone in which the schedule is read.", Shape: text, Default: "UTC"},
		{Name: "start", Doc: "The schedule does not fire before. A rate counts from here.", Shape: instant, Default: "no bound", Example: "2027-01-01T00:00:00Z"},
		{Name: "end", Doc: "The schedule does not fire after.", Shape: instant, Default: "no bound", Example: "2027-12-31T23:59:59Z"},
		{Name: "catchUp", Doc: "What happens to scheduled times that passed while nothing could be admitted.", Shape: &Shape{Kind: Mapping, Keys: []Key{
			{Name: "within", Doc: "Older times are given up.", Shape: hours, Default: "1h", Example: "6h"},
			{Name: "runs", Doc: "Which of the missed times are run.", Shape: choice("none", "latest", "all"), Default: "latest"},
		}}},
		{Name: "jitter", Doc: "Delays each run by up to that much, the same run always by the same, so that jobs of one minute spread. The scheduled time and the interval stay as they are.", Shape: minutes, Default: "none", Example: "5m"},
		{Name: "pauseOnFailure", Doc: "Pauses the job when so many of its scheduled runs in a row have failed; `slipway resume` lets it go on.", Shape: number(1, 100), Default: "never", Example: "3"},
		{Name: "count", Doc: "How many runs each scheduled time has. Each finds its number in `SLIPWAY_INDEX`, from 0, and how many there are in `SLIPWAY_COUNT`.", Shape: number(1, run.MaxCount), Default: "one, without a number", Example: "4"},
	}}
}

func task() *Shape {
	return &Shape{Kind: Mapping, Keys: []Key{
		{Name: "cluster", Doc: "Name or ARN of the ECS cluster.", Shape: refers("cluster"), Required: true, Example: `"${ClusterName}"`},
		{Name: "definition", Doc: "Task definition: a family (its newest ACTIVE revision, recorded in the run), `family:revision`, or an ARN.", Shape: refers("definition"), Required: true, Example: `"${ObjectProcessorTask}"`},
		{Name: "roles", Doc: "ARNs of the task role and the execution role of the definition, which Slipway must be allowed to pass. Required when the definition is one of your own.", Shape: texts, Example: `["arn:aws:iam::123456789012:role/report-task"]`},
		{Name: "container", Doc: "The container that matters: its exit code is the outcome, and it gets command and environment.", Shape: text, Default: "the only one, or the only essential one"},
		{Name: "command", Doc: "Replaces the container's command. `$(NAME)` is filled in for each run, `${Name}` when the stack is deployed; `${!NAME}` stays `${NAME}`.", Shape: texts, Example: `["process", "s3://$(S3_BUCKET)/$(S3_KEY)"]`},
		{Name: "environment", Doc: "Environment variables for the container, filled in as `command`. Slipway's own cannot be replaced.", Shape: &Shape{Kind: Named, Item: text, Max: 100}, Example: "{LEVEL: debug}"},
		{Name: "capacity", Doc: "Where the task may run, in the order in which it is tried: `FARGATE`, `FARGATE_SPOT`, `EC2`, `EXTERNAL`, or the name of a capacity provider of the cluster.", Shape: &Shape{Kind: List, Item: &Shape{Kind: Text, Choices: []string{"FARGATE", "FARGATE_SPOT", "EC2", "EXTERNAL"}, Open: true}, Min: 1, Max: 6, Single: true}, Required: true, Example: "[FARGATE_SPOT, FARGATE]"},
		{Name: "runningWithin", Doc: "How long a task may take to RUNNING, by step of `capacity`; then it is stopped, and the next step is tried, after the last one the first.", Shape: &Shape{Kind: Named, Item: minutes, Max: 6}, Default: "10m for each of several steps; `startWithin` alone bounds a single one", Example: "{FARGATE_SPOT: 5m}"},
		{Name: "platformVersion", Doc: "Platform version of Fargate: `LATEST`, or three numbers. Other steps of `capacity` have none.", Shape: text, Default: "LATEST", Example: "1.4.0"},
		{Name: "network", Doc: "Where the task is placed.", Default: "the stack's network", Shape: &Shape{Kind: Mapping, Keys: []Key{
			{Name: "subnets", Doc: "Subnet IDs, all of one VPC.", Shape: &Shape{Kind: List, Item: text, Min: 1, Max: 16}, Required: true, Example: `["subnet-0123456789abcdef0"]`},
			{Name: "securityGroups", Doc: "Security group IDs.", Shape: &Shape{Kind: List, Item: text, Max: 5}, Default: "the VPC's default group"},
			{Name: "publicIp", Doc: "Whether the task gets a public address.", Shape: flag, Default: "false"},
		}}},
		{Name: "placement", Doc: "On which instances of `EC2`, `EXTERNAL` or a capacity provider the task is placed. Fargate places its tasks itself: its steps leave this out.", Default: "where there is room", Shape: &Shape{Kind: Mapping, Keys: []Key{
			{Name: "strategy", Doc: "`random`, `spread(FIELD)` or `binpack(cpu)` and `binpack(memory)`, applied in this order. A field is `instanceId`, `host`, or an attribute of the instances.", Shape: &Shape{Kind: List, Item: text, Max: 5, Single: true}, Example: "[spread(attribute:ecs.availability-zone), binpack(memory)]"},
			{Name: "constraints", Doc: "`distinctInstance`, or expressions in the cluster query language; all of them must hold.", Shape: &Shape{Kind: List, Item: text, Max: 10, Single: true}, Example: `["attribute:ecs.instance-type =~ c7g.*"]`},
		}}},
		{Name: "tags", Doc: "Tags of the task, for cost reports and rights: keys of up to 128 and values of up to 256 letters, digits, spaces and `+ - = . _ : / @`. A value may hold `$(SLIPWAY_STACK)`, `$(SLIPWAY_JOB)`, `$(SLIPWAY_RUN_ID)` and `$(SLIPWAY_ATTEMPT)`.", Shape: &Shape{Kind: Named, Item: text, Max: 50}, Default: "none", Example: "{team: media, run: $(SLIPWAY_RUN_ID)}"},
		{Name: "propagateTags", Doc: "Copies the tags of the task definition to the task.", Shape: &Shape{Kind: Text, Choices: []string{"TASK_DEFINITION"}, Not: map[string]string{
			"SERVICE": "SERVICE copies the tags of a service, and a task of a run belongs to none; write TASK_DEFINITION",
			"NONE":    "nothing is copied when propagateTags is left out; remove it",
		}}, Default: "nothing is copied"},
		{Name: "enableEcsManagedTags", Doc: "Whether ECS adds its own tag with the name of the cluster.", Shape: flag, Default: "false"},
		{Name: "enableExecuteCommand", Doc: "Whether `aws ecs execute-command` may open a shell in the container. The task definition must have a task role, which allows `ssmmessages:CreateControlChannel`, `CreateDataChannel`, `OpenControlChannel` and `OpenDataChannel`.", Shape: flag, Default: "false"},
	}}
}

func policies() []Key {
	return []Key{
		{Name: "resources", Doc: "The size of the task by the size of the object, or of all objects of a batch together. The rule with the highest threshold that the object exceeds applies.", Shape: &Shape{Kind: List, Item: resources(), Max: 10}, Default: "the task definition's size"},
		{Name: "concurrency", Doc: "Bounds how many runs of the job hold a task at once.", Shape: &Shape{Kind: Mapping, Keys: []Key{
			{Name: "max", Doc: "That many.", Shape: number(1, 10000), Required: true, Example: "50"},
			{Name: "whenFull", Doc: "What becomes of a new run when there is no room. `queue`: it waits. `skip`: it ends as skipped, and is never started. `replace`: it takes the place of the oldest run, whose task is stopped first. A run that has been started once waits in any case. `skip` and `replace` need a `max` of at most 100.", Shape: choice("queue", "skip", "replace"), Default: "queue"},
		}}, Default: "no bound"},
		{Name: "latestOnly", Doc: "Whether a newer version of a key ends the runs of older ones that have not been started, as skipped. The sequencers that S3 gives its events order the versions, so that it does not matter in which order the events come. A run that has been started goes on. Only for the trigger `s3`, and not with `batch`.", Shape: flag, Default: "false"},
		{Name: "batch", Doc: "Gathers objects into one task: many small ones cost a fraction of a task each. The container reads their list from `SLIPWAY_MANIFEST`, and each object keeps a run of its own. A batch is started as soon as one of the bounds is reached. Only for the trigger `s3`; not with `latestOnly`, nor with `whenFull: skip` or `replace`.", Shape: &Shape{Kind: Mapping, Keys: []Key{
			{Name: "maxObjects", Doc: "How many objects a batch holds at most.", Shape: number(1, run.MaxBatch), Default: "1000", Example: "100"},
			{Name: "maxBytes", Doc: "How large its objects are together at most. A single larger one is a batch of its own.", Shape: &Shape{Kind: Bytes, Likely: "MiB"}, Default: "no bound", Example: "1GiB"},
			{Name: "maxWait", Doc: "How long the first object of a batch waits for more. The scheduler looks at it each minute.", Shape: &Shape{Kind: Duration, Likely: "s"}, Default: "1m", Example: "5m"},
		}}, Default: "each object has a task of its own"},
		{Name: "retry", Doc: "When an attempt that failed is tried again.", Shape: &Shape{Kind: Mapping, Keys: []Key{
			{Name: "attempts", Doc: "How many attempts a run has, the first one counted.", Shape: number(1, 10), Required: true, Example: "3"},
			{Name: "on", Doc: "Classes of outcome that are tried again.", Shape: &Shape{Kind: List, Item: choice(retryable()...), Single: true}, Example: "[spot-interruption, infrastructure]"},
			{Name: "exitCodes", Doc: "Exit codes that are tried again.", Shape: &Shape{Kind: List, Item: number(1, 255), Max: 255}, Example: "[75]"},
		}}, Default: "one attempt"},
		{Name: "timeout", Doc: "Bounds one attempt, from RUNNING.", Shape: minutes, Default: "none", Example: "30m"},
		{Name: "successWithin", Doc: "How long after its scheduled time a run may succeed before the job counts as late: the event `job.late`.", Shape: hours, Default: "nobody waits", Example: "3h"},
		{Name: "startWithin", Doc: "How long a run may wait for its launch: for room, or for capacity.", Shape: hours, Default: "24h", Example: "6h"},
	}
}

func resources() *Shape {
	return &Shape{Kind: Mapping, Keys: []Key{
		{Name: "over", Doc: "For objects of more than this.", Shape: &Shape{Kind: Bytes, Likely: "MiB"}, Required: true, Example: "500MiB"},
		{Name: "cpu", Doc: "CPU in ECS units: 1024 is one vCPU. Together with `memory`.", Shape: number(1, 196608), Example: "2048"},
		{Name: "memory", Doc: "Memory. Fargate takes only certain pairs of `cpu` and `memory`.", Shape: &Shape{Kind: Bytes, Likely: "MiB"}, Example: "8GiB"},
		{Name: "ephemeralStorage", Doc: "Disk of a Fargate task, 21GiB to 200GiB.", Shape: &Shape{Kind: Bytes, Likely: "GiB"}, Example: "60GiB"},
	}}
}

func scaler() *Shape {
	return &Shape{Kind: Mapping, Keys: []Key{
		{Name: "queues", Doc: "URLs of the queues that the service works on. The counts of several are added up.", Shape: &Shape{Kind: List, Item: refers("queue"), Min: 1, Max: 10, Single: true}, Required: true, Example: `["${WorkQueueUrl}"]`},
		{Name: "service", Doc: "The service, as `CLUSTER/SERVICE` or by its ARN.", Shape: text, Required: true, Example: `"${ClusterName}/${WorkerService}"`},
		{Name: "tasks", Doc: "Bounds of the service's desired count.", Shape: &Shape{Kind: Mapping, Keys: []Key{
			{Name: "min", Doc: "Never fewer.", Shape: number(0, 5000), Default: "0"},
			{Name: "max", Doc: "Never more.", Shape: number(1, 5000), Required: true, Example: "50"},
		}}, Required: true},
		{Name: "messagesPerTask", Doc: "How many messages one task works on at once.", Shape: number(1, 10000), Required: true, Example: "10"},
		{Name: "latency", Doc: "The longest that a message is to wait.", Shape: &Shape{Kind: Duration, Likely: "s"}, Default: "60s", Example: "60s"},
		{Name: "scaleIn", Doc: "When tasks go: `idle` lowers the count only when no message is in flight, because ECS chooses which task stops; `protected`, for workers with task scale-in protection (docs/reference/container.md), follows the need, and never goes below the workers that are busy.", Shape: choice("idle", "protected"), Default: "idle"},
		{Name: "maxGroups", Doc: "How many message groups a FIFO queue has: more messages are never in flight usefully.", Shape: number(1, 100000), Default: "learned, from in-flight messages that do not grow with the tasks", Example: "20"},
		{Name: "serviceTime", Doc: "The mean service time of one message, when you know it better than the counts tell.", Shape: &Shape{Kind: Duration, Likely: "s"}, Default: "learned", Example: "5s"},
		{Name: "startupTime", Doc: "The median time from the request of a task to RUNNING.", Shape: &Shape{Kind: Duration, Likely: "s"}, Default: "35s, then learned", Example: "35s"},
	}}
}

// retryable are the classes of package stop that another attempt may help.
func retryable() []string {
	return []string{
		"application-error", "capacity", "health-check", "host-terminated", "image-pull", "infrastructure", "log-driver",
		"maintenance", "network-interface", "out-of-memory", "quota", "secrets", "spot-interruption", "start-failed",
		"storage", "timeout", "unknown", "user-stopped",
	}
}
