package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// Mail is one mail as it was sent.
type Mail struct {
	ID      string   `json:"MessageId"`
	From    string   `json:"Source"`
	To      []string `json:"To"`
	Subject string   `json:"Subject"`
	Text    string   `json:"BodyText"`
}

// Read returns every mail of the account, oldest first. An inbox that nothing was sent to is empty, not an error.
func Read(ctx context.Context, endpoint, account string) ([]Mail, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/_ministack/ses/messages?account="+account, nil)
	if err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read the inbox: the emulator answers %s", resp.Status) //nolint:err113 // for a person
	}
	var answer struct {
		Messages map[string][]Mail `json:"messages"` // by account
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	return answer.Messages[account], nil
}
