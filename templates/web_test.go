package templates_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"slipway/internal/compatible"
	"slipway/internal/template"
)

// webParameters are those of web-service.yaml without a default.
func webParameters() map[string]string {
	return map[string]string{"ClusterName": "main", "VpcId": "vpc-1", "LoadBalancerSubnets": "subnet-1,subnet-2", "TaskSubnets": "subnet-3,subnet-4"}
}

// webs are the combinations of launch type, certificate, scaling and storage.
func webs() []map[string]string {
	var all []map[string]string
	for _, launch := range []string{"FARGATE", "EC2"} {
		for _, certificate := range []string{"", "arn:aws:acm:eu-north-1:123456789012:certificate/1"} {
			for _, scaling := range []string{"target", "step", "none"} {
				p := with(webParameters(), "LaunchType", launch, "CertificateArn", certificate, "Scaling", scaling)
				all = append(all, p)
				if launch == "FARGATE" {
					all = append(all, with(p, "EphemeralStorage", "60", "PublicIp", "ENABLED", "CapacityProvider", "FARGATE_SPOT", "QuietMinTasks", "1", "MaximumPercent", "100", "MinimumHealthyPercent", "50"))
				}
			}
		}
	}
	return all
}

func TestWebService(t *testing.T) {
	rules{
		file: "web-service.yaml", cases: webs(),
		checks: map[string]check{
			"clients reach the load balancer and nobody else the tasks": clientsReachTheBalancer,
			"HTTP forwards, or leads to HTTPS where there is one":       httpLeadsToHTTPS,
			"the listener forwards to the service's target group":       listenerForwards,
			"the service waits for the listener that forwards":          serviceWaits,
			"the service runs the container on its port":                serviceFitsTask,
			"a task is where its launch type can be":                    taskFitsLaunchType,
			"nobody sets the count of a service that is scaled":         scalerOwnsCount,
			"every policy scales this service":                          policiesScaleService,
			"a bad deployment is rolled back":                           deploymentsRollBack,
			"requests are drained before a task is killed":              requestsDrain,
			"roles do what they are for":                                webRoles,
		},
		breaks: []change{
			{"clients reach the load balancer and nobody else the tasks", "SourceSecurityGroupId: !GetAtt LoadBalancerGroup.GroupId", "CidrIp: 0.0.0.0/0"},
			{"clients reach the load balancer and nobody else the tasks", "FromPort: 80, ToPort: 80, CidrIp: !Ref ClientCidr", "FromPort: 81, ToPort: 81, CidrIp: !Ref ClientCidr"},
			{"clients reach the load balancer and nobody else the tasks", "DestinationSecurityGroupId: !GetAtt TaskGroup.GroupId", "CidrIp: 0.0.0.0/0"},
			{"clients reach the load balancer and nobody else the tasks", "SecurityGroups: [!GetAtt TaskGroup.GroupId]", "SecurityGroups: [!GetAtt LoadBalancerGroup.GroupId]"},
			{"HTTP forwards, or leads to HTTPS where there is one", "RedirectConfig: {Protocol: HTTPS, Port: \"443\"", "RedirectConfig: {Protocol: HTTPS, Port: \"80\""},
			{"HTTP forwards, or leads to HTTPS where there is one", "SslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06", "SslPolicy: ELBSecurityPolicy-2016-08"},
			{"the listener forwards to the service's target group", "TargetType: ip", "TargetType: instance"},
			{"the listener forwards to the service's target group", "          - Type: forward\n            TargetGroupArn: !Ref TargetGroup", "          - Type: fixed-response\n            FixedResponseConfig: {StatusCode: \"200\"}"},
			{"the service waits for the listener that forwards", "!If [WithCertificate, !Ref HttpsListener, !Ref HttpListener]", "!Ref HttpListener"},
			{"the service runs the container on its port", "{ContainerName: web, ", "{ContainerName: app, "},
			{"the service runs the container on its port", "PortMappings: [{ContainerPort: !Ref ContainerPort", "PortMappings: [{ContainerPort: 8080"},
			{"a task is where its launch type can be", "RequiresCompatibilities: [!Ref LaunchType]", "RequiresCompatibilities: [FARGATE]"},
			{"a task is where its launch type can be", "AssignPublicIp: !If [OnFargate, !Ref PublicIp, !Ref AWS::NoValue]", "AssignPublicIp: !Ref PublicIp"},
			{"a task is where its launch type can be", "LaunchType: !If [WithProvider, !Ref AWS::NoValue, !Ref LaunchType]", "LaunchType: !Ref LaunchType"},
			{"a task is where its launch type can be", "PlatformVersion: !If [OnFargate, LATEST, !Ref AWS::NoValue]", "PlatformVersion: LATEST"},
			{"a task is where its launch type can be", "!If [WithStorage, {SizeInGiB: !Ref EphemeralStorage}, !Ref AWS::NoValue]", "{SizeInGiB: 20}"},
			{"nobody sets the count of a service that is scaled", "DesiredCount: !If [WithScaling, !Ref AWS::NoValue, !Ref MinTasks]", "DesiredCount: !Ref MinTasks"},
			{"every policy scales this service", "ResourceId: !Sub service/${ClusterName}/${Service.Name}", "ResourceId: !Sub service/${Service.Name}"},
			{"every policy scales this service", "ResourceLabel: !Sub ${LoadBalancer.LoadBalancerFullName}/", "ResourceLabel: !Sub ${LoadBalancer}/"},
			{"every policy scales this service", "AlarmActions: [!Ref StepOutPolicy]", "AlarmActions: [!Ref StepInPolicy]"},
			{"every policy scales this service", "{MetricIntervalLowerBound: 15, MetricIntervalUpperBound: 30", "{MetricIntervalLowerBound: 20, MetricIntervalUpperBound: 30"},
			{"every policy scales this service", "ScalableTargetAction: {MinCapacity: !Ref QuietMinTasks, MaxCapacity: !Ref MaxTasks}", "ScalableTargetAction: {MinCapacity: 99, MaxCapacity: !Ref MaxTasks}"},
			{"a bad deployment is rolled back", "DeploymentCircuitBreaker: {Enable: true, Rollback: true}", "DeploymentCircuitBreaker: {Enable: true, Rollback: false}"},
			{"a bad deployment is rolled back", "AlarmNames: [!Ref ServerErrorsAlarm, !Ref UnhealthyAlarm]", "AlarmNames: [!Ref ServerErrorsAlarm, unhealthy]"},
			{"a bad deployment is rolled back", "!If [MayExceed, ENABLED, DISABLED]", "ENABLED"},
			{"requests are drained before a task is killed", "deregistration_delay.timeout_seconds, Value: !Ref DeregistrationDelay", "deregistration_delay.timeout_seconds, Value: 0"},
			{"roles do what they are for", "ExecutionRoleArn: !GetAtt ExecutionRole.Arn", "ExecutionRoleArn: !GetAtt TaskRole.Arn"},
			{"roles do what they are for", "Action: [logs:CreateLogStream, logs:PutLogEvents]", "Action: [logs:CreateLogGroup, logs:PutLogEvents]"},
			{"roles do what they are for", "Resource: !GetAtt Logs.Arn", "Resource: \"*\""},
			{"roles do what they are for", "Condition: {StringEquals: {aws:SourceAccount: !Ref AWS::AccountId}}", "Condition: {StringEquals: {aws:SourceAccount: \"210987654321\"}}"},
		},
	}.run(t)
}

