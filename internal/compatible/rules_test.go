package compatible_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"slipway/internal/compatible"
)

// good is a definition that every rule accepts on Fargate.
func good() compatible.Use {
	return compatible.Use{
		Step: "FARGATE", Subnets: true,
		Definition: compatible.Definition{
			Name: "worker", Known: true, Compatibilities: []string{"FARGATE"}, NetworkMode: "awsvpc", CPU: 1024, Memory: 2048, Architecture: "X86_64", System: "LINUX",
			ExecutionRole: true, TaskRole: true,
			Containers: []compatible.Container{{Name: "main", Image: "1.dkr.ecr.eu-north-1.amazonaws.com/worker", CPU: 512, Memory: 1024, LogDriver: "awslogs", Secrets: true, Ports: []compatible.Port{{Container: 80}}}},
		},
	}
}

// on is the same on instances, outside AWS, or by a provider.
func on(step string) compatible.Use {
	u := good()
	u.Step, u.Compatibilities, u.NetworkMode, u.Subnets = step, []string{"EC2", "EXTERNAL", "MANAGED_INSTANCES", "FARGATE"}, "bridge", false
	return u
}

// managed is the same on Managed Instances.
func managed() compatible.Use {
	return with(on("mine"), func(u *compatible.Use) { u.Provider, u.NetworkMode = compatible.Managed, "host" })
}

// awsvpc is the same on instances, each task with an interface of its own.
func awsvpc() compatible.Use {
	return with(on("EC2"), func(u *compatible.Use) { u.NetworkMode, u.Subnets = "awsvpc", true })
}

// windows is the same on instances of Windows.
func windows() compatible.Use {
	return with(on("EC2"), func(u *compatible.Use) { u.System, u.NetworkMode = "WINDOWS_SERVER_2022_CORE", "" })
}

func served(change func(*compatible.Service)) func(*compatible.Use) {
	return func(u *compatible.Use) {
		u.Service = &compatible.Service{LaunchType: "FARGATE", Configured: true, Minimum: 100, Most: 200, Desired: 2, TargetType: "ip", LoadBalancer: true}
		change(u.Service)
	}
}

func first(u *compatible.Use) *compatible.Container { return &u.Containers[0] }

