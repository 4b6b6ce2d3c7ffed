package compatible

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Refusal is a rule that refuses a use.
type Refusal struct {
	Rule   string `json:"rule"`   // its ID
	What   string `json:"what"`   // what is wrong here
	Remedy string `json:"remedy"` // what to write instead
	Page   string `json:"page"`   // of AWS, that says so
	At     At     `json:"-"`      // which part of a job is at fault
}

// String is the refusal in a line.
func (r Refusal) String() string {
	return fmt.Sprintf("%s; %s (rule %s, %s)", r.What, r.Remedy, r.Rule, r.Page)
}

// At is a part of a job, or of a service.
type At string

// The parts.
const (
	AtDefinition At = "definition"
	AtStep       At = "capacity"
	AtContainer  At = "container"
	AtNetwork    At = "network"
	AtPlatform   At = "platformVersion"
	AtPlacement  At = "placement"
	AtExec       At = "enableExecuteCommand"
	AtSizes      At = "resources"
)

// Rule is one rule of ECS.
type Rule struct {
	ID   string
	Says string // the rule, in a sentence
	Page string
	At   At
	// finds says what is wrong with a use, and what to write instead; nothing when the rule accepts it.
	finds func(Use) (what, remedy string)
}

const (
	aws          = "https://docs.aws.amazon.com/AmazonECS/latest/"
	fargate      = aws + "developerguide/fargate-tasks-services.html"
	register     = aws + "APIReference/API_RegisterTaskDefinition.html"
	external     = aws + "developerguide/ecs-anywhere.html"
	networking   = aws + "developerguide/task-networking.html"
	managed      = aws + "developerguide/ManagedInstances.html"
	managedTasks = aws + "developerguide/managed-instances-tasks-services.html"
	services     = aws + "APIReference/API_CreateService.html"
)

// Examine returns every refusal of a use, in the order of the rules.
func Examine(u Use) []Refusal {
	var out []Refusal
	for _, r := range Rules() {
		if what, remedy := r.finds(u); what != "" {
			out = append(out, Refusal{r.ID, what, remedy, r.Page, r.At})
		}
	}
	return out
}

// Rules are all rules.
func Rules() []Rule {
	return slices.Concat(placeRules(), networkRules(), sizeRules(), containerRules(), externalRules(), serviceRules(), linuxRules(), managedRules())
}

// none is what a rule finds that accepts.
func none() (what, remedy string) { return "", "" }

