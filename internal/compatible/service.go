package compatible

import (
	"fmt"
	"slices"
	"strings"
)

// ofService is a rule that finds something of services only.
func ofService(find func(Use, Service) (string, string)) func(Use) (string, string) {
	return func(u Use) (string, string) {
		if u.Service == nil {
			return none()
		}
		return find(u, *u.Service)
	}
}

// serviceRules: what only services have.
func serviceRules() []Rule { //nolint:gocyclo // a table: each rule is a function of its own
	return []Rule{
		{"external-service", "A service on External instances has no load balancer, no discovery and no capacity provider.", external, AtStep, ofService(func(u Use, s Service) (string, string) {
			if u.Step != "EXTERNAL" || !s.LoadBalancer && !s.Discovery && len(s.Strategy) == 0 {
				return none()
			}
			return "the service is on External instances, and has a load balancer, service discovery or a capacity provider", "remove them, or run it on Fargate or EC2"
		})},
		{"fargate-daemon", "Fargate has no instances for a daemon.", services, AtStep, ofService(func(u Use, s Service) (string, string) {
			if !u.onFargate() || !s.Daemon {
				return none()
			}
			return "the service is a DAEMON, and Fargate has no instances", "set SchedulingStrategy to REPLICA, or run it on EC2"
		})},
		{"target-type", "Targets are addresses with awsvpc, and instances without.", aws + "developerguide/alb.html", AtStep, ofService(func(u Use, s Service) (string, string) {
			want := map[string]string{"awsvpc": "ip", "bridge": "instance", "host": "instance"}[u.mode()]
			if s.TargetType == "" || want == "" || s.TargetType == want {
				return none()
			}
			return fmt.Sprintf("%s has the network mode %s, and the target group has targets of type %s", u.Name, u.mode(), s.TargetType), "set TargetType to " + want
		})},
		{"service-network", "A service whose tasks have awsvpc says in which subnets.", services, AtStep, ofService(func(u Use, s Service) (string, string) {
			switch {
			case u.mode() == "awsvpc" && u.Known && !s.Configured:
				return u.Name + " has awsvpc, and the service no network configuration", "set NetworkConfiguration.AwsvpcConfiguration"
			case u.mode() != "" && u.mode() != "awsvpc" && s.Configured:
				return fmt.Sprintf("%s has the network mode %s, and the service a network configuration", u.Name, u.mode()), "remove NetworkConfiguration, or set NetworkMode to awsvpc"
			}
			return none()
		})},
		{"platform-of-fargate", "Platform versions are Fargate's.", services, AtStep, ofService(func(u Use, _ Service) (string, string) {
			if u.PlatformVersion == "" || u.Step != "EC2" && u.Step != "EXTERNAL" && !u.onInstances() && u.Provider != Managed {
				return none()
			}
			return fmt.Sprintf("the service has the platform version %s, and runs on %s", u.PlatformVersion, u.Step), "remove PlatformVersion"
		})},
		{"public-address", "Only Fargate gives a task a public address.", aws + "APIReference/API_AwsVpcConfiguration.html", AtStep, ofService(func(u Use, s Service) (string, string) {
			if !s.PublicIP || u.Step == "" || u.onFargate() {
				return none()
			}
			return "the service asks for public addresses, which tasks on " + u.Step + " do not get", "set AssignPublicIp to DISABLED, and use private subnets with NAT or endpoints"
		})},
		{"fargate-service-placement", "Fargate places the tasks of a service itself.", fargate, AtStep, ofService(func(u Use, _ Service) (string, string) {
			if !u.onFargate() || !u.Placement {
				return none()
			}
			return "the service has placement strategies or constraints, which Fargate does not take", "remove PlacementStrategies and PlacementConstraints: Fargate spreads over zones itself"
		})},
		{"balanced-container", "A load balancer reaches a port that a container of the task maps.", services, AtStep, ofService(unbalanced)},
		{"grace-period", "A grace period is for the health checks of a load balancer.", services, AtStep, ofService(func(_ Use, s Service) (string, string) {
			if !s.Grace || s.LoadBalancer {
				return none()
			}
			return "the service has a HealthCheckGracePeriodSeconds and no load balancer", "remove it; a container's HealthCheck has a StartPeriod"
		})},
	}
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

// strategyRules: capacity and updates of services.
func strategyRules() []Rule { //nolint:gocyclo // a table: each rule is a function of its own
	return []Rule{
		{"one-of-them", "A service has a launch type or a capacity provider strategy.", services, AtStep, ofService(func(_ Use, s Service) (string, string) {
			if s.LaunchType == "" || len(s.Strategy) == 0 {
				return none()
			}
			return fmt.Sprintf("the service has the launch type %s and a capacity provider strategy", s.LaunchType), "remove LaunchType"
		})},
		{"one-kind", "A strategy mixes no providers of Fargate with others.", services, AtStep, ofService(func(_ Use, s Service) (string, string) {
			fargate := func(p string) bool { return p == "FARGATE" || p == "FARGATE_SPOT" }
			other := func(p string) bool { return !fargate(p) }
			if !slices.ContainsFunc(s.Strategy, fargate) || !slices.ContainsFunc(s.Strategy, other) {
				return none()
			}
			return "the strategy mixes " + strings.Join(s.Strategy, " and "), "make two services, or keep one kind"
		})},
		{"service-moves", "A rolling update stops or starts at least one task.", aws + "APIReference/API_DeploymentConfiguration.html", AtStep, ofService(func(_ Use, s Service) (string, string) {
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
		{"rebalancing", "Zones are balanced by starting a task before another is stopped.", aws + "developerguide/service-rebalancing.html", AtStep, ofService(func(u Use, s Service) (string, string) {
			if !s.Rebalanced || !s.Daemon && u.Step != "EXTERNAL" && (s.Most == 0 || s.Most > 100) {
				return none()
			}
			return "the service balances zones, and is a DAEMON, on External instances, or has a maximum of 100 percent", "set AvailabilityZoneRebalancing to DISABLED, or MaximumPercent above 100"
		})},
		{"strategy", "A strategy has 20 providers at most, one with a base, and of several not all have a weight of 0.", aws + "APIReference/API_CapacityProviderStrategyItem.html", AtStep, ofService(func(_ Use, s Service) (string, string) {
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