// one is the only resource of a type.
func one(s template.Stack, kind string, p *problems) template.Resource {
	all := s.Of(kind)
	if len(all) != 1 {
		p.add("%d of %s, want one", len(all), kind)
		return template.Resource{}
	}
	return all[0]
}

func clientsReachTheBalancer(s template.Stack, parameters map[string]string, p *problems) {
	balancer, tasks := s.Resources["LoadBalancerGroup"], s.Resources["TaskGroup"]
	var ports []string
	for _, rule := range template.List(balancer.Get("SecurityGroupIngress")) {
		ports = append(ports, fmt.Sprint(template.At(rule, "FromPort")))
	}
	want := []string{"80"}
	if parameters["CertificateArn"] != "" {
		want = append(want, "443")
	}
	if !slices.Equal(ports, want) {
		p.add("clients reach the ports %v, want %v", ports, want)
	}
	for _, rule := range template.List(tasks.Get("SecurityGroupIngress")) {
		if template.At(rule, "SourceSecurityGroupId") != "${LoadBalancerGroup.GroupId}" || fmt.Sprint(template.At(rule, "ToPort")) != "80" {
			p.add("the tasks let in %v, which is not the load balancer on the container's port", rule)
		}
	}
	for _, e := range s.Of("AWS::EC2::SecurityGroupEgress") {
		if e.Text("DestinationSecurityGroupId") != "${TaskGroup.GroupId}" || e.Text("FromPort") != "80" {
			p.add("the load balancer reaches more than the tasks: %v", e.Properties)
		}
	}
	service := one(s, "AWS::ECS::Service", p)
	if got := template.List(service.Get("NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups")); !slices.Equal(got, []any{"${TaskGroup.GroupId}"}) {
		p.add("the tasks have the groups %v", got)
	}
	if got := one(s, "AWS::ElasticLoadBalancingV2::LoadBalancer", p).Texts("SecurityGroups"); !slices.Equal(got, []string{"${LoadBalancerGroup.GroupId}"}) {
		p.add("the load balancer has the groups %v", got)
	}
}

