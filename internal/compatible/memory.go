package compatible

import (
	"cmp"
	"fmt"
	"slices"
)

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
	}
}

// memoryRules: what containers ask for in what their task has.
func memoryRules() []Rule {
	return []Rule{
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

// platformRules: what older platform versions of Fargate do not have.
func platformRules() []Rule { //nolint:gocyclo // a table: each rule is a function of its own
	return []Rule{
		{"large-platform", "Eight vCPU and more need platform version 1.4.0.", register, AtPlatform, func(u Use) (string, string) {
			large := u.CPU >= 8192 || slices.ContainsFunc(u.Sizes, func(s Size) bool { return s.CPU >= 8192 })
			if !u.onFargate() || !large || !older(u.PlatformVersion) {
				return none()
			}
			return fmt.Sprintf("8192 CPU units and more are not there on platform version %s", u.PlatformVersion), "write 1.4.0 or LATEST"
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
	}
}
