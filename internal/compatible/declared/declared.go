package declared

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"slipway/internal/compatible"
	"slipway/internal/template"
)

// Stack is what a template declares.
type Stack struct {
	// Definitions are task definitions, by logical ID and by family.
	Definitions map[string]compatible.Definition
	// Services are the uses of definitions by services, each with the logical ID of its service.
	Services []Service
	// Providers are the kinds of capacity providers, by logical ID and by name.
	Providers map[string]compatible.Kind
}

// Service is a service of a template.
type Service struct {
	ID   string
	Uses []compatible.Use // one for each place where its tasks may go
}

// Read reads a template.
func Read(text []byte, parameters map[string]string) (Stack, error) {
	parsed, err := template.Parse(text)
	if err != nil {
		return Stack{}, err
	}
	s := parsed.Known(template.Example(), parameters)
	out := Stack{Definitions: map[string]compatible.Definition{}, Providers: map[string]compatible.Kind{}}
	for _, r := range s.Of("AWS::ECS::TaskDefinition") {
		d := definition(r)
		out.Definitions[r.ID] = d
		if family := r.Text("Family"); family != "" {
			out.Definitions[family] = d
		}
	}
	for _, r := range s.Of("AWS::ECS::CapacityProvider") {
		kind := compatible.Instances
		if r.Get("ManagedInstancesProvider") != nil {
			kind = compatible.Managed
		}
		out.Providers[r.ID] = kind
		if name := r.Text("Name"); name != "" {
			out.Providers[name] = kind
		}
	}
	for _, r := range s.Of("AWS::ECS::Service") {
		out.Services = append(out.Services, out.service(r, s))
	}
	return out, nil
}

// definition reads a task definition. One whose size or network mode a parameter leaves open is not known as a whole.
func definition(r template.Resource) compatible.Definition {
	p := r.Properties
	return compatible.Definition{
		Name: r.ID, Known: !open(p, "NetworkMode", "Cpu", "Memory"),
		Compatibilities: r.Texts("RequiresCompatibilities"), NetworkMode: r.Text("NetworkMode"),
		CPU: quantity(r.Text("Cpu")), Memory: quantity(r.Text("Memory")), Storage: number(r.Text("EphemeralStorage", "SizeInGiB")),
		Architecture: r.Text("RuntimePlatform", "CpuArchitecture"), System: r.Text("RuntimePlatform", "OperatingSystemFamily"),
		PidMode: r.Text("PidMode"), IpcMode: r.Text("IpcMode"),
		ExecutionRole: has(p, "ExecutionRoleArn"), TaskRole: has(p, "TaskRoleArn"),
		Constraints: len(template.List(r.Get("PlacementConstraints"))) > 0,
		Containers:  containers(template.List(r.Get("ContainerDefinitions"))), Volumes: volumes(template.List(r.Get("Volumes"))),
	}
}

// has reports whether there is such a property, even one whose value is not known.
func has(o template.Object, name string) bool { _, ok := o[name]; return ok }

// open reports whether one of the properties is there with a value that is not known.
func open(o template.Object, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return has(o, name) && o[name] == nil })
}

func containers(all []any) []compatible.Container {
	var out []compatible.Container
	for _, c := range all {
		linux := func(name string) bool { return len(template.List(template.At(c, "LinuxParameters", name))) > 0 }
		list := func(name string) bool { return len(template.List(template.At(c, name))) > 0 }
		out = append(out, compatible.Container{
			Name: text(c, "Name"), Image: text(c, "Image"), CPU: number(text(c, "Cpu")), Memory: number(text(c, "Memory")),
			MemoryReservation: number(text(c, "MemoryReservation")), Privileged: text(c, "Privileged") == "true",
			Links: list("Links"), ExtraHosts: list("ExtraHosts"), DNS: list("DnsServers") || list("DnsSearchDomains"),
			Devices: linux("Devices"), Secrets: list("Secrets"), LogDriver: text(c, "LogConfiguration", "LogDriver"),
			GPU: strings.Contains(fmt.Sprint(template.At(c, "ResourceRequirements")), "GPU"), Optional: text(c, "Essential") == "false",
			Capabilities: texts(c, "LinuxParameters", "Capabilities", "Add"), Swap: linux("MaxSwap") || linux("Swappiness"), SharedMemory: linux("SharedMemorySize"),
			StopTimeout: number(text(c, "StopTimeout")), Hostname: text(c, "Hostname") != "",
			Restricted: text(c, "DisableNetworking") == "true" || list("DockerSecurityOptions"),
			Ports:      ports(template.List(template.At(c, "PortMappings"))), OpenPorts: openPorts(c),
			Unsized: !said(c, "Memory") && !said(c, "MemoryReservation"),
		})
	}
	return out
}

// said reports whether a container says something of this, even if it is not known what.
func said(container any, name string) bool {
	o, _ := container.(template.Object)
	return has(o, name)
}

// openPorts reports whether a container maps ports that are not known: all of them, the number of one, or a range.
func openPorts(container any) bool {
	return said(container, "PortMappings") && template.At(container, "PortMappings") == nil ||
		slices.ContainsFunc(template.List(template.At(container, "PortMappings")), func(p any) bool { return number(text(p, "ContainerPort")) == 0 })
}