// action is the default action of a listener.
func action(listener template.Resource) any {
	all := template.List(listener.Get("DefaultActions"))
	if len(all) != 1 {
		return nil
	}
	return all[0]
}

func httpLeadsToHTTPS(s template.Stack, parameters map[string]string, p *problems) {
	http, https := s.Resources["HttpListener"], s.Resources["HttpsListener"]
	if parameters["CertificateArn"] == "" {
		if https.ID != "" || template.At(action(http), "Type") != "forward" {
			p.add("without a certificate HTTP does %v", action(http))
		}
		return
	}
	if to := template.At(action(http), "RedirectConfig"); template.At(to, "Protocol") != "HTTPS" || fmt.Sprint(template.At(to, "Port")) != https.Text("Port") {
		p.add("HTTP leads to %v, and HTTPS is on %s", to, https.Text("Port"))
	}
	if fmt.Sprint(template.At(template.List(https.Get("Certificates"))[0], "CertificateArn")) != parameters["CertificateArn"] {
		p.add("HTTPS has the certificate %v", https.Get("Certificates"))
	}
	if !strings.Contains(https.Text("SslPolicy"), "TLS13") {
		p.add("HTTPS speaks %s: none older than TLS 1.2 may do", https.Text("SslPolicy"))
	}
}

func listenerForwards(s template.Stack, parameters map[string]string, p *problems) {
	listener := s.Resources["HttpListener"]
	if parameters["CertificateArn"] != "" {
		listener = s.Resources["HttpsListener"]
	}
	if target := template.At(action(listener), "TargetGroupArn"); target != "${TargetGroup}" {
		p.add("%s forwards to %v", listener.ID, target)
	}
	for _, l := range s.Of("AWS::ElasticLoadBalancingV2::Listener") {
		if l.Text("LoadBalancerArn") != "${LoadBalancer}" {
			p.add("%s is not of the load balancer", l.ID)
		}
	}
	group := one(s, "AWS::ElasticLoadBalancingV2::TargetGroup", p)
	if group.Text("TargetType") != "ip" { // what awsvpc needs
		p.add("the target group has targets of type %s, and the tasks have addresses of their own", group.Text("TargetType"))
	}
	service := template.List(one(s, "AWS::ECS::Service", p).Get("LoadBalancers"))
	if len(service) != 1 || template.At(service[0], "TargetGroupArn") != "${"+group.ID+"}" {
		p.add("the service registers its tasks in %v", service)
	}
}

