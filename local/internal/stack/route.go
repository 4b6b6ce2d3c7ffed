package stack

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slipway/internal/cloud/vpc"
)

// Connect gives the default VPC the route to its internet gateway that it has on AWS, and that the emulator leaves out.
// https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html
func (r Record) Connect(ctx context.Context) error {
	table, err := r.defaultTable(ctx)
	if err != nil {
		return err
	}
	if _, there := table.Default(); there {
		return nil
	}
	text, err := r.ask(ctx, "ec2", http.MethodPost, "/", []byte("Action=DescribeInternetGateways&Version=2016-11-15"))
	if err != nil {
		return err
	}
	var g struct {
		ID string `xml:"internetGatewaySet>item>internetGatewayId"`
	}
	if err := xml.Unmarshal(text, &g); err != nil || g.ID == "" {
		return fmt.Errorf("find the internet gateway: %w", errors.Join(err, errors.New("the emulator has none")))
	}
	return r.route(ctx, url.Values{"Action": {"CreateRoute"}, "RouteTableId": {table.ID}, "GatewayId": {g.ID}})
}

// Disconnect takes the route to the internet gateway away.
func (r Record) Disconnect(ctx context.Context) error {
	table, err := r.defaultTable(ctx)
	if err != nil {
		return err
	}
	return r.route(ctx, url.Values{"Action": {"DeleteRoute"}, "RouteTableId": {table.ID}})
}

func (r Record) defaultTable(ctx context.Context) (vpc.Table, error) {
	network := vpc.New(r.AWS(), aws.String(r.Endpoint()))
	subnets, err := network.Default(ctx)
	if err != nil {
		return vpc.Table{}, err
	}
	if len(subnets) == 0 {
		return vpc.Table{}, errors.New("find the default VPC: the emulator has none")
	}
	tables, err := network.Tables(ctx, subnets[0].VPC)
	if err != nil {
		return vpc.Table{}, err
	}
	table, ok := vpc.TableOf(tables, subnets[0])
	if !ok {
		return table, errors.New("find the route table of the default VPC: the emulator has none")
	}
	return table, nil
}

// route changes the default route of a table.
func (r Record) route(ctx context.Context, form url.Values) error {
	form.Set("Version", "2016-11-15")
	form.Set("DestinationCidrBlock", "0.0.0.0/0")
	if _, err := r.ask(ctx, "ec2", http.MethodPost, "/", []byte(form.Encode())); err != nil {
		return fmt.Errorf("change the default route: %w", err)
	}
	return nil
}
