package templates_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"slipway/internal/template"
)

var placed = map[string]string{"ClusterName": "main", "Subnets": "subnet-1,subnet-2", "SecurityGroups": "sg-1"}

// agentActions are the calls of the agent on an instance. AWS's own policy also allows DeregisterContainerInstance, which the
// agent does not call. UpdateContainerInstancesState is for Spot Instances, which the agent drains.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/instance_IAM_role.html
var agentActions = []string{
	"ecs:DiscoverPollEndpoint", "ecs:Poll", "ecs:RegisterContainerInstance",
	"ecs:StartTelemetrySession", "ecs:SubmitAttachmentStateChanges", "ecs:SubmitContainerStateChange", "ecs:SubmitTaskStateChange",
}

// may reports what a role may do beside and below what it should.
func may(role template.Resource, p *problems, want ...string) {
	have := actions(role)
	for _, a := range want {
		if len(have[a]) == 0 {
			p.add("%s may not %s", role.ID, a)
		}
	}
	for a := range have {
		if !slices.Contains(want, a) {
			p.add("%s may %s, which nothing needs", role.ID, a)
		}
	}
}

func TestEC2Capacity(t *testing.T) {
	rules{
		file: "ec2-capacity.yaml",
		cases: []map[string]string{
			placed, with(placed, "Hardware", "x86_64"), with(placed, "Hardware", "gpu"), with(placed, "InstanceSize", "large", "OnDemandPercentage", "0"),
			with(placed, "ProviderName", "mine", "SessionManager", "true", "MaxInstances", "3", "TargetCapacity", "80", "InstanceWarmup", "60"),
		},
		checks: map[string]check{
			"the provider's group is the one whose instances are protected":      groupIsProtected,
			"ECS scales the group by itself and drains what it ends":             ecsScales,
			"the group starts what the launch template describes, across zones":  groupUsesTemplate,
			"instances are of several types, all of the AMI's architecture":      typesFitTheAMI,
			"an instance joins the cluster that is asked for":                    instanceJoins,
			"tasks have their own roles and not the instance's":                  tasksAreKeptApart,
			"Spot Instances are drained":                                         spotIsDrained,
			"disks are encrypted":                                                disksAreEncrypted,
			"the agent may do its work and nothing more":                         agentMay,
			"rights name their resources, in this cluster where they are of ECS": rightsAreNarrow,
			"roles are assumed by the service that they are for, and no other":   trusts(map[string]string{"InstanceRole": "ec2.amazonaws.com"}),
			"the provider has the name that is asked for, else the stack's":      providerIsNamed,
		},
		breaks: []change{
			{"the provider's group is the one whose instances are protected", "NewInstancesProtectedFromScaleIn: true", "NewInstancesProtectedFromScaleIn: false"},
			{"the provider's group is the one whose instances are protected", "AutoScalingGroupArn: !Ref Group", "AutoScalingGroupArn: !Ref LaunchTemplate"},
			{"the provider's group is the one whose instances are protected", "ManagedTerminationProtection: ENABLED", "ManagedTerminationProtection: DISABLED"},
			{"ECS scales the group by itself and drains what it ends", "          Status: ENABLED", "          Status: DISABLED"},
			{"ECS scales the group by itself and drains what it ends", "TargetCapacity: !Ref TargetCapacity", "TargetCapacity: 100"},
			{"ECS scales the group by itself and drains what it ends", "InstanceWarmupPeriod: !Ref InstanceWarmup", "InstanceWarmupPeriod: 120"},
			{"ECS scales the group by itself and drains what it ends", "ManagedDraining: ENABLED", "ManagedDraining: DISABLED"},
			{"ECS scales the group by itself and drains what it ends", "      MaxSize: !Ref MaxInstances", "      MaxSize: !Ref MaxInstances\n      DesiredCapacity: \"1\""},
			{"ECS scales the group by itself and drains what it ends", "Key: AmazonECSManaged", "Key: Managed"},
			{"the group starts what the launch template describes, across zones", "Version: !GetAtt LaunchTemplate.LatestVersionNumber", "Version: \"1\""},
			{"the group starts what the launch template describes, across zones", "VPCZoneIdentifier: !Ref Subnets", "VPCZoneIdentifier: [!Select [0, !Ref Subnets]]"},
			{"instances are of several types, all of the AMI's architecture", "!If [OnArm, c7g,", "!If [OnArm, c7i,"},
			{"instances are of several types, all of the AMI's architecture", "!If [OnGpu, g6e, m6i]", "!If [OnGpu, g5, m6i]"},
			{"instances are of several types, all of the AMI's architecture", "!If [OnArm, amazon-linux-2023/arm64,", "!If [OnArm, amazon-linux-2023,"},
			{"instances are of several types, all of the AMI's architecture", "resolve:ssm:/aws", "/aws"},
			{"an instance joins the cluster that is asked for", "ECS_CLUSTER=${ClusterName}", "ECS_CLUSTER=default"},
			{"an instance joins the cluster that is asked for", ">>/etc/ecs/ecs.config", ">/etc/ecs.config"},
			{"tasks have their own roles and not the instance's", "HttpTokens: required", "HttpTokens: optional"},
			{"tasks have their own roles and not the instance's", "HttpPutResponseHopLimit: 1", "HttpPutResponseHopLimit: 2"},
			{"tasks have their own roles and not the instance's", "ECS_AWSVPC_BLOCK_IMDS=true", "ECS_AWSVPC_BLOCK_IMDS=false"},
			{"tasks have their own roles and not the instance's", "ECS_ENABLE_TASK_IAM_ROLE_NETWORK_HOST=true", "ECS_ENABLE_TASK_IAM_ROLE_HOST=true"},
			{"Spot Instances are drained", "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true", "ECS_ENABLE_SPOT_DRAINING=true"},
			{"Spot Instances are drained", ", ecs:UpdateContainerInstancesState]", "]"},
			{"disks are encrypted", "Encrypted: true", "Encrypted: false"},
			{"the agent may do its work and nothing more", "ecs:Poll, ", ""},
			{"the agent may do its work and nothing more", "                  - ecs:RegisterContainerInstance\n", "                  - ecs:RegisterContainerInstance\n                  - ecs:CreateCluster\n"},
			{"the agent may do its work and nothing more", "Arn: !GetAtt InstanceProfile.Arn", "Arn: !GetAtt InstanceRole.Arn"},
			{"rights name their resources, in this cluster where they are of ECS", "container-instance/${ClusterName}/*", "container-instance/*"},
			{"rights name their resources, in this cluster where they are of ECS", "                  - ecs:SubmitTaskStateChange\n                Resource: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/${ClusterName}", "                  - ecs:SubmitTaskStateChange\n                Resource: \"*\""},
			{"roles are assumed by the service that they are for, and no other", "ec2.${AWS::URLSuffix}", "ecs.${AWS::URLSuffix}"},
			{"the provider has the name that is asked for, else the stack's", "!If [NamedByStack, !Ref AWS::StackName, !Ref ProviderName]", "!Ref AWS::StackName"},
		},
	}.run(t)
}

