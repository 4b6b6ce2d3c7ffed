package templates_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"slipway/internal/template"
)

// networks are all combinations of the parameters of network.yaml.
func networks() []map[string]string {
	var all []map[string]string
	for _, zones := range []string{"2", "3"} {
		for _, egress := range []string{"endpoints", "nat", "nat-per-zone", "none"} {
			for _, more := range []string{"true", "false"} {
				all = append(all, map[string]string{
					"Zones": zones, "Egress": egress, "InstanceEndpoints": more, "SecretEndpoints": more, "ExecEndpoint": more,
				})
			}
		}
	}
	return all
}

func TestNetwork(t *testing.T) {
	rules{
		file: "network.yaml", cases: networks(),
		checks: map[string]check{
			"subnets share the VPC and nothing else":                     subnetsAreApart,
			"each zone has a public and a private subnet":                zonesHaveBoth,
			"each subnet has one route table":                            subnetsHaveRoutes,
			"public subnets reach the internet, and others never do":     publicReachesOut,
			"a gateway for NAT is in a public subnet":                    natIsPublic,
			"with a gateway in each zone no zone needs another":          natStaysInZone,
			"what tasks need is reached from where they are":             tasksReachServices,
			"endpoints let in the VPC and nobody else":                   endpointsLetIn,
			"endpoints are in every zone, under the services' names":     endpointsAreEverywhere,
			"no endpoint is paid for that was not asked for":             endpointsAreAskedFor,
			"nobody reaches a task, and a task reaches HTTPS everywhere": tasksCallOnly,
		},
		breaks: []change{
			{"subnets share the VPC and nothing else", "CidrBlock: !Select [5, !Cidr", "CidrBlock: !Select [1, !Cidr"},
			{"subnets share the VPC and nothing else", "!Cidr [!Ref Cidr, 8, 12]", "!Cidr [10.1.0.0/16, 8, 12]"},
			{"each zone has a public and a private subnet", "AvailabilityZone: !Select [1, !GetAZs \"\"]", "AvailabilityZone: !Select [0, !GetAZs \"\"]"},
			{"each subnet has one route table", "{SubnetId: !Ref PrivateSubnet2, RouteTableId: !Ref PrivateTable2}", "{SubnetId: !Ref PrivateSubnet1, RouteTableId: !Ref PrivateTable2}"},
			{"each subnet has one route table", "Properties: {SubnetId: !Ref PublicSubnet3, ", "Properties: {SubnetId: !Ref PrivateSubnet1, "},
			{"public subnets reach the internet, and others never do", "{SubnetId: !Ref PrivateSubnet2, RouteTableId: !Ref PrivateTable2}", "{SubnetId: !Ref PrivateSubnet2, RouteTableId: !Ref PublicRoutes}"},
			{"public subnets reach the internet, and others never do", "Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref InternetGateway}", "Properties: {InternetGatewayId: !Ref InternetGateway}"},
			{"public subnets reach the internet, and others never do", "    DependsOn: Attachment\n    Properties: {RouteTableId: !Ref PublicRoutes", "    Properties: {RouteTableId: !Ref PublicRoutes"},
			{"a gateway for NAT is in a public subnet", "{SubnetId: !Ref PublicSubnet2, AllocationId", "{SubnetId: !Ref PrivateSubnet2, AllocationId"},
			{"a gateway for NAT is in a public subnet", "AllocationId: !GetAtt NatAddress2.AllocationId", "AllocationId: !GetAtt NatAddress1.AllocationId"},
			{"with a gateway in each zone no zone needs another", "!If [NatPerZone, !Ref Nat2, !Ref Nat1]", "!Ref Nat1"},
			{"with a gateway in each zone no zone needs another", "!If [NatInThird, !Ref Nat3, !Ref Nat1]", "!Ref Nat1"},
			{"what tasks need is reached from where they are", "${AWS::Region}.ecr.dkr", "${AWS::Region}.ecr.api"},
			{"what tasks need is reached from where they are", "${AWS::Region}.s3", "${AWS::Region}.s3express"},
			{"what tasks need is reached from where they are", "${AWS::Region}.ecs-telemetry", "${AWS::Region}.ecs-agent"},
			{"what tasks need is reached from where they are", "RouteTableIds: [!Ref PublicRoutes, !Ref PrivateTable1, ", "RouteTableIds: [!Ref PublicRoutes, "},
			{"what tasks need is reached from where they are", "    Condition: NatToThird", "    Condition: NatInThird"},
			{"what tasks need is reached from where they are", "Value: !If [InPublic, ENABLED, DISABLED]", "Value: !If [InPublic, DISABLED, ENABLED]"},
			{"what tasks need is reached from where they are", "PrivateDnsEnabled: true", "PrivateDnsEnabled: false"},
			{"endpoints let in the VPC and nobody else", "ToPort: 443, CidrIp: !Ref Cidr, Description: HTTPS from the VPC", "ToPort: 80, CidrIp: !Ref Cidr, Description: HTTPS from the VPC"},
			{"endpoints let in the VPC and nobody else", "CidrIp: !Ref Cidr, Description: HTTPS from the VPC", "CidrIp: 0.0.0.0/0, Description: HTTPS from the VPC"},
			{"endpoints let in the VPC and nobody else", "SecurityGroupIds: [!Ref EndpointGroup]", "SecurityGroupIds: [!Ref TaskGroup]"},
			{"endpoints are in every zone, under the services' names", "SubnetIds: [!Ref PrivateSubnet1, !Ref PrivateSubnet2, ", "SubnetIds: [!Ref PrivateSubnet1, "},
			{"endpoints are in every zone, under the services' names", "EnableDnsHostnames: true", "EnableDnsHostnames: false"},
			{"no endpoint is paid for that was not asked for", "Condition: WithExecEndpoint", "Condition: WithEndpoints"},
			{"no endpoint is paid for that was not asked for", "VpcEndpointType: Gateway\n      ServiceName: !Sub com.amazonaws.${AWS::Region}.dynamodb", "VpcEndpointType: Interface\n      ServiceName: !Sub com.amazonaws.${AWS::Region}.dynamodb"},
			{"nobody reaches a task, and a task reaches HTTPS everywhere", "CidrIp: 0.0.0.0/0, Description: HTTPS to anywhere", "CidrIp: !Ref Cidr, Description: HTTPS to anywhere"},
			{"nobody reaches a task, and a task reaches HTTPS everywhere", "      SecurityGroupEgress:\n        - {IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0", "      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}]\n      SecurityGroupEgress:\n        - {IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0"},
		},
	}.run(t)
}