// refused has for each rule a use that it refuses, and a change that makes it acceptable.
var refused = map[string]struct {
	from   func() compatible.Use
	change func(*compatible.Use)
}{
	"compatibility":     {good, func(u *compatible.Use) { u.Compatibilities = []string{"EC2"} }},
	"spot-windows":      {good, func(u *compatible.Use) { u.Step, u.System = "FARGATE_SPOT", "WINDOWS_SERVER_2022_CORE" }},
	"spot-arm64":        {good, func(u *compatible.Use) { u.Step, u.Architecture, u.PlatformVersion = "FARGATE_SPOT", "ARM64", "1.3.0" }},
	"windows-arm64":     {good, func(u *compatible.Use) { u.System, u.Architecture = "WINDOWS_SERVER_2022_CORE", "ARM64" }},
	"fargate-placement": {good, func(u *compatible.Use) { u.Constraints = true }},
	"exec-role":         {good, func(u *compatible.Use) { u.Exec, u.TaskRole = true, false }},
	"fargate-awsvpc":    {good, func(u *compatible.Use) { u.NetworkMode, u.Subnets = "bridge", false }},
	"external-awsvpc":   {func() compatible.Use { return on("EXTERNAL") }, func(u *compatible.Use) { u.NetworkMode = "awsvpc" }},
	"managed-network": {good, func(u *compatible.Use) {
		u.Step, u.Provider, u.Compatibilities, u.NetworkMode, u.Subnets = "mine", compatible.Managed, []string{"MANAGED_INSTANCES"}, "bridge", false
	}},
	"network-of-its-own":   {func() compatible.Use { return on("EC2") }, func(u *compatible.Use) { u.Groups = true }},
	"host-port":            {good, func(u *compatible.Use) { first(u).Ports[0].Host = 8080 }},
	"links":                {good, func(u *compatible.Use) { first(u).Links = true }},
	"fargate-size":         {good, func(u *compatible.Use) { u.CPU, u.Memory = 0, 0 }},
	"fargate-pair":         {good, func(u *compatible.Use) { u.Memory = 9216 }},
	"windows-size":         {good, func(u *compatible.Use) { u.System, u.CPU, first(u).CPU = "WINDOWS_SERVER_2022_CORE", 512, 0 }},
	"storage":              {good, func(u *compatible.Use) { u.Storage = 20 }},
	"storage-on-fargate":   {func() compatible.Use { return on("EC2") }, func(u *compatible.Use) { u.Storage = 50 }},
	"storage-platform":     {good, func(u *compatible.Use) { u.Sizes, u.PlatformVersion = []compatible.Size{{Storage: 50}}, "1.3.0" }},
	"containers-fit":       {good, func(u *compatible.Use) { first(u).CPU = 2048 }},
	"override-fits":        {good, func(u *compatible.Use) { u.Sizes = []compatible.Size{{CPU: 256, Memory: 1024}} }},
	"container-named":      {good, func(u *compatible.Use) { u.Container = "web" }},
	"fargate-privileged":   {good, func(u *compatible.Use) { first(u).Privileged = true }},
	"fargate-gpu":          {good, func(u *compatible.Use) { first(u).GPU = true }},
	"fargate-hosts":        {good, func(u *compatible.Use) { first(u).DNS = true }},
	"fargate-devices":      {good, func(u *compatible.Use) { first(u).Devices = true }},
	"fargate-logs":         {good, func(u *compatible.Use) { first(u).LogDriver = "json-file" }},
	"fargate-volumes":      {good, func(u *compatible.Use) { u.Volumes = []compatible.Volume{{Name: "data", Host: true}} }},
	"fargate-namespaces":   {good, func(u *compatible.Use) { u.PidMode = "host" }},
	"execution-role":       {good, func(u *compatible.Use) { u.ExecutionRole = false }},
	"fargate-capabilities": {good, func(u *compatible.Use) { first(u).Capabilities = []string{"SYS_PTRACE", "NET_ADMIN"} }},
	"fargate-memory":       {good, func(u *compatible.Use) { first(u).SharedMemory = true }},
	"fargate-stop":         {good, func(u *compatible.Use) { first(u).StopTimeout = 121 }},
	"managed-parameters":   {managed, func(u *compatible.Use) { first(u).Swap = true }},
	"managed-volumes":      {managed, func(u *compatible.Use) { u.Volumes = []compatible.Volume{{Name: "data", Host: true}} }},
	"no-network-no-ports": {func() compatible.Use {
		return with(on("EC2"), func(u *compatible.Use) { u.NetworkMode, first(u).Ports = "none", nil })
	}, func(u *compatible.Use) {
		first(u).Ports = []compatible.Port{{Container: 80}}
	}},
	"external-volumes": {func() compatible.Use { return on("EXTERNAL") }, func(u *compatible.Use) { u.Volumes = []compatible.Volume{{Name: "data", EFS: true}} }},
	"one-of-them":      {good, served(func(s *compatible.Service) { s.Strategy = []string{"FARGATE"} })},
	"one-kind":         {good, served(func(s *compatible.Service) { s.LaunchType, s.Strategy = "", []string{"FARGATE", "mine"} })},
	"external-service": {func() compatible.Use { return on("EXTERNAL") }, func(u *compatible.Use) {
		u.Service = &compatible.Service{LaunchType: "EXTERNAL", LoadBalancer: true}
	}},
	"arm64-platform":  {good, func(u *compatible.Use) { u.Architecture, u.PlatformVersion = "ARM64", "1.3.0" }},
	"exec-platform":   {good, func(u *compatible.Use) { u.Exec, u.PlatformVersion = true, "1.3.0" }},
	"windows-network": {windows, func(u *compatible.Use) { u.NetworkMode = "host" }},
	"awsvpc-names":    {awsvpc, func(u *compatible.Use) { first(u).ExtraHosts = true }},
	"awsvpc-hostname": {good, func(u *compatible.Use) { first(u).Hostname = true }},
	"large-platform":  {good, func(u *compatible.Use) { u.CPU, u.Memory, u.PlatformVersion = 8192, 16384, "1.3.0" }},
	"instance-size":   {func() compatible.Use { return on("EC2") }, func(u *compatible.Use) { u.CPU, first(u).CPU = 64, 0 }},
	"efs-platform": {good, func(u *compatible.Use) {
		u.Volumes, u.PlatformVersion = []compatible.Volume{{Name: "data", EFS: true}}, "1.3.0"
	}},
	"container-memory": {func() compatible.Use {
		return with(on("EC2"), func(u *compatible.Use) { u.CPU, u.Memory = 0, 0 })
	}, func(u *compatible.Use) { first(u).Memory, first(u).Unsized = 0, true }},
	"reservation":    {good, func(u *compatible.Use) { first(u).MemoryReservation = 1025 }},
	"essential":      {good, func(u *compatible.Use) { first(u).Optional = true }},
	"fargate-docker": {good, func(u *compatible.Use) { first(u).Restricted = true }},
	"container-names": {good, func(u *compatible.Use) {
		u.Container, u.Containers = "main", append(u.Containers, compatible.Container{Name: "main"})
	}},
	"container-count": {good, func(u *compatible.Use) {
		for i := range 10 {
			u.Containers = append(u.Containers, compatible.Container{Name: strconv.Itoa(i), Optional: true})
		}
	}},
	"platform-of-fargate": {func() compatible.Use { return on("EC2") }, func(u *compatible.Use) {
		u.Service, u.PlatformVersion = &compatible.Service{LaunchType: "EC2"}, "LATEST"
	}},
	"public-address": {awsvpc, func(u *compatible.Use) {
		u.Service = &compatible.Service{LaunchType: "EC2", Configured: true, PublicIP: true}
	}},
	"fargate-service-placement": {func() compatible.Use { return with(good(), served(func(*compatible.Service) {})) }, func(u *compatible.Use) { u.Placement = true }},
	"balanced-container":        {good, served(func(s *compatible.Service) { s.Balanced = []compatible.Balanced{{Container: "main", Port: 8080}} })},
	"grace-period":              {good, served(func(s *compatible.Service) { s.LoadBalancer, s.TargetType, s.Grace = false, "", true })},
	"rebalancing":               {good, served(func(s *compatible.Service) { s.Minimum, s.Most, s.Rebalanced = 50, 100, true })},
	"strategy": {good, served(func(s *compatible.Service) {
		s.LaunchType, s.Strategy, s.Weights = "", []string{"FARGATE", "FARGATE_SPOT"}, []int{0, 0}
	})},
	"fargate-daemon":  {good, served(func(s *compatible.Service) { s.Daemon = true })},
	"target-type":     {good, served(func(s *compatible.Service) { s.TargetType = "instance" })},
	"service-network": {good, served(func(s *compatible.Service) { s.Configured = false })},
	"service-moves":   {good, served(func(s *compatible.Service) { s.Most = 100 })},
}