func provider(s template.Stack) template.Resource { return s.Of("AWS::ECS::CapacityProvider")[0] }

// groupOf is the Auto Scaling group of the provider.
func groupOf(s template.Stack) template.Resource {
	group, _ := s.Named(provider(s).Get("AutoScalingGroupProvider", "AutoScalingGroupArn"))
	return group
}

// groupIsProtected: managed termination protection needs instances that are protected from scale-in.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-termination-protection.html
func groupIsProtected(s template.Stack, _ map[string]string, p *problems) {
	group := groupOf(s)
	if group.Type != "AWS::AutoScaling::AutoScalingGroup" {
		p.add("the provider's group is %q", group.Type)
	}
	if group.Text("NewInstancesProtectedFromScaleIn") != "true" || provider(s).Text("AutoScalingGroupProvider", "ManagedTerminationProtection") != "ENABLED" {
		p.add("instances with tasks may be ended")
	}
}

func ecsScales(s template.Stack, parameters map[string]string, p *problems) {
	of := provider(s).Get("AutoScalingGroupProvider")
	group := groupOf(s)
	for key, want := range map[string]string{
		"Status": "ENABLED", "TargetCapacity": given(parameters, "TargetCapacity", "100"), "InstanceWarmupPeriod": given(parameters, "InstanceWarmup", "120"),
	} {
		if got := template.At(of, "ManagedScaling", key); got != want {
			p.add("managed scaling has %s = %v, want %s", key, got, want)
		}
	}
	if template.At(of, "ManagedDraining") != "ENABLED" {
		p.add("instances are not drained")
	}
	if group.Get("DesiredCapacity") != nil || group.Text("MinSize") != "0" || group.Text("MaxSize") != given(parameters, "MaxInstances", "10") {
		p.add("the group has %v to %v instances and wants %v", group.Get("MinSize"), group.Get("MaxSize"), group.Get("DesiredCapacity"))
	}
	tag := slices.IndexFunc(template.List(group.Get("Tags")), func(tag any) bool { return template.At(tag, "Key") == "AmazonECSManaged" })
	if tag < 0 {
		p.add("the group lacks the tag that ECS gives it")
	}
}