// ref is how an expanded template names a resource.
func ref(r template.Resource) string { return "${" + r.ID + "}" }

// listed are the subnets of an output.
func listed(s template.Stack, output string) []template.Resource {
	var out []template.Resource
	for _, name := range strings.Split(s.Outputs[output], ",") {
		if r, ok := s.Named(name); ok {
			out = append(out, r)
		}
	}
	return out
}

func subnetsAreApart(s template.Stack, _ map[string]string, p *problems) {
	vpc := s.Of("AWS::EC2::VPC")[0]
	whole := netip.MustParsePrefix(vpc.Text("CidrBlock"))
	var seen []netip.Prefix
	for _, subnet := range s.Of("AWS::EC2::Subnet") {
		block := netip.MustParsePrefix(subnet.Text("CidrBlock"))
		if !whole.Contains(block.Addr()) || subnet.Text("VpcId") != ref(vpc) {
			p.add("%s with %s is not in the VPC", subnet.ID, block)
		}
		if slices.ContainsFunc(seen, block.Overlaps) {
			p.add("%s has addresses of another subnet", subnet.ID)
		}
		seen = append(seen, block)
	}
}

func zonesHaveBoth(s template.Stack, parameters map[string]string, p *problems) {
	for _, output := range []string{"PublicSubnets", "PrivateSubnets"} {
		zones := map[string]bool{}
		for _, subnet := range listed(s, output) {
			zones[subnet.Text("AvailabilityZone")] = true
		}
		if want := int(parameters["Zones"][0] - '0'); len(zones) != want || len(listed(s, output)) != want {
			p.add("%s are in the zones %v, want %d", output, zones, want)
		}
	}
}

// tables are the route tables of a subnet.
func tables(s template.Stack, subnet template.Resource) []template.Resource {
	var out []template.Resource
	for _, a := range s.Of("AWS::EC2::SubnetRouteTableAssociation") {
		if table, ok := s.Named(a.Get("RouteTableId")); ok && a.Text("SubnetId") == ref(subnet) {
			out = append(out, table)
		}
	}
	return out
}

func subnetsHaveRoutes(s template.Stack, _ map[string]string, p *problems) {
	for _, subnet := range s.Of("AWS::EC2::Subnet") {
		if n := len(tables(s, subnet)); n != 1 {
			p.add("%s has %d route tables", subnet.ID, n)
		}
	}
}

