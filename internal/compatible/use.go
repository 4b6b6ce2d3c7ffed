package compatible

import "strings"

// Definition is a task definition, as far as it is known. A value that is not known is its zero value; Known says that an
// absent one is absent, and not only unknown.
type Definition struct {
	Name            string // what people call it: a family, or the name in a template
	Known           bool
	Compatibilities []string // FARGATE, EC2, EXTERNAL, MANAGED_INSTANCES
	NetworkMode     string   // awsvpc, bridge, host, none
	CPU, Memory     int      // of the task; CPU units and MiB
	Storage         int      // GiB of ephemeral storage
	Architecture    string   // X86_64, ARM64
	System          string   // LINUX, WINDOWS_SERVER_2022_CORE, …
	PidMode         string
	IpcMode         string
	ExecutionRole   bool
	TaskRole        bool
	Constraints     bool // it has placement constraints
	Containers      []Container
	Volumes         []Volume
}

// Container is a container of a definition.
type Container struct {
	Name               string
	Image              string
	Optional           bool // not essential
	CPU, Memory        int  // the hard limits; MiB
	MemoryReservation  int
	Unsized            bool // it says neither Memory nor MemoryReservation
	Privileged         bool
	Hostname           bool
	Restricted         bool // it has no network, or security options of Docker
	Links, ExtraHosts  bool
	DNS                bool
	Devices            bool // linuxParameters
	GPU                bool
	Secrets            bool
	LogDriver          string
	Capabilities       []string // of the kernel, that are added
	Swap, SharedMemory bool
	StopTimeout        int // seconds
	Ports              []Port
	OpenPorts          bool // Ports are not all that it maps
}

// Port is a port mapping. A Host of zero is one that ECS chooses.
type Port struct{ Container, Host int }

// Volume is a volume of a definition.
type Volume struct {
	Name   string
	Host   bool // a path of the instance
	Docker bool
	EFS    bool
}

// Use is a definition where it is to run.
type Use struct {
	Definition
	// Step is FARGATE, FARGATE_SPOT, EC2, EXTERNAL, or a capacity provider of one's own, whose kind is Provider.
	Step     string
	Provider Kind
	// Container is the one that the job names; empty: the only one.
	Container       string
	Subnets, Groups bool // the job names some
	PublicIP        bool
	PlatformVersion string
	Placement       bool
	Exec            bool
	Sizes           []Size // that the job asks for instead of the definition's
	Service         *Service
}

// Size is a size that a job overrides. Zero leaves the definition's.
type Size struct{ CPU, Memory, Storage int }

// Service is what only a service has.
type Service struct {
	LaunchType    string
	Strategy      []string // capacity providers
	Daemon        bool
	LoadBalancer  bool
	TargetType    string // of its target group: ip or instance
	Discovery     bool
	Configured    bool // it has a network configuration
	PublicIP      bool // for its tasks
	Minimum, Most int  // percent; a Most of zero is not known
	Desired       int  // zero when nothing is said, and a scaler may decide
	Balanced      []Balanced
	Grace         bool // a time in which health checks of a load balancer do not count
	Rebalanced    bool // over zones
	Weights       []int
	Bases         []int
}

// Balanced is what a load balancer reaches of a service: a port of a container. What is not known is its zero value.
type Balanced struct {
	Container string
	Port      int
}

// Kind is what a capacity provider of one's own is.
type Kind string

// The kinds of capacity providers.
const (
	Unknown   Kind = ""
	Instances Kind = "instances" // of an Auto Scaling group
	Managed   Kind = "managed"   // ECS Managed Instances
)

// onFargate reports whether the use is on Fargate.
func (u Use) onFargate() bool { return u.Step == "FARGATE" || u.Step == "FARGATE_SPOT" }

// onInstances reports whether the use is surely on instances of the user's.
func (u Use) onInstances() bool {
	return u.Step == "EC2" || !u.onFargate() && u.Step != "EXTERNAL" && u.Provider == Instances
}

// own reports whether the step is a capacity provider of the user's, which is never Fargate's.
func (u Use) own() bool {
	return u.Step != "" && !u.onFargate() && u.Step != "EC2" && u.Step != "EXTERNAL"
}

// needs is the compatibility that the step wants; empty when that is not known.
func (u Use) needs() string {
	switch {
	case u.onFargate():
		return "FARGATE"
	case u.Step == "EXTERNAL":
		return "EXTERNAL"
	case u.onInstances():
		return "EC2"
	case u.Provider == Managed:
		return "MANAGED_INSTANCES"
	}
	return ""
}

// ContainerNames are the names of its containers, in their order.
func (d Definition) ContainerNames() []string {
	var names []string
	for _, c := range d.Containers {
		names = append(names, c.Name)
	}
	return names
}

func (d Definition) windows() bool { return strings.HasPrefix(d.System, "WINDOWS") }

// mode is the network mode. A definition that says nothing has bridge, and on Windows what Docker has there.
func (d Definition) mode() string {
	switch {
	case d.NetworkMode != "" || !d.Known:
		return d.NetworkMode
	case d.windows():
		return "default"
	}
	return "bridge"
}