// given is a parameter of a case, or its default in the template.
func given(parameters map[string]string, name, fallback string) string {
	if v, ok := parameters[name]; ok {
		return v
	}
	return fallback
}

// launched is the launch template of the group.
func launched(s template.Stack) template.Resource {
	r, _ := s.Named(groupOf(s).Get("MixedInstancesPolicy", "LaunchTemplate", "LaunchTemplateSpecification", "LaunchTemplateId"))
	return r
}

func groupUsesTemplate(s template.Stack, parameters map[string]string, p *problems) {
	group, launch := groupOf(s), launched(s)
	version := group.Text("MixedInstancesPolicy", "LaunchTemplate", "LaunchTemplateSpecification", "Version")
	if launch.Type != "AWS::EC2::LaunchTemplate" || version != "${"+launch.ID+".LatestVersionNumber}" {
		p.add("the group starts version %s of %q", version, launch.ID)
	}
	if got := strings.Join(group.Texts("VPCZoneIdentifier"), ","); got != parameters["Subnets"] {
		p.add("the group is in %s, want %s", got, parameters["Subnets"])
	}
	if got := strings.Join(launch.Texts("LaunchTemplateData", "SecurityGroupIds"), ","); got != parameters["SecurityGroups"] {
		p.add("instances have the security groups %s", got)
	}
}

// architectures tell the AMI of the parameter store, and which families it runs on: with a g after the generation it is
// Graviton, and families that begin with a g have GPUs.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/retrieve-ecs-optimized_AMI.html
var architectures = map[string]struct {
	image  string
	family *regexp.Regexp
}{
	"arm64":  {"resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id", regexp.MustCompile(`^[cmr][6-8]g[dn]*$`)},
	"x86_64": {"resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id", regexp.MustCompile(`^[cmr][5-8][ia][dn]*$`)},
	"gpu":    {"resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id", regexp.MustCompile(`^g[4-6](dn|e)?$`)},
}

func typesFitTheAMI(s template.Stack, parameters map[string]string, p *problems) {
	want := architectures[given(parameters, "Hardware", "arm64")]
	if got := launched(s).Text("LaunchTemplateData", "ImageId"); got != want.image {
		p.add("the AMI is %s, want %s", got, want.image)
	}
	seen := map[string]bool{}
	for _, o := range template.List(groupOf(s).Get("MixedInstancesPolicy", "LaunchTemplate", "Overrides")) {
		name, _ := template.At(o, "InstanceType").(string)
		family, size, _ := strings.Cut(name, ".")
		if !want.family.MatchString(family) || size != given(parameters, "InstanceSize", "xlarge") || seen[family] {
			p.add("%s is among the types", name)
		}
		seen[family] = true
	}
	if len(seen) < 4 {
		p.add("there are %d types, and Spot wants several", len(seen))
	}
}

// userData is the configuration that an instance gives its agent.
func userData(s template.Stack) (script string, settings map[string]string) {
	script = launched(s).Text("LaunchTemplateData", "UserData")
	settings = map[string]string{}
	_, config, _ := strings.Cut(script, "cat >>/etc/ecs/ecs.config <<'END'\n")
	config, _, _ = strings.Cut(config, "\nEND\n")
	for _, line := range strings.Split(config, "\n") {
		name, value, _ := strings.Cut(line, "=")
		settings[name] = value
	}
	return script, settings
}