// wayOut is where a subnet sends what is for the internet, if anywhere.
func wayOut(s template.Stack, subnet template.Resource) (template.Resource, bool) {
	for _, table := range tables(s, subnet) {
		for _, route := range s.Of("AWS::EC2::Route") {
			if route.Text("RouteTableId") != ref(table) || route.Text("DestinationCidrBlock") != "0.0.0.0/0" {
				continue
			}
			for _, key := range []string{"GatewayId", "NatGatewayId"} {
				if gateway, ok := s.Named(route.Get(key)); ok {
					return gateway, true
				}
			}
		}
	}
	return template.Resource{}, false
}

func publicReachesOut(s template.Stack, _ map[string]string, p *problems) {
	public := listed(s, "PublicSubnets")
	for _, subnet := range s.Of("AWS::EC2::Subnet") {
		gateway, _ := wayOut(s, subnet)
		isPublic := slices.ContainsFunc(public, func(r template.Resource) bool { return r.ID == subnet.ID })
		if isPublic != (gateway.Type == "AWS::EC2::InternetGateway") {
			p.add("%s sends what is for the internet to %q", subnet.ID, gateway.ID)
		}
	}
	attachment := s.Of("AWS::EC2::VPCGatewayAttachment")[0]
	if attachment.Text("InternetGatewayId") != "${InternetGateway}" || attachment.Text("VpcId") != "${Vpc}" {
		p.add("the internet gateway is not attached to the VPC")
	}
	// A route to a gateway that is not attached yet is refused.
	for _, route := range s.Of("AWS::EC2::Route") {
		if route.Get("GatewayId") != nil && !slices.Contains(route.DependsOn, attachment.ID) {
			p.add("%s may come before the gateway is attached", route.ID)
		}
	}
}

func natIsPublic(s template.Stack, _ map[string]string, p *problems) {
	addresses := map[string]bool{}
	for _, nat := range s.Of("AWS::EC2::NatGateway") {
		subnet, _ := s.Named(nat.Get("SubnetId"))
		if gateway, _ := wayOut(s, subnet); gateway.Type != "AWS::EC2::InternetGateway" {
			p.add("%s is in %s, which does not reach the internet", nat.ID, subnet.ID)
		}
		address, ok := s.Named(nat.Get("AllocationId"))
		if !ok || address.Type != "AWS::EC2::EIP" || addresses[address.ID] {
			p.add("%s has no address of its own", nat.ID)
		}
		addresses[address.ID] = true
	}
}

func natStaysInZone(s template.Stack, parameters map[string]string, p *problems) {
	want := map[string]int{"nat": 1, "nat-per-zone": int(parameters["Zones"][0] - '0')}[parameters["Egress"]]
	if got := len(s.Of("AWS::EC2::NatGateway")); got != want {
		p.add("there are %d gateways for NAT, want %d", got, want)
	}
	for _, subnet := range listed(s, "PrivateSubnets") {
		nat, ok := wayOut(s, subnet)
		if ok != (want > 0) {
			p.add("%s has a way out: %t", subnet.ID, ok)
		}
		home, _ := s.Named(nat.Get("SubnetId"))
		if parameters["Egress"] == "nat-per-zone" && home.Text("AvailabilityZone") != subnet.Text("AvailabilityZone") {
			p.add("%s is in another zone than its gateway", subnet.ID)
		}
	}
}

// endpointOf is the endpoint of a service, as in ecr.api.
func endpointOf(s template.Stack, service string) (template.Resource, bool) {
	for _, e := range s.Of("AWS::EC2::VPCEndpoint") {
		if e.Text("ServiceName") == "com.amazonaws."+template.Example().Region+"."+service {
			return e, true
		}
	}
	return template.Resource{}, false
}

// reaches reports whether a task in a subnet comes to a service of AWS.
func reaches(s template.Stack, subnet template.Resource, service string) bool {
	if gateway, ok := wayOut(s, subnet); ok {
		return gateway.Type == "AWS::EC2::NatGateway" || s.Outputs["PublicIp"] == "ENABLED"
	}
	e, ok := endpointOf(s, service)
	if !ok {
		return false
	}
	if e.Text("VpcEndpointType") == "Gateway" {
		return slices.ContainsFunc(tables(s, subnet), func(table template.Resource) bool {
			return slices.Contains(e.Texts("RouteTableIds"), ref(table))
		})
	}
	return e.Text("PrivateDnsEnabled") == "true" && e.Text("VpcId") == subnet.Text("VpcId")
}

