package upstream

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Rule is a rule of the default event bus with an event pattern, and its targets.
type Rule struct {
	Name    string `json:"Name"`
	State   string `json:"State"`
	Pattern string `json:"EventPattern"`
	Targets []Target
}

// Target is a target of a rule, as far as local/fargate delivers to it.
type Target struct {
	ARN        string `json:"Arn"`
	Input      string `json:"Input"`
	InputPath  string `json:"InputPath"`
	DeadLetter struct {
		ARN string `json:"Arn"`
	} `json:"DeadLetterConfig"`
	SQS struct {
		MessageGroupID string `json:"MessageGroupId"`
	} `json:"SqsParameters"`
	Transformer json.RawMessage `json:"InputTransformer"`
}

// Rules returns the enabled rules of the default bus that have an event pattern, with their targets.
func (c *Client) Rules(ctx context.Context) ([]Rule, error) {
	var rules []Rule
	for token := ""; ; {
		in := map[string]any{"Limit": 100}
		if token != "" {
			in["NextToken"] = token
		}
		var page struct {
			Rules     []Rule
			NextToken string
		}
		if err := c.call(ctx, "events", "AWSEvents.ListRules", in, &page); err != nil {
			return nil, err
		}
		for _, r := range page.Rules {
			if r.State != "ENABLED" || r.Pattern == "" {
				continue
			}
			var out struct{ Targets []Target }
			if err := c.call(ctx, "events", "AWSEvents.ListTargetsByRule", map[string]any{"Rule": r.Name}, &out); err != nil {
				return nil, err
			}
			r.Targets = out.Targets
			rules = append(rules, r)
		}
		if token = page.NextToken; token == "" {
			return rules, nil
		}
	}
}

// Matches reports whether an event matches a pattern, as EventBridge judges it.
func (c *Client) Matches(ctx context.Context, pattern, event string) (bool, error) {
	var out struct{ Result bool }
	err := c.call(ctx, "events", "AWSEvents.TestEventPattern", map[string]any{"EventPattern": pattern, "Event": event}, &out)
	return out.Result, err
}

// Send puts a message into a queue.
func (c *Client) Send(ctx context.Context, queueARN, groupID, body string) error {
	parts := strings.Split(queueARN, ":")
	if len(parts) != 6 {
		return fmt.Errorf("send to %s: it is no ARN of a queue", queueARN)
	}
	var queue struct {
		URL string `json:"QueueUrl"`
	}
	if err := c.call(ctx, "sqs", "AmazonSQS.GetQueueUrl", map[string]any{"QueueName": parts[5]}, &queue); err != nil {
		return err
	}
	in := map[string]any{"QueueUrl": queue.URL, "MessageBody": body}
	if groupID != "" {
		in["MessageGroupId"] = groupID
	}
	return c.call(ctx, "sqs", "AmazonSQS.SendMessage", in, nil)
}

// Invoke invokes a function and does not wait for it.
func (c *Client) Invoke(ctx context.Context, functionARN, payload string) error {
	header := http.Header{"X-Amz-Invocation-Type": {"Event"}, "Content-Type": {"application/json"}}
	_, err := c.send(ctx, "lambda", "Invoke", "/2015-03-31/functions/"+url.PathEscape(functionARN)+"/invocations", header, []byte(payload))
	return err
}
