package compatible

import (
	"fmt"
	"slices"
)

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
		{"windows-network", "Instances of Windows have awsvpc and the default network.", register, AtDefinition, func(u Use) (string, string) {
			if m := u.mode(); !u.windows() || u.onFargate() || m != "bridge" && m != "host" && m != "none" {
				return none()
			}
			return fmt.Sprintf("%s is of %s and has the network mode %s", u.Name, u.System, u.mode()), "set NetworkMode to awsvpc, or leave it out"
		}},
	}
}

// addressRules: names and ports of containers by network mode.
func addressRules() []Rule {
	return []Rule{
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