// tasksReachServices: pulling an image takes both endpoints of ECR, and S3, where its layers are; its log goes to
// CloudWatch Logs; a worker polls SQS. The agent of an instance talks to three endpoints of ECS.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
func tasksReachServices(s template.Stack, parameters map[string]string, p *problems) {
	need := []string{"ecr.api", "ecr.dkr", "s3", "dynamodb", "logs", "sqs"}
	if parameters["InstanceEndpoints"] == "true" {
		need = append(need, "ecs", "ecs-agent", "ecs-telemetry")
	}
	if parameters["SecretEndpoints"] == "true" {
		need = append(need, "secretsmanager", "ssm")
	}
	if parameters["ExecEndpoint"] == "true" {
		need = append(need, "ssmmessages")
	}
	subnets := listed(s, "Subnets")
	if len(subnets) == 0 {
		p.add("there are no subnets for tasks")
	}
	private := parameters["Egress"] != "none"
	if got := s.Outputs["PublicIp"] == "DISABLED"; got != private {
		p.add("PublicIp is %s", s.Outputs["PublicIp"])
	}
	for _, subnet := range subnets {
		for _, service := range need {
			if !reaches(s, subnet, service) {
				p.add("a task in %s does not reach %s", subnet.ID, service)
			}
		}
	}
}

// admits reports whether a rule is of HTTPS and these addresses.
func admits(rule any, addresses string) bool {
	return template.At(rule, "IpProtocol") == "tcp" && template.At(rule, "FromPort") == 443 && template.At(rule, "ToPort") == 443 &&
		template.At(rule, "CidrIp") == addresses
}

func endpointsLetIn(s template.Stack, _ map[string]string, p *problems) {
	vpc := s.Of("AWS::EC2::VPC")[0].Text("CidrBlock")
	for _, e := range s.Of("AWS::EC2::VPCEndpoint") {
		if e.Text("VpcEndpointType") == "Gateway" {
			continue
		}
		groups := e.Texts("SecurityGroupIds")
		for _, name := range groups {
			group, _ := s.Named(name)
			in := template.List(group.Get("SecurityGroupIngress"))
			if len(in) != 1 || !admits(in[0], vpc) {
				p.add("%s lets in %v, want HTTPS from %s", e.ID, in, vpc)
			}
		}
		if len(groups) != 1 {
			p.add("%s has %d security groups", e.ID, len(groups))
		}
	}
}

func endpointsAreEverywhere(s template.Stack, _ map[string]string, p *problems) {
	vpc := s.Of("AWS::EC2::VPC")[0]
	for _, e := range s.Of("AWS::EC2::VPCEndpoint") {
		if e.Text("VpcEndpointType") == "Gateway" {
			if got, want := len(e.Texts("RouteTableIds")), len(s.Of("AWS::EC2::RouteTable")); got != want {
				p.add("%s is in %d route tables of %d", e.ID, got, want)
			}
			continue
		}
		if got, want := len(e.Texts("SubnetIds")), len(listed(s, "PrivateSubnets")); got != want {
			p.add("%s is in %d zones of %d", e.ID, got, want)
		}
		if vpc.Text("EnableDnsSupport") != "true" || vpc.Text("EnableDnsHostnames") != "true" {
			p.add("%s needs DNS support and DNS hostnames in the VPC", e.ID)
		}
	}
}

// endpointsAreAskedFor: an interface endpoint costs by the hour, a gateway endpoint nothing.
func endpointsAreAskedFor(s template.Stack, parameters map[string]string, p *problems) {
	want := 0
	if parameters["Egress"] == "endpoints" {
		want = 4
		for name, n := range map[string]int{"InstanceEndpoints": 3, "SecretEndpoints": 2, "ExecEndpoint": 1} {
			if parameters[name] == "true" {
				want += n
			}
		}
	}
	got := 0
	for _, e := range s.Of("AWS::EC2::VPCEndpoint") {
		if e.Text("VpcEndpointType") == "Interface" {
			got++
		}
	}
	if got != want {
		p.add("there are %d interface endpoints, want %d", got, want)
	}
}

func tasksCallOnly(s template.Stack, _ map[string]string, p *problems) {
	group, ok := s.Named(s.Outputs["SecurityGroups"])
	if !ok || group.Text("VpcId") != "${Vpc}" {
		p.add("the security group of tasks is %v", group)
	}
	if in := group.Get("SecurityGroupIngress"); in != nil {
		p.add("tasks can be called: %v", in)
	}
	out := template.List(group.Get("SecurityGroupEgress"))
	if !slices.ContainsFunc(out, func(rule any) bool { return admits(rule, "0.0.0.0/0") }) {
		p.add("tasks may not call HTTPS everywhere: %v", out)
	}
}
