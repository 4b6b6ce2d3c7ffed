package doctor

import (
	"time"

	"slipway/internal/compatible"
	"slipway/internal/config"
	"slipway/internal/run"
)

// Facts are what was read. A name without an entry in a map, and a nil pointer, were not looked at. Names that still have
// ${…} in them are looked up by nobody.
type Facts struct {
	Stack, Account, Region string
	File                   string // the configuration, as a person names it
	Now                    time.Time
	// Config has its deploy-time values and the network of the stack filled in.
	Config config.Config

	Buckets     map[string]Bucket
	Clusters    map[string]Cluster
	Providers   map[string]bool // of AWS's own: FARGATE and FARGATE_SPOT, and whether the region has them
	Definitions map[string]Definition
	Refused     map[string][]compatible.Refusal // by job: what ECS would not accept
	Images      map[string]Image                // by URI
	Roles       map[string]Role                 // by ARN
	Passing     map[string][]string             // by ARN of a role: functions that may not pass it to tasks
	Services    map[string]Service              // by CLUSTER/NAME
	Queues      map[string]Queue                // by URL
	DeadLetters []DeadLetters
	Scaled      []string // CLUSTER/NAME of services that Application Auto Scaling manages too

	Subnets   map[string]Subnet
	Groups    map[string]Group
	Endpoints map[string][]Endpoint // by VPC

	Topics     map[string]Topic // by ARN
	Mail       *Mail
	Identities map[string]bool // verified or not

	ServiceRole *bool  // AWSServiceRoleForECS is there
	VCPU        Quotas // of Fargate
	Concurrent  *Concurrency
	Ticks       map[string]int // by function that is called each minute: how often in the last quarter of an hour
	Alarms      []Alarm
	Stale       Stale
	Unread      []Unread
}

// Bucket is a bucket that starts jobs.
type Bucket struct {
	Standing    Standing
	EventBridge bool
	Key         *Key     // of AWS KMS; nil: S3 encrypts with its own, or AWS's
	Unable      []string // task roles that may not use the key
}

// Standing is how a bucket stands to the account and region.
type Standing string

// The standings.
const (
	Owned     Standing = "owned"
	Missing   Standing = "missing"
	Forbidden Standing = "forbidden"
	Elsewhere Standing = "elsewhere" // in another region
)

// Key is a customer managed key.
type Key struct {
	ARN   string
	State string // Enabled, or something that cannot decrypt
}

// Cluster is what a cluster offers.
type Cluster struct {
	Found     bool
	Providers []string
	Strategy  []string // the default strategy, as the AWS CLI takes it
}

// Definition is a task definition.
type Definition struct {
	Found        bool
	Active       bool
	ARN          string
	Containers   []string
	Images       []string // of its containers
	TaskRole     string
	Roles        []string // all that it takes
	Architecture string   // X86_64 or ARM64
	CPU          int      // units of the task
}

// Image is an image in ECR.
type Image struct {
	Found         bool
	Architectures []string // as images name them: amd64, arm64
}

// Role is a role that tasks take.
type Role struct {
	Found   bool
	Trusted []string // services that may take it
}

// Service is an ECS service under a scaler.
type Service struct {
	Found bool
	CPU   int  // units of one of its tasks
	Spot  bool // its tasks run on Fargate Spot
	// OnFargate is false where its tasks take no vCPU of Fargate's.
	OnFargate bool
}

// Queue is a queue under a scaler.
type Queue struct {
	Found      bool
	Visibility time.Duration
}

// DeadLetters is a dead-letter queue.
type DeadLetters struct {
	Queue string // what people call it
	URL   string
	Ours  bool // "slipway dead-letters" reads it
	Count int
}

// Subnet is a subnet with the routes of its table.
type Subnet struct {
	Found bool
	VPC   string
	Zone  string
	Block string
	Way   Way // of what is not in the VPC
	Table string
	Main  bool // the table is the main one of the VPC
}

// Way is where the default route of a subnet leads.
type Way string

// The ways.
const (
	Nowhere   Way = ""
	Gateway   Way = "internet gateway" // for what has a public address
	Through   Way = "NAT or another network"
	Blackhole Way = "what is not there any more"
)

// Group is a security group.
type Group struct {
	Found bool
	// Out says that HTTPS may leave.
	Out bool
	// In are the blocks and groups that HTTPS may come from.
	In []string
}

// Endpoint is a VPC endpoint.
type Endpoint struct {
	ID         string
	Service    string // such as ecr.api
	Interface  bool
	PrivateDNS bool
	Available  bool
	Groups     []string
	Tables     []string // of a gateway
}

// Topic is an SNS topic.
type Topic struct {
	Found     bool
	Pending   []string // addresses that have not confirmed
	Confirmed []string
	Expected  string // an address that the stack was given; empty: none
}

// Mail is how SES sends.
type Mail struct {
	Sender   string
	Identity string // that the sender belongs to
	Sandbox  bool
	Paused   bool
	To       []string // addresses that are told
}

// Quotas are those of vCPU. Nil is not known.
type Quotas struct{ OnDemand, Spot *float64 }

// Concurrency is how many instances of functions may run at once in the region.
type Concurrency struct {
	Limit int
	Needs int // of the stack
}

// Alarm is an alarm of the stack.
type Alarm struct {
	Name    string
	Says    string
	Ringing bool
	Stopped bool // nobody is told of it
}

// Stale says what is older than slipway.yaml.
type Stale struct {
	Wiring    string   // the file that is; empty: it is current
	Functions []string // that have been deployed with another configuration
}

// Unread is something that was not looked at.
type Unread struct {
	What  string    `json:"what"`
	Why   string    `json:"why"`
	Needs string    `json:"needs"` // the right to read it
	How   NotLooked `json:"how"`
}

// NotLooked says how something came not to be looked at.
type NotLooked string

// The ways. What is absent is no finding: there is nothing to be looked at.
const (
	Absent NotLooked = "absent"
	Denied NotLooked = "denied"
	Failed NotLooked = "failed" // AWS did not answer, or not as it should
)

// jobs are the jobs whose definition was found, with it.
func (f Facts) jobs(each func(j run.Job, d Definition)) {
	for _, j := range f.Config.Jobs {
		if d, ok := f.Definitions[j.Task.Definition]; ok && d.Found {
			each(j, d)
		}
	}
}