func serviceWaits(s template.Stack, parameters map[string]string, p *problems) {
	want := "${HttpListener}"
	if parameters["CertificateArn"] != "" {
		want = "${HttpsListener}"
	}
	if properties := fmt.Sprint(one(s, "AWS::ECS::Service", p).Properties); !strings.Contains(properties, want) {
		p.add("the service does not wait for %s", want)
	}
}

func serviceFitsTask(s template.Stack, _ map[string]string, p *problems) {
	service, task := one(s, "AWS::ECS::Service", p), one(s, "AWS::ECS::TaskDefinition", p)
	if service.Text("TaskDefinition") != "${"+task.ID+"}" {
		p.add("the service runs %s", service.Text("TaskDefinition"))
	}
	registered := template.List(service.Get("LoadBalancers"))[0]
	for _, c := range template.List(task.Get("ContainerDefinitions")) {
		ports := template.List(template.At(c, "PortMappings"))
		if template.At(c, "Name") == template.At(registered, "ContainerName") && len(ports) == 1 &&
			fmt.Sprint(template.At(ports[0], "ContainerPort")) == fmt.Sprint(template.At(registered, "ContainerPort")) {
			return
		}
	}
	p.add("no container is as the service registers it: %v", registered)
}

func taskFitsLaunchType(s template.Stack, parameters map[string]string, p *problems) {
	service, task := one(s, "AWS::ECS::Service", p), one(s, "AWS::ECS::TaskDefinition", p)
	launch, provider := parameters["LaunchType"], parameters["CapacityProvider"]
	if got := task.Texts("RequiresCompatibilities"); !slices.Equal(got, []string{launch}) {
		p.add("the task is for %v, and runs on %s", got, launch)
	}
	if (service.Get("LaunchType") != nil) == (provider != "") || (service.Get("CapacityProviderStrategy") != nil) != (provider != "") {
		p.add("launch type %v beside the strategy %v: ECS takes one of them", service.Get("LaunchType"), service.Get("CapacityProviderStrategy"))
	}
	onFargate := launch == "FARGATE"
	if (service.Get("PlatformVersion") != nil) != onFargate {
		p.add("platform version %v on %s", service.Get("PlatformVersion"), launch)
	}
	if (service.Get("NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp") != nil) != onFargate {
		p.add("a public address on %s", launch)
	}
	if size := given(parameters, "EphemeralStorage", "0"); size == "0" && task.Get("EphemeralStorage") != nil || size != "0" && task.Text("EphemeralStorage", "SizeInGiB") != size {
		p.add("ephemeral storage of %v, want %s", task.Get("EphemeralStorage"), size)
	}
}

func scalerOwnsCount(s template.Stack, parameters map[string]string, p *problems) {
	count, targets := one(s, "AWS::ECS::Service", p).Get("DesiredCount"), s.Of("AWS::ApplicationAutoScaling::ScalableTarget")
	scaled := parameters["Scaling"] != "none"
	if (len(targets) == 1) != scaled || (count == nil) != scaled {
		p.add("with scaling %s: %d scalable targets, and the count %v", parameters["Scaling"], len(targets), count)
	}
}

