package cluster

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/internal/compatible"
)

// declared is everything of a task definition that decides where it may run.
func declared(name string, d *types.TaskDefinition) compatible.Definition {
	out := compatible.Definition{
		Name: name, Known: true, NetworkMode: string(d.NetworkMode), CPU: whole(d.Cpu), Memory: whole(d.Memory),
		PidMode: string(d.PidMode), IpcMode: string(d.IpcMode), ExecutionRole: aws.ToString(d.ExecutionRoleArn) != "", TaskRole: aws.ToString(d.TaskRoleArn) != "",
		Constraints: len(d.PlacementConstraints) > 0,
	}
	for _, c := range d.Compatibilities {
		out.Compatibilities = append(out.Compatibilities, string(c))
	}
	if d.EphemeralStorage != nil {
		out.Storage = int(d.EphemeralStorage.SizeInGiB)
	}
	if d.RuntimePlatform != nil {
		out.Architecture, out.System = string(d.RuntimePlatform.CpuArchitecture), string(d.RuntimePlatform.OperatingSystemFamily)
	}
	for _, c := range d.ContainerDefinitions {
		out.Containers = append(out.Containers, container(c))
	}
	for _, v := range d.Volumes {
		out.Volumes = append(out.Volumes, compatible.Volume{
			Name: aws.ToString(v.Name), Host: v.Host != nil && aws.ToString(v.Host.SourcePath) != "",
			Docker: v.DockerVolumeConfiguration != nil, EFS: v.EfsVolumeConfiguration != nil,
		})
	}
	return out
}

func container(c types.ContainerDefinition) compatible.Container {
	out := compatible.Container{
		Name: aws.ToString(c.Name), Image: aws.ToString(c.Image), CPU: int(c.Cpu), Memory: int(aws.ToInt32(c.Memory)),
		MemoryReservation: int(aws.ToInt32(c.MemoryReservation)), Privileged: aws.ToBool(c.Privileged),
		Links: len(c.Links) > 0, ExtraHosts: len(c.ExtraHosts) > 0, DNS: len(c.DnsServers)+len(c.DnsSearchDomains) > 0, Secrets: len(c.Secrets) > 0,
		Optional: c.Essential != nil && !*c.Essential, StopTimeout: int(aws.ToInt32(c.StopTimeout)),
		Hostname: aws.ToString(c.Hostname) != "", Restricted: aws.ToBool(c.DisableNetworking) || len(c.DockerSecurityOptions) > 0,
		Unsized: c.Memory == nil && c.MemoryReservation == nil,
	}
	if c.LinuxParameters != nil {
		linux(&out, c.LinuxParameters)
	}
	if c.LogConfiguration != nil {
		out.LogDriver = string(c.LogConfiguration.LogDriver)
	}
	for _, r := range c.ResourceRequirements {
		out.GPU = out.GPU || r.Type == types.ResourceTypeGpu
	}
	for _, p := range c.PortMappings {
		out.OpenPorts = out.OpenPorts || p.ContainerPort == nil // a range
		out.Ports = append(out.Ports, compatible.Port{Container: int(aws.ToInt32(p.ContainerPort)), Host: int(aws.ToInt32(p.HostPort))})
	}
	return out
}

func linux(out *compatible.Container, l *types.LinuxParameters) {
	out.Devices = len(l.Devices) > 0
	out.Swap, out.SharedMemory = l.MaxSwap != nil || l.Swappiness != nil, l.SharedMemorySize != nil
	if l.Capabilities != nil {
		out.Capabilities = l.Capabilities.Add
	}
}

// whole is a whole number, or zero.
func whole(text *string) int {
	n, err := strconv.Atoi(aws.ToString(text))
	if err != nil {
		return 0
	}
	return n
}