func instanceJoins(s template.Stack, parameters map[string]string, p *problems) {
	script, settings := userData(s)
	if !strings.HasPrefix(script, "#!/bin/bash\n") || settings["ECS_CLUSTER"] != parameters["ClusterName"] {
		p.add("an instance joins %q", settings["ECS_CLUSTER"])
	}
}

// tasksAreKeptApart: with tokens required, the answer of the metadata service goes one hop at most: not through the bridge
// to a container. An interface of its own is not behind the bridge, and is blocked by the agent.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-iam-roles.html
func tasksAreKeptApart(s template.Stack, _ map[string]string, p *problems) {
	metadata := launched(s).Get("LaunchTemplateData", "MetadataOptions")
	if template.At(metadata, "HttpTokens") != "required" || template.At(metadata, "HttpPutResponseHopLimit") != 1 {
		p.add("tasks may reach the role of the instance: %v", metadata)
	}
	_, settings := userData(s)
	for _, name := range []string{"ECS_ENABLE_TASK_IAM_ROLE", "ECS_ENABLE_TASK_IAM_ROLE_NETWORK_HOST", "ECS_AWSVPC_BLOCK_IMDS"} {
		if settings[name] != "true" {
			p.add("%s is %q", name, settings[name])
		}
	}
}

func spotIsDrained(s template.Stack, _ map[string]string, p *problems) {
	if _, settings := userData(s); settings["ECS_ENABLE_SPOT_INSTANCE_DRAINING"] != "true" {
		p.add("the agent does not drain its instance")
	}
	if len(actions(s.Resources["InstanceRole"])["ecs:UpdateContainerInstancesState"]) == 0 {
		p.add("the agent may not drain its instance")
	}
}

func disksAreEncrypted(s template.Stack, _ map[string]string, p *problems) {
	for _, disk := range template.List(launched(s).Get("LaunchTemplateData", "BlockDeviceMappings")) {
		if template.At(disk, "Ebs", "Encrypted") != true {
			p.add("%v is not encrypted", template.At(disk, "DeviceName"))
		}
	}
}

// agentMay also follows the way from the instance to its role.
func agentMay(s template.Stack, parameters map[string]string, p *problems) {
	profile, _ := s.Named(launched(s).Get("LaunchTemplateData", "IamInstanceProfile", "Arn"))
	if profile.Type != "AWS::IAM::InstanceProfile" || len(profile.Texts("Roles")) != 1 {
		p.add("the profile of instances is %q with %v", profile.Type, profile.Texts("Roles"))
		return
	}
	role, _ := s.Named(profile.Texts("Roles")[0])
	may(role, p, append(slices.Clone(agentActions), "ecs:UpdateContainerInstancesState")...)
	session := "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
	if got := role.Texts("ManagedPolicyArns"); slices.Contains(got, session) != (parameters["SessionManager"] == "true") || len(got) > 1 {
		p.add("%s has the managed policies %v", role.ID, got)
	}
}

func providerIsNamed(s template.Stack, parameters map[string]string, p *problems) {
	want := given(parameters, "ProviderName", template.Example().StackName)
	if got := provider(s).Text("Name"); got != want {
		p.add("the provider is %s, want %s", got, want)
	}
	if s.Outputs["CapacityProvider"] != ref(provider(s)) {
		p.add("the output names %s", s.Outputs["CapacityProvider"])
	}
}

func TestASmallInstanceWithGPUIsRefused(t *testing.T) {
	_, err := parse(t, text(t, "ec2-capacity.yaml")).Expand(template.Example(), with(placed, "Hardware", "gpu", "InstanceSize", "large"))
	if err == nil || !strings.Contains(err.Error(), "GPU instances begin with xlarge.") {
		t.Errorf("error = %v, want the rule of the template", err)
	}
}