func policiesScaleService(s template.Stack, parameters map[string]string, p *problems) {
	policies := s.Of("AWS::ApplicationAutoScaling::ScalingPolicy")
	if want := map[string]int{"target": 3, "step": 2, "none": 0}[parameters["Scaling"]]; len(policies) != want {
		p.add("scaling %s has %d policies, want %d", parameters["Scaling"], len(policies), want)
	}
	for _, policy := range policies {
		if policy.Text("ScalingTargetId") != "${Scalable}" {
			p.add("%s scales %s", policy.ID, policy.Text("ScalingTargetId"))
		}
		stepsAreWhole(policy, p)
		label := template.At(policy.Get("TargetTrackingScalingPolicyConfiguration"), "PredefinedMetricSpecification", "ResourceLabel")
		if label != nil && label != "${LoadBalancer.LoadBalancerFullName}/${TargetGroup.TargetGroupFullName}" {
			p.add("%s counts the requests of %v", policy.ID, label)
		}
	}
	for _, target := range s.Of("AWS::ApplicationAutoScaling::ScalableTarget") {
		if got, want := target.Text("ResourceId"), "service/"+parameters["ClusterName"]+"/${Service.Name}"; got != want {
			p.add("what is scaled is %s, want %s", got, want)
		}
		quiet := template.List(target.Get("ScheduledActions"))
		if want := given(parameters, "QuietMinTasks", "-1"); (len(quiet) == 2) != (want != "-1") || len(quiet) == 2 && fmt.Sprint(template.At(quiet[0], "ScalableTargetAction", "MinCapacity")) != want {
			p.add("quiet hours with %s tasks are %v", want, quiet)
		}
	}
	for alarm, policy := range map[string]string{"BusyAlarm": "${StepOutPolicy}", "IdleAlarm": "${StepInPolicy}"} {
		if r, ok := s.Resources[alarm]; ok && !slices.Equal(r.Texts("AlarmActions"), []string{policy}) {
			p.add("%s calls %v", alarm, r.Texts("AlarmActions"))
		}
	}
}

// stepsAreWhole: each step begins where the one before it ends, and one is open at the outer end.
func stepsAreWhole(policy template.Resource, p *problems) {
	steps := template.List(policy.Get("StepScalingPolicyConfiguration", "StepAdjustments"))
	for i := 1; i < len(steps); i++ {
		if fmt.Sprint(template.At(steps[i-1], "MetricIntervalUpperBound")) != fmt.Sprint(template.At(steps[i], "MetricIntervalLowerBound")) {
			p.add("%s: step %d does not begin where the one before it ends", policy.ID, i+1)
		}
	}
}

func deploymentsRollBack(s template.Stack, parameters map[string]string, p *problems) {
	service := one(s, "AWS::ECS::Service", p)
	for _, key := range []string{"DeploymentCircuitBreaker", "Alarms"} {
		if how := service.Get("DeploymentConfiguration", key); template.At(how, "Enable") != "true" && template.At(how, "Enable") != true || template.At(how, "Rollback") != "true" && template.At(how, "Rollback") != true {
			p.add("%s is %v", key, how)
		}
	}
	names := template.List(service.Get("DeploymentConfiguration", "Alarms", "AlarmNames"))
	if len(names) == 0 {
		p.add("no alarm ends a deployment")
	}
	for _, name := range names {
		alarm, ok := s.Named(name)
		if !ok || alarm.Type != "AWS::CloudWatch::Alarm" || !strings.Contains(fmt.Sprint(alarm.Properties), "${TargetGroup.TargetGroupFullName}") {
			p.add("%v is no alarm of the target group", name)
		}
	}
	// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html
	if balancing := service.Text("AvailabilityZoneRebalancing"); (balancing == "ENABLED") == (given(parameters, "MaximumPercent", "200") == "100") {
		p.add("balancing of zones is %s with a maximum of %s percent", balancing, given(parameters, "MaximumPercent", "200"))
	}
}