func rulesOf(all []compatible.Refusal) []string {
	var out []string
	for _, r := range all {
		out = append(out, r.Rule)
	}
	return out
}

// TestEachRuleRefusesWhatItIsFor and accepts the same without it.
func TestEachRuleRefusesWhatItIsFor(t *testing.T) {
	for _, r := range compatible.Rules() {
		t.Run(r.ID, func(t *testing.T) {
			tc, ok := refused[r.ID]
			if !ok {
				t.Fatal("no case shows what this rule refuses")
			}
			if before := compatible.Examine(tc.from()); len(before) > 0 {
				t.Fatalf("the use is refused before the change: %v", before)
			}
			u := tc.from()
			tc.change(&u)
			got := compatible.Examine(u)
			if !slices.Equal(rulesOf(got), []string{r.ID}) {
				t.Fatalf("refused by %v, want %s alone", got, r.ID)
			}
			if g := got[0]; g.What == "" || g.Remedy == "" || !strings.HasPrefix(g.Page, "https://docs.aws.amazon.com/AmazonECS/") || g.At == "" || r.Says == "" {
				t.Errorf("%+v does not say what is wrong, what to write and where AWS says so", g)
			}
		})
	}
	for id := range refused {
		if !slices.ContainsFunc(compatible.Rules(), func(r compatible.Rule) bool { return r.ID == id }) {
			t.Errorf("there is no rule %s", id)
		}
	}
}

// TestWhatIsNotKnownIsNotRefused: a definition of which only the name is known runs everywhere.
func TestWhatIsNotKnownIsNotRefused(t *testing.T) {
	for _, step := range []string{"FARGATE", "FARGATE_SPOT", "EC2", "EXTERNAL", "mine"} {
		u := compatible.Use{Definition: compatible.Definition{Name: "worker"}, Step: step, Container: "main", Subnets: true, PublicIP: true, Exec: true}
		if got := compatible.Examine(u); len(got) > 0 {
			t.Errorf("on %s: %v", step, got)
		}
	}
}