func TestManagedInstances(t *testing.T) {
	rules{
		file:  "managed-instances.yaml",
		cases: []map[string]string{placed, with(placed, "Hardware", "x86_64", "CapacityOption", "SPOT", "ProviderName", "mine", "ScaleInAfter", "-1")},
		checks: map[string]check{
			"the provider belongs to the cluster":                                managedBelongs,
			"instances are of the architecture that is asked for":                managedFits,
			"ECS has the infrastructure role, instances their own":               managedHasRoles,
			"ECS may pass the role of the instances and no other one":            managedPasses,
			"what ECS makes carries its tag":                                     managedIsTagged,
			"ECS may do what its own policy says and nothing more":               managedMay,
			"rights name their resources, in this cluster where they are of ECS": rightsAreNarrow,
			"roles are assumed by the service that they are for, and no other":   trusts(map[string]string{"InfrastructureRole": "ecs.amazonaws.com", "InstanceRole": "ec2.amazonaws.com"}),
			"the provider has the name that is asked for, else the stack's":      providerIsNamed,
		},
		breaks: []change{
			{"the provider belongs to the cluster", "ClusterName: !Ref ClusterName\n", "ClusterName: default\n"},
			{"the provider belongs to the cluster", "Subnets: !Ref Subnets", "Subnets: [!Select [0, !Ref Subnets]]"},
			{"instances are of the architecture that is asked for", "[amazon-web-services]", "[amd]"},
			{"instances are of the architecture that is asked for", "CapacityOptionType: !Ref CapacityOption", "CapacityOptionType: ON_DEMAND"},
			{"ECS has the infrastructure role, instances their own", "InfrastructureRoleArn: !GetAtt InfrastructureRole.Arn", "InfrastructureRoleArn: !GetAtt InstanceRole.Arn"},
			{"ECS has the infrastructure role, instances their own", "Roles: [!Ref InstanceRole]", "Roles: [!Ref InfrastructureRole]"},
			{"ECS may pass the role of the instances and no other one", "Action: iam:PassRole\n                Resource: !GetAtt InstanceRole.Arn", "Action: iam:PassRole\n                Resource: !GetAtt InfrastructureRole.Arn"},
			{"ECS may pass the role of the instances and no other one", `{"iam:PassedToService": !Sub "ec2.${AWS::URLSuffix}"}`, `{"iam:PassedToService": ecs.amazonaws.com}`},
			{"what ECS makes carries its tag", `                Action: ec2:CreateLaunchTemplate
                Resource: !Sub arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:launch-template/*
                Condition: {StringEquals: {"aws:RequestTag/AmazonECSManaged": "true"}}
`, `                Action: ec2:CreateLaunchTemplate
                Resource: !Sub arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:launch-template/*
`},
			{"what ECS makes carries its tag", `{"ec2:CreateAction": [CreateFleet, CreateLaunchTemplate, RunInstances]}`, `{"aws:RequestTag/a": b}`},
			{"ECS may do what its own policy says and nothing more", "                  - ec2:DescribeVpcs\n", ""},
			{"ECS may do what its own policy says and nothing more", "ec2:ModifyLaunchTemplate]", "ec2:ModifyLaunchTemplate, ec2:TerminateInstances]"},
			{"rights name their resources, in this cluster where they are of ECS", "container-instance/${ClusterName}/*", "container-instance/*"},
			{"roles are assumed by the service that they are for, and no other", "Principal: {Service: ecs.amazonaws.com}", "Principal: {Service: ec2.amazonaws.com}"},
			{"the provider has the name that is asked for, else the stack's", "!If [NamedByStack, !Ref AWS::StackName, !Ref ProviderName]", "!Ref ProviderName"},
		},
	}.run(t)
}

// managedBelongs: such a provider is made for one cluster, and is not in the list of the cluster.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutClusterCapacityProviders.html
func managedBelongs(s template.Stack, parameters map[string]string, p *problems) {
	if got := provider(s).Text("ClusterName"); got != parameters["ClusterName"] {
		p.add("the provider is of the cluster %s", got)
	}
	network := provider(s).Get("ManagedInstancesProvider", "InstanceLaunchTemplate", "NetworkConfiguration")
	for _, name := range []string{"Subnets", "SecurityGroups"} {
		var got []string
		for _, v := range template.List(template.At(network, name)) {
			got = append(got, v.(string)) //nolint:forcetypeassert // a list of parameters
		}
		if strings.Join(got, ",") != parameters[name] {
			p.add("%s are %v, want %s", name, got, parameters[name])
		}
	}
}