func requestsDrain(s template.Stack, _ map[string]string, p *problems) {
	for _, a := range template.List(one(s, "AWS::ElasticLoadBalancingV2::TargetGroup", p).Get("TargetGroupAttributes")) {
		if template.At(a, "Key") == "deregistration_delay.timeout_seconds" && fmt.Sprint(template.At(a, "Value")) == "30" {
			return
		}
	}
	p.add("the parameter for the deregistration delay is not used")
}

func webRoles(s template.Stack, parameters map[string]string, p *problems) {
	task := one(s, "AWS::ECS::TaskDefinition", p)
	if task.Text("ExecutionRoleArn") != "${ExecutionRole.Arn}" || task.Text("TaskRoleArn") != "${TaskRole.Arn}" {
		p.add("the roles are %s and %s", task.Text("ExecutionRoleArn"), task.Text("TaskRoleArn"))
	}
	may := actions(s.Resources["ExecutionRole"])
	want := []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer", "logs:CreateLogStream", "logs:PutLogEvents"}
	if got := slices.Sorted(maps.Keys(may)); !slices.Equal(got, want) {
		p.add("the execution role may %v, want %v", got, want)
	}
	if got := may["logs:PutLogEvents"]; !slices.Equal(got, []string{"${Logs.Arn}"}) {
		p.add("logs are written to %v", got)
	}
	if got := actions(s.Resources["TaskRole"]); len(got) > 0 {
		p.add("the default application calls nothing of AWS, and may %v", got)
	}
	rightsAreNarrow(s, parameters, p)
	trusts(map[string]string{"ExecutionRole": "ecs-tasks.amazonaws.com", "TaskRole": "ecs-tasks.amazonaws.com"})(s, parameters, p)
}

// TestParametersThatAWSRefusesAreRefused before anything is made, with what to write instead.
func TestParametersThatAWSRefusesAreRefused(t *testing.T) {
	for _, tc := range []struct {
		file   string
		of     map[string]string
		change []string
		want   string
	}{
		{"web-service.yaml", webParameters(), []string{"EphemeralStorage", "1"}, "is 21 to 200"},
		{"web-service.yaml", webParameters(), []string{"EphemeralStorage", "20"}, "is 21 to 200"},
		{"web-service.yaml", webParameters(), []string{"EphemeralStorage", "201"}, "is 21 to 200"},
		{"web-service.yaml", webParameters(), []string{"EphemeralStorage", "-1"}, "is 21 to 200"},
		{"web-service.yaml", webParameters(), []string{"LaunchType", "EC2", "PublicIp", "ENABLED"}, "no public address"},
		{"web-service.yaml", webParameters(), []string{"LaunchType", "EC2", "EphemeralStorage", "60"}, "larger volume"},
		{"web-service.yaml", webParameters(), []string{"LaunchType", "EC2", "CapacityProvider", "FARGATE_SPOT"}, "have no instances"},
		{"web-service.yaml", webParameters(), []string{"CapacityProvider", "slipway-ec2"}, "goes with LaunchType EC2"},
		{"web-service.yaml", webParameters(), []string{"MinimumHealthyPercent", "100", "MaximumPercent", "100"}, "no update can ever move"},
		{"web-service.yaml", webParameters(), []string{"MinimumHealthyPercent", "101"}, "MaxValue is 100"},
		{"web-service.yaml", webParameters(), []string{"MaximumPercent", "99"}, "MinValue is 100"},
		{"web-service.yaml", webParameters(), []string{"StopTimeout", "121"}, "MaxValue is 120"},
		{"web-service.yaml", webParameters(), []string{"DeregistrationDelay", "3601"}, "MaxValue is 3600"},
		{"web-service.yaml", webParameters(), []string{"ClientCidr", "10.0.0.0/33"}, "block of IPv4 addresses"},
		{"web-service.yaml", webParameters(), []string{"ClientCidr", "10.0.0.256/8"}, "block of IPv4 addresses"},
		{"network.yaml", nil, []string{"Cidr", "10.0.0.0/24"}, "of /16"},
		{"network.yaml", nil, []string{"Cidr", "300.0.0.0/16"}, "of /16"},
		{"network.yaml", nil, []string{"Cidr", "127.0.0.0/16"}, "of /16"},
		{"ec2-capacity.yaml", placed, []string{"ProviderName", "ecs-mine"}, "does not begin with"},
		{"ec2-capacity.yaml", placed, []string{"ProviderName", "Fargate2"}, "does not begin with"},
		{"ec2-capacity.yaml", placed, []string{"VolumeSize", "20"}, "MinValue is 30"},
		{"managed-instances.yaml", placed, []string{"ProviderName", "aws-mine"}, "does not begin with"},
		{"managed-instances.yaml", placed, []string{"ScaleInAfter", "3601"}, "MaxValue is 3600"},
		{"anywhere.yaml", map[string]string{"ClusterName": "main"}, []string{"Cpu", "64"}, "MinValue is 128"},
		{"anywhere.yaml", map[string]string{"ClusterName": "arn:aws:ecs:r:1:cluster/main"}, nil, "not its ARN"},
	} {
		t.Run(tc.file+" "+strings.Join(tc.change, " "), func(t *testing.T) {
			_, err := parse(t, text(t, tc.file)).Expand(template.Example(), with(tc.of, tc.change...))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v, want one that says %q", err, tc.want)
			}
		})
	}
}

