package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// ask calls a service of the emulator for which no client is linked. The emulator reads the service and the region
// from the signature, and does not check it.
func (r Record) ask(ctx context.Context, service, method, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.Endpoint()+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", service, err)
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20260101/"+Region+"/"+service+
		"/aws4_request, SignedHeaders=host, Signature=none")
	req.Header.Set("Content-Type", "application/json")
	if service == "ec2" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", service, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", service, err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return nil, fmt.Errorf("ask %s: %s %s: %s: %s", service, method, path, resp.Status, text) //nolint:err113 // for a person
	}
	return text, nil
}

// network returns the subnets and the security group of the emulator's default network.
func (r Record) network(ctx context.Context) (subnets []string, group string, err error) {
	var s struct {
		IDs []string `xml:"subnetSet>item>subnetId"`
	}
	var g struct {
		IDs []string `xml:"securityGroupInfo>item>groupId"`
	}
	for action, into := range map[string]any{"DescribeSubnets": &s, "DescribeSecurityGroups": &g} {
		text, err := r.ask(ctx, "ec2", http.MethodPost, "/", []byte("Action="+action+"&Version=2016-11-15"))
		if err != nil {
			return nil, "", err
		}
		if err := xml.Unmarshal(text, into); err != nil {
			return nil, "", fmt.Errorf("read the answer to %s: %w", action, err)
		}
	}
	if len(s.IDs) == 0 || len(g.IDs) == 0 {
		return nil, "", fmt.Errorf("find a network: the emulator has %d subnets and %d security groups", len(s.IDs), len(g.IDs)) //nolint:err113 // for a person
	}
	return s.IDs[:min(2, len(s.IDs))], g.IDs[0], nil
}

// functionActive reports whether a function may be invoked.
func (r Record) functionActive(ctx context.Context, name string) (bool, error) {
	var f struct{ Configuration struct{ State string } }
	text, err := r.ask(ctx, "lambda", http.MethodGet, "/2015-03-31/functions/"+url.PathEscape(name), nil)
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	return f.Configuration.State == "Active", err
}

// mappingEnabled reports whether an event source mapping delivers.
func (r Record) mappingEnabled(ctx context.Context, id string) (bool, error) {
	var m struct{ State string }
	text, err := r.ask(ctx, "lambda", http.MethodGet, "/2015-03-31/event-source-mappings/"+url.PathEscape(id), nil)
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	return m.State == "Enabled", err
}

// Invoke calls a function, by its name in the template, waits for the answer, and returns it.
func (r Record) Invoke(ctx context.Context, logicalID string, event []byte) ([]byte, error) {
	name, err := r.Physical(ctx, logicalID)
	if err != nil {
		return nil, err
	}
	return r.ask(ctx, "lambda", http.MethodPost, "/2015-03-31/functions/"+url.PathEscape(name)+"/invocations", event)
}
