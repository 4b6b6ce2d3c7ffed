package upstream

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// RegisterTarget adds a target to a target group.
func (c *Client) RegisterTarget(ctx context.Context, group, address string, port int) error {
	return c.target(ctx, "RegisterTargets", group, address, port)
}

// DeregisterTarget takes a target out of a target group.
func (c *Client) DeregisterTarget(ctx context.Context, group, address string, port int) error {
	return c.target(ctx, "DeregisterTargets", group, address, port)
}

func (c *Client) target(ctx context.Context, operation, group, address string, port int) error {
	form := url.Values{
		"Action": {operation}, "Version": {"2015-12-01"}, "TargetGroupArn": {group},
		"Targets.member.1.Id": {address}, "Targets.member.1.Port": {strconv.Itoa(port)},
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	_, err := c.send(ctx, "elasticloadbalancing", operation, "/", header, []byte(form.Encode()))
	return err
}
