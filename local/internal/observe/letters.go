package observe

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// Letter is a message as the emulator shows it, without receiving it.
type Letter struct {
	ID         string `json:"MessageId"`
	Body       string `json:"Body"`
	Attributes map[string]struct {
		Value string `json:"StringValue"`
	} `json:"MessageAttributes"`
}

// Attribute is one of the message's attributes, or empty.
func (l Letter) Attribute(name string) string { return l.Attributes[name].Value }

// Letters returns every message of the queue in an output of the stack.
func (o *Observer) Letters(ctx context.Context, output string) ([]Letter, error) {
	target := o.Record.Endpoint() + "/_ministack/sqs/messages?QueueUrl=" + url.QueryEscape(o.Record.Outputs[output])
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, fmt.Errorf("look into %s: %w", output, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("look into %s: %w", output, err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Messages map[string]map[string]map[string][]Letter `json:"messages"` // by account, region and queue
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("look into %s: %w", output, err)
	}
	var letters []Letter
	for _, regions := range answer.Messages {
		for _, queues := range regions {
			for _, found := range queues {
				letters = append(letters, found...)
			}
		}
	}
	return letters, nil
}