func ports(all []any) []compatible.Port {
	var out []compatible.Port
	for _, p := range all {
		out = append(out, compatible.Port{Container: number(text(p, "ContainerPort")), Host: number(text(p, "HostPort"))})
	}
	return out
}

func volumes(all []any) []compatible.Volume {
	var out []compatible.Volume
	for _, v := range all {
		out = append(out, compatible.Volume{
			Name: text(v, "Name"), Host: text(v, "Host", "SourcePath") != "",
			Docker: template.At(v, "DockerVolumeConfiguration") != nil, EFS: template.At(v, "EFSVolumeConfiguration") != nil,
		})
	}
	return out
}

// service reads a service, with a use for each place of its strategy.
func (out Stack) service(r template.Resource, s template.Stack) Service {
	task, _ := s.Named(r.Get("TaskDefinition"))
	d, ok := out.Definitions[task.ID]
	if !ok {
		d = out.Definitions[r.Text("TaskDefinition")]
	}
	of := compatible.Service{
		LaunchType: r.Text("LaunchType"), Daemon: r.Text("SchedulingStrategy") == "DAEMON",
		LoadBalancer: len(template.List(r.Get("LoadBalancers"))) > 0, TargetType: targetType(r, s),
		Discovery:  len(template.List(r.Get("ServiceRegistries"))) > 0,
		Configured: has(r.Properties, "NetworkConfiguration"), PublicIP: r.Text("NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp") == "ENABLED",
		Desired: number(r.Text("DesiredCount")), Grace: number(r.Text("HealthCheckGracePeriodSeconds")) > 0,
		Rebalanced: r.Text("AvailabilityZoneRebalancing") == "ENABLED",
	}
	of.Minimum, of.Most = limits(r)
	for _, b := range template.List(r.Get("LoadBalancers")) {
		of.Balanced = append(of.Balanced, compatible.Balanced{Container: text(b, "ContainerName"), Port: number(text(b, "ContainerPort"))})
	}
	for _, item := range template.List(r.Get("CapacityProviderStrategy")) {
		of.Weights, of.Bases = append(of.Weights, weight(item)), append(of.Bases, number(text(item, "Base")))
		name := text(item, "CapacityProvider")
		if named, ok := s.Named(name); ok {
			name = named.ID
		}
		of.Strategy = append(of.Strategy, name)
	}
	places := of.Strategy
	if len(places) == 0 {
		places = []string{of.LaunchType} // empty: as the cluster's default says
	}
	uses := []compatible.Use{}
	for _, place := range places {
		uses = append(uses, compatible.Use{
			Definition: d, Step: place, Provider: out.Providers[place], PlatformVersion: r.Text("PlatformVersion"),
			Placement: len(template.List(r.Get("PlacementStrategies")))+len(template.List(r.Get("PlacementConstraints"))) > 0, Exec: r.Text("EnableExecuteCommand") == "true", Service: &of,
		})
	}
	return Service{r.ID, uses}
}

// weight is that of an item of a strategy; one that is not known is none of 0.
func weight(item any) int {
	if said(item, "Weight") && template.At(item, "Weight") == nil {
		return 1
	}
	return number(text(item, "Weight"))
}

// limits are the percentages of an update, with ECS's defaults where nothing is said. Where one is not known, neither is.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
func limits(r template.Resource) (least, most int) {
	how, known := r.Get("DeploymentConfiguration").(template.Object)
	if !known && has(r.Properties, "DeploymentConfiguration") || open(how, "MinimumHealthyPercent", "MaximumPercent") {
		return 0, 0
	}
	least, most = 100, 200
	if has(how, "MinimumHealthyPercent") {
		least = number(text(how, "MinimumHealthyPercent"))
	}
	if has(how, "MaximumPercent") {
		most = number(text(how, "MaximumPercent"))
	}
	return least, most
}

// targetType is that of the first target group of a service.
func targetType(r template.Resource, s template.Stack) string {
	for _, b := range template.List(r.Get("LoadBalancers")) {
		if group, ok := s.Named(template.At(b, "TargetGroupArn")); ok {
			if kind := group.Text("TargetType"); kind != "" {
				return kind
			}
			return "instance"
		}
	}
	return ""
}

func text(v any, keys ...string) string {
	found := template.At(v, keys...)
	if found == nil {
		return ""
	}
	return fmt.Sprint(found)
}

func texts(v any, keys ...string) []string {
	var out []string
	for _, e := range template.List(template.At(v, keys...)) {
		out = append(out, fmt.Sprint(e))
	}
	return out
}

// number is a whole number, or zero.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

var sized = regexp.MustCompile(`(?i)^\s*([0-9]*\.?[0-9]+)\s*(vcpu|gb)?\s*$`)

// quantity reads a size as a task definition may write it: units, or a number of vCPU or GB.
func quantity(text string) int {
	m := sized.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0
	}
	if m[2] != "" {
		n *= 1024
	}
	return int(n)
}

// Names are the definitions of a stack, in order.
func (out Stack) Names() []string { return slices.Sorted(maps.Keys(out.Definitions)) }
