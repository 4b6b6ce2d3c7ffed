package vpc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slipway/internal/cloud/query"
)

const version = "2016-11-15"

// Subnet is one subnet.
type Subnet struct {
	ID     string `xml:"subnetId"`
	VPC    string `xml:"vpcId"`
	Zone   string `xml:"availabilityZone"`
	Block  string `xml:"cidrBlock"`
	Public bool   `xml:"mapPublicIpOnLaunch"` // what is started there gets a public address
}

// VPC is Amazon VPC in one region.
type VPC struct{ service query.Service }

// New returns an adapter. Endpoint is nil for AWS's own.
func New(cfg aws.Config, endpoint *string) *VPC {
	return &VPC{query.New(cfg, endpoint, "ec2", "ec2")}
}

// Default are the subnets of the default VPC, in the order of their zones; none when the account has no such VPC.
func (v *VPC) Default(ctx context.Context) ([]Subnet, error) {
	var out struct {
		IDs []string `xml:"vpcSet>item>vpcId"`
	}
	if err := v.service.Query(ctx, "DescribeVpcs", version, filter("is-default", "true"), &out); err != nil {
		return nil, fmt.Errorf("find the default VPC: %w", err)
	}
	if len(out.IDs) == 0 {
		return nil, nil
	}
	return v.subnets(ctx, filter("vpc-id", out.IDs[0]))
}

// Subnets are those of the IDs that exist. EC2 answers a list with one that does not exist with an error, so the list
// is a filter.
func (v *VPC) Subnets(ctx context.Context, ids []string) ([]Subnet, error) {
	return v.subnets(ctx, filter("subnet-id", ids...))
}

func (v *VPC) subnets(ctx context.Context, parameters map[string]string) ([]Subnet, error) {
	var out struct {
		Subnets []Subnet `xml:"subnetSet>item"`
	}
	if err := v.service.Query(ctx, "DescribeSubnets", version, parameters, &out); err != nil {
		return nil, fmt.Errorf("describe the subnets: %w", err)
	}
	slices.SortFunc(out.Subnets, func(a, b Subnet) int { return strings.Compare(a.Zone+a.ID, b.Zone+b.ID) })
	return out.Subnets, nil
}

func filter(name string, values ...string) map[string]string {
	out := map[string]string{"Filter.1.Name": name}
	for i, v := range values {
		out[fmt.Sprintf("Filter.1.Value.%d", i+1)] = v
	}
	return out
}