func managedFits(s template.Stack, parameters map[string]string, p *problems) {
	launch := provider(s).Get("ManagedInstancesProvider", "InstanceLaunchTemplate")
	makers := map[string]string{"arm64": "amazon-web-services", "x86_64": "intel,amd"}[given(parameters, "Hardware", "arm64")]
	var got []string
	for _, v := range template.List(template.At(launch, "InstanceRequirements", "CpuManufacturers")) {
		got = append(got, v.(string)) //nolint:forcetypeassert // words of the template
	}
	if strings.Join(got, ",") != makers {
		p.add("processors are of %v, want %s", got, makers)
	}
	if got := template.At(launch, "CapacityOptionType"); got != given(parameters, "CapacityOption", "ON_DEMAND") {
		p.add("instances are %v", got)
	}
}

func managedHasRoles(s template.Stack, _ map[string]string, p *problems) {
	of := provider(s).Get("ManagedInstancesProvider")
	infrastructure, _ := s.Named(template.At(of, "InfrastructureRoleArn"))
	profile, _ := s.Named(template.At(of, "InstanceLaunchTemplate", "Ec2InstanceProfileArn"))
	if infrastructure.ID != "InfrastructureRole" || profile.Type != "AWS::IAM::InstanceProfile" || strings.Join(profile.Texts("Roles"), ",") != "${InstanceRole}" {
		p.add("ECS has %s, instances have %v by %s", infrastructure.ID, profile.Texts("Roles"), profile.ID)
	}
}

func managedPasses(s template.Stack, _ map[string]string, p *problems) {
	for _, statement := range statements(s.Resources["InfrastructureRole"]) {
		if statement["Action"] != "iam:PassRole" {
			continue
		}
		if statement["Resource"] != "${InstanceRole.Arn}" || template.At(statement, "Condition", "StringEquals", "iam:PassedToService") != "ec2.amazonaws.com" {
			p.add("ECS may pass %v by %v", statement["Resource"], statement["Condition"])
		}
		return
	}
	p.add("ECS may not pass the role of the instances")
}

// managedIsTagged: without the tag ECS could start instances that are not its own.
func managedIsTagged(s template.Stack, _ map[string]string, p *problems) {
	used := regexp.MustCompile(`:(subnet|security-group|image)/\*$`)
	for _, statement := range statements(s.Resources["InfrastructureRole"]) {
		for _, a := range template.List(statement["Action"]) {
			action, _ := a.(string)
			if !strings.HasPrefix(action, "ec2:") || strings.HasPrefix(action, "ec2:Describe") {
				continue
			}
			for _, r := range template.List(statement["Resource"]) {
				resource, _ := r.(string)
				equals, _ := template.At(statement, "Condition", "StringEquals").(template.Object)
				bound := equals["aws:RequestTag/AmazonECSManaged"] == "true" || equals["ec2:ResourceTag/AmazonECSManaged"] == "true" ||
					equals["ec2:ManagedResourceOperator"] == "ecs.amazonaws.com" || equals["ec2:CreateAction"] != nil
				if !bound && !used.MatchString(resource) {
					p.add("%s on %s is bound by nothing", action, resource)
				}
			}
		}
	}
}

// managedMay: AmazonECSInfrastructureRolePolicyForManagedInstances without what reserved capacity needs, and
// AmazonECSInstanceRolePolicyForManagedInstances.
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSInfrastructureRolePolicyForManagedInstances.html
func managedMay(s template.Stack, parameters map[string]string, p *problems) {
	want := []string{
		"ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:CreateLaunchTemplateVersion", "ec2:CreateTags", "ec2:ModifyLaunchTemplate", "ec2:RunInstances",
		"ec2:DescribeAvailabilityZones", "ec2:DescribeInstances", "ec2:DescribeInstanceTypeOfferings", "ec2:DescribeInstanceTypes",
		"ec2:DescribeLaunchTemplates", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
		"iam:PassRole",
	}
	if parameters["CapacityOption"] == "SPOT" {
		want = append(want, "iam:CreateServiceLinkedRole")
	}
	may(s.Resources["InfrastructureRole"], p, want...)
	may(s.Resources["InstanceRole"], p, "ecs:DiscoverPollEndpoint", "ecs:RegisterContainerInstance", "ecs:Poll", "ecs:StartTelemetrySession",
		"ecs:PutSystemLogEvents", "ecs:SubmitAttachmentStateChanges", "ecs:SubmitTaskStateChange")
}
