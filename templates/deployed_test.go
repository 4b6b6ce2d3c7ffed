package templates_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"slipway/internal/cloud/query"
	"slipway/internal/emulator"
)

// network is what EC2 tells of all that it has.
type network struct {
	Subnets   []subnet   `xml:"subnetSet>item"`
	Tables    []table    `xml:"routeTableSet>item"`
	Endpoints []endpoint `xml:"vpcEndpointSet>item"`
	Groups    []group    `xml:"securityGroupInfo>item"`
}

type subnet struct {
	ID   string `xml:"subnetId"`
	VPC  string `xml:"vpcId"`
	Zone string `xml:"availabilityZone"`
	CIDR string `xml:"cidrBlock"`
}

type table struct {
	ID     string `xml:"routeTableId"`
	Routes []struct {
		To      string `xml:"destinationCidrBlock"`
		Gateway string `xml:"gatewayId"`
	} `xml:"routeSet>item"`
	Subnets []string `xml:"associationSet>item>subnetId"`
}

type endpoint struct {
	VPC     string   `xml:"vpcId"`
	Type    string   `xml:"vpcEndpointType"`
	Service string   `xml:"serviceName"`
	Tables  []string `xml:"routeTableIdSet>item"`
	Subnets []string `xml:"subnetIdSet>item"`
}

type group struct {
	ID  string `xml:"groupId"`
	VPC string `xml:"vpcId"`
	In  []struct {
		From  int      `xml:"fromPort"`
		To    int      `xml:"toPort"`
		CIDRs []string `xml:"ipRanges>item>cidrIp"`
	} `xml:"ipPermissions>item"`
}

// TestNetworkOnTheEmulator deploys the stack as its guide says, and looks at what EC2 has then.
func TestNetworkOnTheEmulator(t *testing.T) {
	for egress, interfaces := range map[string]int{"endpoints": 10, "none": 0} {
		t.Run(egress, func(t *testing.T) {
			outputs := deploy(t, "network.yaml", "network-"+egress, "Zones=3", "Egress="+egress, "InstanceEndpoints=true", "SecretEndpoints=true", "ExecEndpoint=true")
			var n network
			for _, action := range []string{"DescribeSubnets", "DescribeRouteTables", "DescribeVpcEndpoints", "DescribeSecurityGroups"} {
				ask(t, "ec2", "2016-11-15", action, nil, &n)
			}
			n.hasSubnets(t, outputs)
			n.hasRoutes(t, outputs)
			n.hasEndpoints(t, outputs, interfaces)
			n.hasGroups(t, outputs, interfaces > 0)
		})
	}
}

// deploy brings a stack to the emulator with the SAM CLI, and returns its outputs.
func deploy(t *testing.T, file, stack string, parameters ...string) map[string]string {
	t.Helper()
	folder, bin := t.TempDir(), t.TempDir()
	shell(t, folder, bin, "sam deploy -t templates/"+file+" --stack-name "+stack+" --parameter-overrides "+strings.Join(parameters, " "))
	var listed []struct{ OutputKey, OutputValue string }
	text := shell(t, folder, bin, "sam list stack-outputs --output json --stack-name "+stack)
	if err := json.Unmarshal([]byte(text), &listed); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	outputs := map[string]string{}
	for _, o := range listed {
		outputs[o.OutputKey] = o.OutputValue
	}
	return outputs
}

// ask calls a service of the emulator that speaks the Query protocol.
func ask(t *testing.T, service, version, operation string, parameters map[string]string, into any) {
	t.Helper()
	cfg, endpoint := emulator.Config(t)
	if err := query.New(cfg, endpoint, service, service).Query(t.Context(), operation, version, parameters, into); err != nil {
		t.Fatal(err)
	}
}

func (n network) hasSubnets(t *testing.T, outputs map[string]string) {
	t.Helper()
	for _, output := range []string{"PublicSubnets", "PrivateSubnets"} {
		zones, blocks := map[string]bool{}, map[string]bool{}
		for _, id := range strings.Split(outputs[output], ",") {
			i := slices.IndexFunc(n.Subnets, func(s subnet) bool { return s.ID == id && s.VPC == outputs["VpcId"] })
			if i < 0 {
				t.Fatalf("%s names %s, which is not in %s", output, id, outputs["VpcId"])
			}
			zones[n.Subnets[i].Zone], blocks[n.Subnets[i].CIDR] = true, true
		}
		if len(zones) != 3 || len(blocks) != 3 {
			t.Errorf("%s are in the zones %v with %v", output, zones, blocks)
		}
	}
}

// hasRoutes: public subnets reach the internet gateway, private ones nothing outside.
func (n network) hasRoutes(t *testing.T, outputs map[string]string) {
	t.Helper()
	for output, out := range map[string]bool{"PublicSubnets": true, "PrivateSubnets": false} {
		for _, id := range strings.Split(outputs[output], ",") {
			i := slices.IndexFunc(n.Tables, func(t table) bool { return slices.Contains(t.Subnets, id) })
			if i < 0 {
				t.Fatalf("%s has no route table", id)
			}
			got := false
			for _, r := range n.Tables[i].Routes {
				got = got || r.To == "0.0.0.0/0" && strings.HasPrefix(r.Gateway, "igw-")
			}
			if got != out {
				t.Errorf("%s of %s reaches the internet: %t, want %t", id, output, got, out)
			}
		}
	}
}

func (n network) hasEndpoints(t *testing.T, outputs map[string]string, interfaces int) {
	t.Helper()
	got := map[string]int{}
	for _, e := range n.Endpoints {
		if e.VPC != outputs["VpcId"] {
			continue
		}
		got[e.Type]++
		private := strings.Split(outputs["PrivateSubnets"], ",")
		if e.Type == "Interface" && !slices.Equal(e.Subnets, private) || e.Type == "Gateway" && len(e.Tables) != 4 {
			t.Errorf("%s is in the subnets %v and the route tables %v", e.Service, e.Subnets, e.Tables)
		}
	}
	if got["Interface"] != interfaces || got["Gateway"] != 2 {
		t.Errorf("there are %v, want %d interfaces and 2 gateways", got, interfaces)
	}
}

// hasGroups: nobody calls a task, and the VPC calls the endpoints by HTTPS.
func (n network) hasGroups(t *testing.T, outputs map[string]string, endpoints bool) {
	t.Helper()
	found := false
	for _, g := range n.Groups {
		if g.ID == outputs["SecurityGroups"] && len(g.In) > 0 {
			t.Errorf("tasks are called by %v", g.In)
		}
		for _, in := range g.In {
			if g.VPC == outputs["VpcId"] && in.From == 443 && in.To == 443 && slices.Equal(in.CIDRs, []string{"10.0.0.0/16"}) {
				found = true
			}
		}
	}
	if found != endpoints {
		t.Errorf("there is a group that lets the VPC in to endpoints: %t", found)
	}
}