// TestParametersThatAWSTakesAreTaken, at the edges of what it refuses.
func TestParametersThatAWSTakesAreTaken(t *testing.T) {
	for _, tc := range []struct {
		file   string
		of     map[string]string
		change []string
	}{
		{"web-service.yaml", webParameters(), nil},
		{"web-service.yaml", webParameters(), []string{"EphemeralStorage", "21"}},
		{"web-service.yaml", webParameters(), []string{"EphemeralStorage", "99"}},
		{"web-service.yaml", webParameters(), []string{"EphemeralStorage", "200"}},
		{"web-service.yaml", webParameters(), []string{"LaunchType", "EC2", "CapacityProvider", "slipway-ec2", "Memory", "300"}},
		{"web-service.yaml", webParameters(), []string{"MinimumHealthyPercent", "100", "MaximumPercent", "101"}},
		{"web-service.yaml", webParameters(), []string{"MinimumHealthyPercent", "0", "MaximumPercent", "100"}},
		{"web-service.yaml", webParameters(), []string{"ClientCidr", "203.0.113.7/32"}},
		{"network.yaml", nil, []string{"Cidr", "172.31.0.0/16"}},
		{"ec2-capacity.yaml", placed, []string{"ProviderName", "my-ecs"}},
	} {
		if _, err := parse(t, text(t, tc.file)).Expand(template.Example(), with(tc.of, tc.change...)); err != nil {
			t.Errorf("%s %v: %v", tc.file, tc.change, err)
		}
	}
}

// TestSizesOfTheWebService: on Fargate the template takes exactly the pairs that Fargate has, and on EC2 any.
func TestSizesOfTheWebService(t *testing.T) {
	parsed := parse(t, text(t, "web-service.yaml"))
	for _, cpu := range compatible.FargateCPU() {
		for memory := 512; memory <= 131072; memory += 512 {
			of := with(webParameters(), "Cpu", strconv.Itoa(cpu), "Memory", strconv.Itoa(memory))
			_, err := parsed.Expand(template.Example(), of)
			if has := slices.Contains(compatible.FargateMemory(cpu), memory); (err == nil) != has {
				t.Errorf("%d CPU units and %d MiB on Fargate: %v", cpu, memory, err)
			}
		}
		if _, err := parsed.Expand(template.Example(), with(webParameters(), "LaunchType", "EC2", "Cpu", strconv.Itoa(cpu), "Memory", "768")); err != nil {
			t.Errorf("%d CPU units and 768 MiB on EC2: %v", cpu, err)
		}
	}
}
