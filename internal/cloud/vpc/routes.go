package vpc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
)

// Table is a route table.
type Table struct {
	ID           string `xml:"routeTableId"`
	VPC          string `xml:"vpcId"`
	Associations []struct {
		Subnet string `xml:"subnetId"`
		Main   bool   `xml:"main"`
	} `xml:"associationSet>item"`
	Routes []Route `xml:"routeSet>item"`
}

// Route is a route of a table. Which of the targets it has says its kind.
type Route struct {
	Destination string `xml:"destinationCidrBlock"`
	State       string `xml:"state"`
	Gateway     string `xml:"gatewayId"` // igw-…, vgw-…, or local
	NAT         string `xml:"natGatewayId"`
	Transit     string `xml:"transitGatewayId"`
	Interface   string `xml:"networkInterfaceId"`
	Instance    string `xml:"instanceId"`
	Peering     string `xml:"vpcPeeringConnectionId"`
	Core        string `xml:"coreNetworkArn"`
}

// Default is the route of the table for addresses that no other one is for.
func (t Table) Default() (Route, bool) {
	i := slices.IndexFunc(t.Routes, func(r Route) bool { return r.Destination == "0.0.0.0/0" })
	if i < 0 {
		return Route{}, false
	}
	return t.Routes[i], true
}

// TableOf is the route table of a subnet: its own, else the main one of the VPC.
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
func TableOf(tables []Table, subnet Subnet) (Table, bool) {
	var main Table
	for _, t := range tables {
		for _, a := range t.Associations {
			if a.Subnet == subnet.ID {
				return t, true
			}
			if a.Main && t.VPC == subnet.VPC {
				main = t
			}
		}
	}
	return main, main.ID != ""
}

// Tables are the route tables of a VPC.
func (v *VPC) Tables(ctx context.Context, vpc string) ([]Table, error) {
	var all []Table
	err := v.pages(ctx, "DescribeRouteTables", filter("vpc-id", vpc), func() (into any, next func() string) {
		out := &struct {
			Tables []Table `xml:"routeTableSet>item"`
			Next   string  `xml:"nextToken"`
		}{}
		return out, func() string { all = append(all, out.Tables...); return out.Next }
	})
	if err != nil {
		return nil, fmt.Errorf("describe the route tables of %s: %w", vpc, err)
	}
	return all, nil
}

// Endpoint is a VPC endpoint.
type Endpoint struct {
	ID         string   `xml:"vpcEndpointId"`
	VPC        string   `xml:"vpcId"`
	Service    string   `xml:"serviceName"` // com.amazonaws.REGION.NAME
	Type       string   `xml:"vpcEndpointType"`
	State      string   `xml:"state"`
	PrivateDNS bool     `xml:"privateDnsEnabled"`
	Groups     []string `xml:"groupSet>item>groupId"`
	Tables     []string `xml:"routeTableIdSet>item"`
}

// Endpoints are the endpoints of a VPC.
func (v *VPC) Endpoints(ctx context.Context, vpc string) ([]Endpoint, error) {
	var all []Endpoint
	err := v.pages(ctx, "DescribeVpcEndpoints", filter("vpc-id", vpc), func() (into any, next func() string) {
		out := &struct {
			Endpoints []Endpoint `xml:"vpcEndpointSet>item"`
			Next      string     `xml:"nextToken"`
		}{}
		return out, func() string { all = append(all, out.Endpoints...); return out.Next }
	})
	if err != nil {
		return nil, fmt.Errorf("describe the endpoints of %s: %w", vpc, err)
	}
	return slices.DeleteFunc(all, func(e Endpoint) bool { return e.VPC != vpc }), nil
}

// Group is a security group.
type Group struct {
	ID  string       `xml:"groupId"`
	In  []Permission `xml:"ipPermissions>item"`
	Out []Permission `xml:"ipPermissionsEgress>item"`
}

// Permission is a rule of a security group.
type Permission struct {
	Protocol string   `xml:"ipProtocol"` // tcp, or -1 for all
	From     int      `xml:"fromPort"`
	To       int      `xml:"toPort"`
	Blocks   []string `xml:"ipRanges>item>cidrIp"`
	Groups   []string `xml:"groups>item>groupId"`
	Lists    []string `xml:"prefixListIds>item>prefixListId"`
}

const https = 443

// HTTPS reports whether the rule is for HTTPS.
func (p Permission) HTTPS() bool {
	return p.Protocol == "-1" || (p.Protocol == "tcp" || p.Protocol == "6") && p.From <= https && https <= p.To
}

// Groups are the security groups of the IDs that exist.
func (v *VPC) Groups(ctx context.Context, ids []string) ([]Group, error) {
	var all []Group
	err := v.pages(ctx, "DescribeSecurityGroups", filter("group-id", ids...), func() (into any, next func() string) {
		out := &struct {
			Groups []Group `xml:"securityGroupInfo>item"`
			Next   string  `xml:"nextToken"`
		}{}
		return out, func() string { all = append(all, out.Groups...); return out.Next }
	})
	var api smithy.APIError
	if errors.As(err, &api) && strings.HasPrefix(api.ErrorCode(), "InvalidGroup") {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describe the security groups: %w", err)
	}
	return all, nil
}

// pages calls an operation until there is no more of it. Page gives what an answer is decoded into, and what is done with
// it then.
func (v *VPC) pages(ctx context.Context, operation string, parameters map[string]string, page func() (into any, next func() string)) error {
	for {
		into, next := page()
		if err := v.service.Query(ctx, operation, version, parameters, into); err != nil {
			return err
		}
		if parameters["NextToken"] = next(); parameters["NextToken"] == "" {
			return nil
		}
	}
}