// each reports the containers for which bad holds.
func each(u Use, bad func(Container) bool, what, remedy string) (string, string) {
	var names []string
	for _, c := range u.Containers {
		if bad(c) {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return none()
	}
	return fmt.Sprintf("container %s of %s %s", strings.Join(names, ", "), u.Name, what), remedy
}

// placeRules: where a definition may run at all.
func placeRules() []Rule { //nolint:gocyclo // a table: each rule is a function of its own
	return []Rule{
		{"compatibility", "A task runs where its definition is compatible with.", register, AtStep, func(u Use) (string, string) {
			needs := u.needs()
			has := func(place string) bool { return slices.Contains(u.Compatibilities, place) }
			switch {
			case len(u.Compatibilities) == 0 || has(needs):
				return none()
			case needs == "" && u.own() && !has("EC2") && !has("MANAGED_INSTANCES"):
				needs = "EC2 or MANAGED_INSTANCES"
			case needs == "":
				return none()
			}
			return fmt.Sprintf("%s is for %s, and %s wants %s", u.Name, strings.Join(u.Compatibilities, ", "), u.Step, needs),
				fmt.Sprintf("add %s to its RequiresCompatibilities, or take %s out of the capacity", needs, u.Step)
		}},
		{"spot-windows", "Fargate Spot has no Windows.", aws + "developerguide/fargate-capacity-providers.html", AtStep, func(u Use) (string, string) {
			if u.Step != "FARGATE_SPOT" || !u.windows() {
				return none()
			}
			return fmt.Sprintf("%s is of %s, and Fargate Spot runs Linux only", u.Name, u.System), "write FARGATE instead of FARGATE_SPOT"
		}},
		{"arm64-platform", "Fargate runs ARM64 from platform version 1.4.0 on.", aws + "developerguide/ecs-arm64.html", AtPlatform, func(u Use) (string, string) {
			if u.Step != "FARGATE" || u.Architecture != "ARM64" || !older(u.PlatformVersion) {
				return none()
			}
			return fmt.Sprintf("%s is for ARM64, which Fargate does not run on platform version %s", u.Name, u.PlatformVersion), "write 1.4.0 or LATEST, or remove the line"
		}},
		{"spot-arm64", "Fargate Spot runs ARM64 from platform version 1.4.0 on.", aws + "developerguide/fargate-capacity-providers.html", AtPlatform, func(u Use) (string, string) {
			if u.Step != "FARGATE_SPOT" || u.Architecture != "ARM64" || !older(u.PlatformVersion) {
				return none()
			}
			return fmt.Sprintf("%s is for ARM64, which Fargate Spot does not run on platform version %s", u.Name, u.PlatformVersion), "write 1.4.0 or LATEST, or remove the line"
		}},
		{"windows-arm64", "Windows runs on X86_64 only.", register, AtDefinition, func(u Use) (string, string) {
			if !u.windows() || u.Architecture != "ARM64" {
				return none()
			}
			return fmt.Sprintf("%s asks for %s on ARM64", u.Name, u.System), "set RuntimePlatform.CpuArchitecture to X86_64"
		}},
		{"fargate-placement", "Fargate places its tasks itself.", fargate, AtDefinition, func(u Use) (string, string) {
			if !u.onFargate() || !u.Constraints {
				return none()
			}
			return u.Name + " has placement constraints, which Fargate does not take", "remove PlacementConstraints, or run it on EC2"
		}},
		{"exec-role", "ECS Exec needs a task role, over which the agent opens its channel.", aws + "developerguide/ecs-exec.html", AtExec, func(u Use) (string, string) {
			if !u.Exec || !u.Known || u.TaskRole {
				return none()
			}
			return u.Name + " has no task role, which ECS Exec needs", "give it a TaskRoleArn that allows ssmmessages:*Channel, or remove enableExecuteCommand"
		}},
		{"exec-platform", "On Fargate ECS Exec needs platform version 1.4.0.", aws + "developerguide/ecs-exec.html", AtPlatform, func(u Use) (string, string) {
			if !u.onFargate() || !u.Exec || !older(u.PlatformVersion) {
				return none()
			}
			return "ECS Exec is not there on platform version " + u.PlatformVersion, "write 1.4.0 or LATEST, or remove enableExecuteCommand"
		}},
	}
}

// older reports whether a platform version is before 1.4.0.
func older(version string) bool {
	return slices.Contains([]string{"1.0.0", "1.1.0", "1.2.0", "1.3.0"}, version)
}

// networkRules: which network modes go where, and what a job may say of its network.
func networkRules() []Rule { //nolint:gocyclo // a table: each rule is a function of its own
	return []Rule{
		{"fargate-awsvpc", "On Fargate every task has a network interface of its own.", networking, AtStep, func(u Use) (string, string) {
			if !u.onFargate() || u.mode() == "" || u.mode() == "awsvpc" {
				return none()
			}
			return fmt.Sprintf("%s has the network mode %s, and Fargate takes awsvpc only", u.Name, u.mode()), "set NetworkMode to awsvpc, or run it on EC2"
		}},
		{"external-awsvpc", "A machine outside AWS has no VPC.", external, AtStep, func(u Use) (string, string) {
			if u.Step != "EXTERNAL" || u.mode() != "awsvpc" {
				return none()
			}
			return u.Name + " has the network mode awsvpc, and EXTERNAL has no VPC", "set NetworkMode to bridge, host or none, or take EXTERNAL out of the capacity"
		}},
		{"managed-network", "Managed Instances take awsvpc and host.", managed, AtStep, func(u Use) (string, string) {
			if u.Provider != Managed || u.mode() == "" || u.mode() == "awsvpc" || u.mode() == "host" {
				return none()
			}
			return fmt.Sprintf("%s has the network mode %s, and Managed Instances take awsvpc and host only", u.Name, u.mode()), "set NetworkMode to awsvpc"
		}},
		{"network-of-its-own", "Only a task with awsvpc has subnets, security groups and an address of its own.", aws + "APIReference/API_NetworkConfiguration.html", AtNetwork, func(u Use) (string, string) {
			if m := u.mode(); m == "" || m == "awsvpc" || !u.Subnets && !u.Groups && !u.PublicIP {
				return none()
			}
			return fmt.Sprintf("%s has the network mode %s, and so no network of its own", u.Name, u.mode()), "remove network, or set NetworkMode to awsvpc"
		}},
		{"host-port", "With awsvpc and host the port of the host is the container's.", aws + "APIReference/API_PortMapping.html", AtDefinition, func(u Use) (string, string) {
			if m := u.mode(); m != "awsvpc" && m != "host" {
				return none()
			}
			differs := func(p Port) bool { return p.Host != 0 && p.Host != p.Container }
			return each(u, func(c Container) bool { return slices.ContainsFunc(c.Ports, differs) },
				"maps a port to another one of the host, which "+u.mode()+" cannot", "leave HostPort out")
		}},
		{"no-network-no-ports", "Without a network there are no ports.", register, AtDefinition, func(u Use) (string, string) {
			if u.mode() != "none" {
				return none()
			}
			return each(u, func(c Container) bool { return len(c.Ports) > 0 }, "maps ports, and the network mode is none", "remove PortMappings, or set NetworkMode to bridge")
		}},
		{"windows-network", "Instances of Windows have awsvpc and the default network.", register, AtDefinition, func(u Use) (string, string) {
			if m := u.mode(); !u.windows() || u.onFargate() || m != "bridge" && m != "host" && m != "none" {
				return none()
			}
			return fmt.Sprintf("%s is of %s and has the network mode %s", u.Name, u.System, u.mode()), "set NetworkMode to awsvpc, or leave it out"
		}},
		{"awsvpc-names", "With awsvpc the names of hosts are those of the VPC.", aws + "APIReference/API_ContainerDefinition.html", AtDefinition, func(u Use) (string, string) {
			if u.mode() != "awsvpc" || u.onFargate() {
				return none()
			}
			return each(u, func(c Container) bool { return c.ExtraHosts || c.DNS }, "sets extra hosts or name servers, which awsvpc does not take",
				"remove ExtraHosts, DnsServers and DnsSearchDomains, or set NetworkMode to bridge")
		}},
		{"awsvpc-hostname", "With awsvpc a container has the host name of its network interface.", aws + "APIReference/API_ContainerDefinition.html", AtDefinition, func(u Use) (string, string) {
			if u.mode() != "awsvpc" {
				return none()
			}
			return each(u, func(c Container) bool { return c.Hostname }, "sets a host name, which awsvpc does not take", "remove Hostname")
		}},
		{"links", "Containers are linked in bridge mode only.", aws + "APIReference/API_ContainerDefinition.html", AtDefinition, func(u Use) (string, string) {
			if m := u.mode(); m == "" || m == "bridge" {
				return none()
			}
			return each(u, func(c Container) bool { return c.Links }, "has links, which "+u.mode()+" does not take",
				"remove Links: with awsvpc containers of a task reach each other on localhost")
		}},
	}
}

// sizeRules: CPU, memory and storage.
func sizeRules() []Rule { //nolint:gocyclo // a table: each rule is a function of its own
	return []Rule{
		{"fargate-size", "On Fargate the task has a CPU and a memory size.", fargate, AtDefinition, func(u Use) (string, string) {
			if !u.onFargate() || !u.Known || u.CPU > 0 && u.Memory > 0 {
				return none()
			}
			return u.Name + " has no size of its own, which Fargate needs", "set Cpu and Memory of the task: 256 and 512 are the smallest"
		}},
		{"fargate-pair", "Fargate takes CPU and memory in pairs.", register, AtDefinition, func(u Use) (string, string) {
			if !u.onFargate() || u.CPU == 0 || u.Memory == 0 || slices.Contains(FargateMemory(u.CPU), u.Memory) {
				return none()
			}
			return fmt.Sprintf("%s has %d CPU units and %d MiB, a pair that Fargate does not have", u.Name, u.CPU, u.Memory), suitable(u.CPU, u.Memory)
		}},
		{"windows-size", "Windows on Fargate has one to four vCPU.", register, AtDefinition, func(u Use) (string, string) {
			if !u.onFargate() || !u.windows() || u.CPU == 0 || u.CPU >= 1024 && u.CPU <= 4096 {
				return none()
			}
			return fmt.Sprintf("%s has %d CPU units, and Windows on Fargate takes 1024 to 4096", u.Name, u.CPU), "set Cpu to 1024, 2048 or 4096"
		}},
		{"large-platform", "Eight vCPU and more need platform version 1.4.0.", register, AtPlatform, func(u Use) (string, string) {
			large := u.CPU >= 8192 || slices.ContainsFunc(u.Sizes, func(s Size) bool { return s.CPU >= 8192 })
			if !u.onFargate() || !large || !older(u.PlatformVersion) {
				return none()
			}
			return fmt.Sprintf("8192 CPU units and more are not there on platform version %s", u.PlatformVersion), "write 1.4.0 or LATEST"
		}},
		{"instance-size", "On instances a task has 128 to 196608 CPU units, or no size.", register, AtDefinition, func(u Use) (string, string) {
			if u.onFargate() || u.Step == "" || u.CPU == 0 || u.CPU >= 128 && u.CPU <= 196608 {
				return none()
			}
			return fmt.Sprintf("%s has %d CPU units", u.Name, u.CPU), "set Cpu to 128 to 196608, 1024 for each vCPU, or leave it out"
		}},
		{"storage", "Fargate takes 21 to 200 GiB of ephemeral storage.", aws + "APIReference/API_EphemeralStorage.html", AtDefinition, func(u Use) (string, string) {
			if u.Storage == 0 || u.Storage >= MinStorage && u.Storage <= MaxStorage {
				return none()
			}
			return fmt.Sprintf("%s asks for %d GiB of ephemeral storage", u.Name, u.Storage), fmt.Sprintf("take %d to %d GiB, or leave it out: 20 are free", MinStorage, MaxStorage)
		}},
		{"storage-on-fargate", "Ephemeral storage of a task is Fargate's.", aws + "developerguide/fargate-task-storage.html", AtDefinition, func(u Use) (string, string) {
			if u.Storage == 0 || !u.onInstances() && u.Provider != Managed && u.Step != "EXTERNAL" {
				return none()
			}
			return fmt.Sprintf("%s asks for ephemeral storage, which %s does not have", u.Name, u.Step), "leave EphemeralStorage out, and give the instances a larger volume"
		}},
		{"storage-platform", "Ephemeral storage needs platform version 1.4.0, and Linux.", aws + "developerguide/fargate-task-storage.html", AtPlatform, func(u Use) (string, string) {
			wanted := u.Storage > 0 || slices.ContainsFunc(u.Sizes, func(s Size) bool { return s.Storage > 0 })
			switch {
			case !u.onFargate() || !wanted:
			case older(u.PlatformVersion):
				return fmt.Sprintf("ephemeral storage is not there on platform version %s", u.PlatformVersion), "write 1.4.0 or LATEST"
			case u.windows():
				return u.Name + " is of Windows, whose ephemeral storage cannot be set", "leave it out"
			}
			return none()
		}},
		{"efs-platform", "On Fargate EFS needs platform version 1.4.0.", aws + "developerguide/efs-volumes.html", AtPlatform, func(u Use) (string, string) {
			if !u.onFargate() || !older(u.PlatformVersion) || !slices.ContainsFunc(u.Volumes, func(v Volume) bool { return v.EFS }) {
				return none()
			}
			return "EFS is not there on platform version " + u.PlatformVersion, "write 1.4.0 or LATEST"
		}},
		{"container-memory", "Without a size of the task each container says how much memory it may use.", aws + "APIReference/API_ContainerDefinition.html", AtDefinition, func(u Use) (string, string) {
			if u.onFargate() || !u.Known || u.Memory > 0 {
				return none()
			}
			return each(u, func(c Container) bool { return c.Unsized }, "has neither Memory nor MemoryReservation, and the task no Memory", "set one of them")
		}},
		{"reservation", "What a container may use is more than what is kept for it.", aws + "APIReference/API_ContainerDefinition.html", AtDefinition, func(u Use) (string, string) {
			return each(u, func(c Container) bool { return c.Memory > 0 && c.MemoryReservation > c.Memory },
				"has a MemoryReservation above its Memory", "lower MemoryReservation, or raise Memory")
		}},
		{"containers-fit", "The containers of a task fit into it.", register, AtDefinition, func(u Use) (string, string) {
			return tooSmall(u, u.CPU, u.Memory, "", "raise Cpu and Memory of the task, or lower those of its containers")
		}},
		{"override-fits", "A size that a job asks for holds the containers.", aws + "APIReference/API_TaskOverride.html", AtSizes, func(u Use) (string, string) {
			for _, s := range u.Sizes {
				cpu, memory := cmp.Or(s.CPU, u.CPU), cmp.Or(s.Memory, u.Memory)
				if what, remedy := tooSmall(u, cpu, memory, fmt.Sprintf(" as overridden with %d CPU units and %d MiB", cpu, memory), "ask for more, or lower the limits of the containers"); what != "" {
					return what, remedy
				}
			}
			return none()
		}},
	}
}

// tooSmall compares a size with what its containers ask for.
func tooSmall(u Use, cpu, memory int, how, remedy string) (string, string) {
	units, mib := 0, 0
	for _, c := range u.Containers {
		units += c.CPU
		if c.MemoryReservation > 0 {
			mib += c.MemoryReservation
		} else {
			mib += c.Memory
		}
		if memory > 0 && c.Memory > memory {
			return fmt.Sprintf("container %s of %s%s may use %d MiB, and the task has %d", c.Name, u.Name, how, c.Memory, memory), remedy
		}
	}
	switch {
	case cpu > 0 && units > cpu:
		return fmt.Sprintf("the containers of %s%s ask for %d CPU units, and the task has %d", u.Name, how, units, cpu), remedy
	case memory > 0 && mib > memory:
		return fmt.Sprintf("the containers of %s%s ask for %d MiB, and the task has %d", u.Name, how, mib, memory), remedy
	}
	return none()
}

// instance is what to do with what only instances have.
const instance = "run it on EC2, or remove it"

// onFargate looks for containers that Fargate does not take.
func onFargate(bad func(Container) bool, what, remedy string) func(Use) (string, string) {
	return func(u Use) (string, string) {
		if !u.onFargate() {
			return none()
		}
		return each(u, bad, what, remedy)
	}
}

// linuxRules: what the kernel and the engine of Fargate give a container.
func linuxRules() []Rule {
	return []Rule{
		{"fargate-capabilities", "Of the kernel's capabilities Fargate adds SYS_PTRACE alone.", fargate, AtDefinition, onFargate(func(c Container) bool {
			return slices.ContainsFunc(c.Capabilities, func(name string) bool { return name != "SYS_PTRACE" && name != "CAP_SYS_PTRACE" })
		}, "adds capabilities of the kernel that Fargate does not give", instance)},
		{"fargate-memory", "Fargate sets neither swap nor shared memory.", aws + "APIReference/API_LinuxParameters.html", AtDefinition, onFargate(func(c Container) bool {
			return c.Swap || c.SharedMemory
		}, "sets swap or shared memory, which Fargate does not take", instance)},
		{"fargate-stop", "Fargate waits for two minutes at most when it stops a container.", aws + "APIReference/API_ContainerDefinition.html", AtDefinition, onFargate(func(c Container) bool {
			return c.StopTimeout > 120
		}, "has a StopTimeout of more than 120 seconds, which is Fargate's longest", "write 120 or less")},
	}
}

// managedRules: what Managed Instances leave out.
func managedRules() []Rule {
	return []Rule{
		{"managed-parameters", "Managed Instances set neither hosts, name servers, swap nor shared memory.", managedTasks, AtDefinition, func(u Use) (string, string) {
			if u.Provider != Managed {
				return none()
			}
			return each(u, func(c Container) bool { return c.ExtraHosts || c.DNS || c.Swap || c.SharedMemory },
				"sets extra hosts, name servers, swap or shared memory, which Managed Instances do not take", instance)
		}},
		{"managed-volumes", "Managed Instances mount no path of the instance, and no volume of Docker.", managedTasks, AtDefinition, func(u Use) (string, string) {
			i := slices.IndexFunc(u.Volumes, func(v Volume) bool { return v.Host || v.Docker })
			if u.Provider != Managed || i < 0 {
				return none()
			}
			return fmt.Sprintf("volume %s of %s is of the instance, which Managed Instances do not mount", u.Volumes[i].Name, u.Name), "use EFS, or run it on an Auto Scaling group"
		}},
	}
}

// containerRules: what containers and volumes may have where.
func containerRules() []Rule { //nolint:gocyclo // a table: each rule is a function of its own
	return []Rule{
		{"container-named", "The container that a job names is in the definition.", aws + "APIReference/API_ContainerOverride.html", AtContainer, func(u Use) (string, string) {
			var names, essential []string
			for _, c := range u.Containers {
				names = append(names, c.Name)
				if !c.Optional {
					essential = append(essential, c.Name)
				}
			}
			switch {
			case len(names) == 0 || u.Container != "" && slices.Contains(names, u.Container):
			case u.Container != "":
				return fmt.Sprintf("%s has no container %s", u.Name, u.Container), "write one of " + strings.Join(names, ", ")
			case len(names) > 1 && len(essential) != 1 && u.Service == nil:
				return fmt.Sprintf("%s has %d containers, and the job does not say which one matters", u.Name, len(names)), "set container to one of " + strings.Join(names, ", ")
			}
			return none()
		}},
		{"essential", "At least one container is essential.", aws + "APIReference/API_ContainerDefinition.html", AtDefinition, func(u Use) (string, string) {
			if len(u.Containers) == 0 || slices.ContainsFunc(u.Containers, func(c Container) bool { return !c.Optional }) {
				return none()
			}
			return "no container of " + u.Name + " is essential", "leave out Essential, or set it to true, for the one whose end is the task's"
		}},
		{"container-names", "Containers of a task have different names.", aws + "APIReference/API_ContainerDefinition.html", AtDefinition, func(u Use) (string, string) {
			seen := map[string]bool{}
			for _, name := range u.ContainerNames() {
				if name != "" && seen[name] {
					return fmt.Sprintf("%s has two containers named %s", u.Name, name), "give each a name of its own"
				}
				seen[name] = true
			}
			return none()
		}},
		{"container-count", "A task has ten containers at most.", aws + "developerguide/service-quotas.html", AtDefinition, func(u Use) (string, string) {
			if len(u.Containers) <= maxContainers {
				return none()
			}
			return fmt.Sprintf("%s has %d containers, and a task has %d at most", u.Name, len(u.Containers), maxContainers), "make two tasks of it"
		}},
		{"fargate-docker", "Fargate takes neither security options of Docker nor containers without a network.", fargate, AtDefinition, onFargate(func(c Container) bool { return c.Restricted }, "sets DockerSecurityOptions or DisableNetworking, which Fargate does not take", instance)},
		{"fargate-privileged", "Fargate has no privileged containers.", fargate, AtDefinition, onFargate(func(c Container) bool { return c.Privileged }, "is privileged, which Fargate does not allow", instance)},
		{"fargate-gpu", "Fargate has no GPUs.", fargate, AtDefinition, onFargate(func(c Container) bool { return c.GPU }, "asks for a GPU, and Fargate has none", "run it on EC2 with Hardware=gpu")},
		{"fargate-hosts", "Fargate sets neither hosts nor name servers.", fargate, AtDefinition, onFargate(func(c Container) bool { return c.ExtraHosts || c.DNS }, "sets extra hosts or name servers, which Fargate does not take", instance)},
		{"fargate-devices", "Fargate gives containers no devices of a host.", fargate, AtDefinition, onFargate(func(c Container) bool { return c.Devices }, "asks for devices, which Fargate does not have", instance)},
		{"fargate-logs", "Fargate has the log drivers awslogs, splunk and awsfirelens.", fargate, AtDefinition, onFargate(func(c Container) bool {
			return c.LogDriver != "" && !slices.Contains([]string{"awslogs", "splunk", "awsfirelens"}, c.LogDriver)
		}, "has a log driver that Fargate does not have", "write awslogs, splunk or awsfirelens")},
		{"fargate-volumes", "Fargate mounts EFS, EBS and its own storage, nothing of a host.", fargate, AtDefinition, func(u Use) (string, string) {
			i := slices.IndexFunc(u.Volumes, func(v Volume) bool { return v.Host || v.Docker })
			if !u.onFargate() || i < 0 {
				return none()
			}
			return fmt.Sprintf("volume %s of %s is of the host, and on Fargate there is none", u.Volumes[i].Name, u.Name), "use EFS, or a volume without a source path"
		}},
		{"fargate-namespaces", "Fargate shares no namespaces with a host.", fargate, AtDefinition, func(u Use) (string, string) {
			if !u.onFargate() || u.IpcMode == "" && u.PidMode != "host" {
				return none()
			}
			return u.Name + " sets IpcMode, or PidMode to host, which Fargate does not take", "remove them; PidMode task is possible"
		}},
		{"execution-role", "On Fargate ECS needs a role for logs, secrets and images of ECR.", aws + "developerguide/task_execution_IAM_role.html", AtDefinition, func(u Use) (string, string) {
			if !u.onFargate() || !u.Known || u.ExecutionRole {
				return none()
			}
			return each(u, func(c Container) bool {
				return c.Secrets || c.LogDriver == "awslogs" || strings.Contains(c.Image, ".dkr.ecr.")
			}, "has logs, secrets or an image of ECR, and the definition no execution role", "set ExecutionRoleArn")
		}},
	}
}

// maxContainers is how many containers a task may have.
const maxContainers = 10

// externalRules: what works on machines of one's own.
func externalRules() []Rule {
	return []Rule{
		{"external-volumes", "External instances mount no EFS.", external, AtDefinition, func(u Use) (string, string) {
			i := slices.IndexFunc(u.Volumes, func(v Volume) bool { return v.EFS })
			if u.Step != "EXTERNAL" || i < 0 {
				return none()
			}
			return fmt.Sprintf("volume %s of %s is of EFS, which EXTERNAL does not mount", u.Volumes[i].Name, u.Name), "mount it on the machine, and give the volume its path"
		}},
	}
}

// serviceRules: what only services have.
func serviceRules() []Rule { //nolint:gocyclo // a table: each rule is a function of its own
	of := func(find func(Use, Service) (string, string)) func(Use) (string, string) {
		return func(u Use) (string, string) {
			if u.Service == nil {
				return none()
			}
			return find(u, *u.Service)
		}
	}
	return []Rule{
		{"one-of-them", "A service has a launch type or a capacity provider strategy.", services, AtStep, of(func(_ Use, s Service) (string, string) {
			if s.LaunchType == "" || len(s.Strategy) == 0 {
				return none()
			}
			return fmt.Sprintf("the service has the launch type %s and a capacity provider strategy", s.LaunchType), "remove LaunchType"
		})},
		{"one-kind", "A strategy mixes no providers of Fargate with others.", services, AtStep, of(func(_ Use, s Service) (string, string) {
			fargate := func(p string) bool { return p == "FARGATE" || p == "FARGATE_SPOT" }
			other := func(p string) bool { return !fargate(p) }
			if !slices.ContainsFunc(s.Strategy, fargate) || !slices.ContainsFunc(s.Strategy, other) {
				return none()
			}
			return "the strategy mixes " + strings.Join(s.Strategy, " and "), "make two services, or keep one kind"
		})},
		{"external-service", "A service on External instances has no load balancer, no discovery and no capacity provider.", external, AtStep, of(func(u Use, s Service) (string, string) {
			if u.Step != "EXTERNAL" || !s.LoadBalancer && !s.Discovery && len(s.Strategy) == 0 {
				return none()
			}
			return "the service is on External instances, and has a load balancer, service discovery or a capacity provider", "remove them, or run it on Fargate or EC2"
		})},
		{"fargate-daemon", "Fargate has no instances for a daemon.", services, AtStep, of(func(u Use, s Service) (string, string) {
			if !u.onFargate() || !s.Daemon {
				return none()
			}
			return "the service is a DAEMON, and Fargate has no instances", "set SchedulingStrategy to REPLICA, or run it on EC2"
		})},
		{"target-type", "Targets are addresses with awsvpc, and instances without.", aws + "developerguide/alb.html", AtStep, of(func(u Use, s Service) (string, string) {
			want := map[string]string{"awsvpc": "ip", "bridge": "instance", "host": "instance"}[u.mode()]
			if s.TargetType == "" || want == "" || s.TargetType == want {
				return none()
			}
			return fmt.Sprintf("%s has the network mode %s, and the target group has targets of type %s", u.Name, u.mode(), s.TargetType), "set TargetType to " + want
		})},
		{"service-network", "A service whose tasks have awsvpc says in which subnets.", services, AtStep, of(func(u Use, s Service) (string, string) {
			switch {
			case u.mode() == "awsvpc" && u.Known && !s.Configured:
				return u.Name + " has awsvpc, and the service no network configuration", "set NetworkConfiguration.AwsvpcConfiguration"
			case u.mode() != "" && u.mode() != "awsvpc" && s.Configured:
				return fmt.Sprintf("%s has the network mode %s, and the service a network configuration", u.Name, u.mode()), "remove NetworkConfiguration, or set NetworkMode to awsvpc"
			}
			return none()
		})},
		{"service-moves", "A rolling update stops or starts at least one task.", aws + "APIReference/API_DeploymentConfiguration.html", AtStep, of(func(_ Use, s Service) (string, string) {
			never := s.Minimum >= 100 && s.Most <= 100 // whatever the count
			stuck := s.Desired > 0 && (s.Desired*s.Minimum+99)/100 >= s.Desired && s.Desired*s.Most/100 <= s.Desired
			switch remedy := "lower MinimumHealthyPercent or raise MaximumPercent; slipway rollout shows which"; {
			case s.Daemon || s.Most == 0 || !never && !stuck:
				return none()
			case never:
				return fmt.Sprintf("an update can never move between %d and %d percent", s.Minimum, s.Most), remedy
			default:
				return fmt.Sprintf("an update of %s can never move between %d and %d percent", tasks(s.Desired), s.Minimum, s.Most), remedy
			}
		})},
		{"platform-of-fargate", "Platform versions are Fargate's.", services, AtStep, of(func(u Use, _ Service) (string, string) {
			if u.PlatformVersion == "" || u.Step != "EC2" && u.Step != "EXTERNAL" && !u.onInstances() && u.Provider != Managed {
				return none()
			}
			return fmt.Sprintf("the service has the platform version %s, and runs on %s", u.PlatformVersion, u.Step), "remove PlatformVersion"
		})},
		{"public-address", "Only Fargate gives a task a public address.", aws + "APIReference/API_AwsVpcConfiguration.html", AtStep, of(func(u Use, s Service) (string, string) {
			if !s.PublicIP || u.Step == "" || u.onFargate() {
				return none()
			}
			return "the service asks for public addresses, which tasks on " + u.Step + " do not get", "set AssignPublicIp to DISABLED, and use private subnets with NAT or endpoints"
		})},
		{"fargate-service-placement", "Fargate places the tasks of a service itself.", fargate, AtStep, of(func(u Use, _ Service) (string, string) {
			if !u.onFargate() || !u.Placement {
				return none()
			}
			return "the service has placement strategies or constraints, which Fargate does not take", "remove PlacementStrategies and PlacementConstraints: Fargate spreads over zones itself"
		})},
		{"balanced-container", "A load balancer reaches a port that a container of the task maps.", services, AtStep, of(unbalanced)},
		{"grace-period", "A grace period is for the health checks of a load balancer.", services, AtStep, of(func(_ Use, s Service) (string, string) {
			if !s.Grace || s.LoadBalancer {
				return none()
			}
			return "the service has a HealthCheckGracePeriodSeconds and no load balancer", "remove it; a container's HealthCheck has a StartPeriod"
		})},
		{"rebalancing", "Zones are balanced by starting a task before another is stopped.", aws + "developerguide/service-rebalancing.html", AtStep, of(func(u Use, s Service) (string, string) {
			if !s.Rebalanced || !s.Daemon && u.Step != "EXTERNAL" && (s.Most == 0 || s.Most > 100) {
				return none()
			}
			return "the service balances zones, and is a DAEMON, on External instances, or has a maximum of 100 percent", "set AvailabilityZoneRebalancing to DISABLED, or MaximumPercent above 100"
		})},
		{"strategy", "A strategy has 20 providers at most, one with a base, and of several not all have a weight of 0.", aws + "APIReference/API_CapacityProviderStrategyItem.html", AtStep, of(func(_ Use, s Service) (string, string) {
			based := len(slices.DeleteFunc(slices.Clone(s.Bases), func(n int) bool { return n == 0 }))
			switch {
			case len(s.Strategy) > maxProviders:
				return fmt.Sprintf("the strategy has %d providers", len(s.Strategy)), fmt.Sprintf("keep %d at most", maxProviders)
			case based > 1:
				return fmt.Sprintf("%d providers of the strategy have a base", based), "give a Base to one of them"
			case len(s.Weights) > 1 && slices.Max(s.Weights) == 0:
				return "every provider of the strategy has a weight of 0, which ECS refuses", "give one a Weight of 1"
			}
			return none()
		})},
	}
}

// maxProviders is how many providers a strategy may have.
const maxProviders = 20

// tasks counts tasks in words.
func tasks(n int) string {
	if n == 1 {
		return "1 task"
	}
	return fmt.Sprintf("%d tasks", n)
}

// unbalanced looks for what a load balancer is to reach and the definition does not have.
func unbalanced(u Use, s Service) (string, string) {
	names := u.ContainerNames()
	for _, b := range s.Balanced {
		i := slices.Index(names, b.Container)
		switch {
		case len(names) == 0 || b.Container == "":
		case i < 0:
			return fmt.Sprintf("the load balancer reaches container %s, which %s does not have", b.Container, u.Name), "set ContainerName to one of " + strings.Join(names, ", ")
		case b.Port > 0 && !u.Containers[i].OpenPorts && !slices.ContainsFunc(u.Containers[i].Ports, func(p Port) bool { return p.Container == b.Port }):
			return fmt.Sprintf("the load balancer reaches port %d of container %s, which does not map it", b.Port, b.Container), fmt.Sprintf("add {ContainerPort: %d} to its PortMappings, or set ContainerPort to one that it has", b.Port)
		}
	}
	return none()
}