// TestWhatECSAccepts are combinations that are unusual and right.
func TestWhatECSAccepts(t *testing.T) {
	for name, u := range map[string]compatible.Use{
		"ARM64 on Fargate Spot": with(good(), func(u *compatible.Use) { u.Step, u.Architecture = "FARGATE_SPOT", "ARM64" }),
		"a sidecar that is not essential": with(good(), func(u *compatible.Use) {
			u.Containers = append(u.Containers, compatible.Container{Name: "side", Optional: true})
		}),
		"two minutes to stop":            with(good(), func(u *compatible.Use) { first(u).StopTimeout = 120 }),
		"a capability for debuggers":     with(good(), func(u *compatible.Use) { first(u).Capabilities = []string{"SYS_PTRACE"} }),
		"two hundred GiB":                with(good(), func(u *compatible.Use) { u.Storage = 200 }),
		"PidMode task on Fargate":        with(good(), func(u *compatible.Use) { u.PidMode = "task" }),
		"EFS on Fargate":                 with(good(), func(u *compatible.Use) { u.Volumes = []compatible.Volume{{Name: "data", EFS: true}} }),
		"sixteen vCPU":                   with(good(), func(u *compatible.Use) { u.CPU, u.Memory = 16384, 122880 }),
		"host mode on Managed Instances": with(on("mine"), func(u *compatible.Use) { u.Provider, u.NetworkMode = compatible.Managed, "host" }),
		"a GPU on External instances":    with(on("EXTERNAL"), func(u *compatible.Use) { first(u).GPU = true }),
		"a port of the host in bridge":   with(on("EC2"), func(u *compatible.Use) { first(u).Ports[0].Host = 8080 }),
		"reservations below hard limits": with(good(), func(u *compatible.Use) { first(u).Memory, first(u).MemoryReservation = 2048, 128 }),
		"a daemon on instances": with(on("EC2"), func(u *compatible.Use) {
			u.Service = &compatible.Service{LaunchType: "EC2", Daemon: true, Minimum: 100, Most: 100}
		}),
		"no role for a public image": with(good(), func(u *compatible.Use) {
			u.ExecutionRole, u.Containers = false, []compatible.Container{{Name: "main", Image: "nginx"}}
		}),
		"a port that the load balancer reaches": with(good(), served(func(s *compatible.Service) {
			s.Balanced, s.Grace = []compatible.Balanced{{Container: "main", Port: 80}}, true
		})),
		"a port among a range of them": with(with(good(), func(u *compatible.Use) { first(u).OpenPorts = true }), served(func(s *compatible.Service) {
			s.Balanced = []compatible.Balanced{{Container: "main", Port: 8080}}
		})),
		"half to one and a half of a count that a scaler owns": with(good(), served(func(s *compatible.Service) { s.Minimum, s.Most, s.Desired = 50, 150, 0 })),
		"one provider without a weight":                        with(good(), served(func(s *compatible.Service) { s.LaunchType, s.Strategy, s.Weights = "", []string{"FARGATE"}, []int{0} })),
		"a definition of Fargate without an older platform":    with(good(), func(u *compatible.Use) { u.Architecture, u.PlatformVersion = "ARM64", "LATEST" }),
		"a provider of a kind that is not known":               with(on("mine"), func(u *compatible.Use) { u.Compatibilities = []string{"MANAGED_INSTANCES"} }),
		"what is said as much as is kept":                      with(good(), func(u *compatible.Use) { first(u).MemoryReservation = 1024 }),
		"a size in place of the definition":                    with(good(), func(u *compatible.Use) { u.Sizes = []compatible.Size{{CPU: 4096, Memory: 8192, Storage: 60}} }),
	} {
		if got := compatible.Examine(u); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestAProviderOfOnesOwnIsNeverFargates, whatever its kind is.
func TestAProviderOfOnesOwnIsNeverFargates(t *testing.T) {
	u := with(on("mine"), func(u *compatible.Use) { u.Compatibilities = []string{"FARGATE"} })
	if got := rulesOf(compatible.Examine(u)); !slices.Equal(got, []string{"compatibility"}) {
		t.Errorf("refused by %v", got)
	}
}

// TestUpdatesThatNeverMove: with 100 and 100 whatever the count, else by how the count rounds.
func TestUpdatesThatNeverMove(t *testing.T) {
	for _, tc := range []struct {
		minimum, most, desired int
		stuck                  bool
	}{
		{100, 100, 0, true},
		{100, 100, 10, true},
		{50, 150, 1, true},
		{50, 150, 2, false},
		{50, 150, 0, false},
		{0, 100, 1, false},
		{99, 100, 10, true},
		{90, 100, 10, false},
		{100, 109, 10, true},
		{100, 110, 10, false},
	} {
		u := with(good(), served(func(s *compatible.Service) { s.Minimum, s.Most, s.Desired = tc.minimum, tc.most, tc.desired }))
		if got := slices.Contains(rulesOf(compatible.Examine(u)), "service-moves"); got != tc.stuck {
			t.Errorf("%d tasks between %d and %d percent: refused %v, want %v", tc.desired, tc.minimum, tc.most, got, tc.stuck)
		}
	}
}

func with(u compatible.Use, change func(*compatible.Use)) compatible.Use { change(&u); return u }
