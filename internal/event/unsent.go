package event

import (
	"encoding/json"
	"fmt"
	"time"
)

// UnsentType is the detail type of a mail that was given up. As a dead letter it can be sent again.
const UnsentType = "Mail Not Sent"

// Unsent is a mail that was given up, or an event about an incident. Subject and Text are for a person who reads the
// dead letter.
type Unsent struct {
	Incident string    `json:"incident"`
	Stage    string    `json:"stage"`
	Kind     string    `json:"kind"`
	Mail     bool      `json:"mail"`
	To       []string  `json:"to,omitempty"` // who did not get it; nil: everybody who wants it
	Count    int       `json:"count"`
	New      int       `json:"new"`
	At       time.Time `json:"at"`
	Subject  string    `json:"subject"`
	Text     string    `json:"text"`
}

func (Unsent) event() {}

// EncodeUnsent is the body of the dead letter of a mail.
func EncodeUnsent(u Unsent) ([]byte, error) {
	body, err := json.Marshal(struct {
		Source string `json:"source"`
		Type   string `json:"detail-type"`
		Detail Unsent `json:"detail"`
	}{NudgeSource, UnsentType, u})
	if err != nil {
		return nil, fmt.Errorf("encode the dead letter of %s: %w", u.Stage, err)
	}
	return body, nil
}

func decodeUnsent(e envelope) (Event, error) {
	var u Unsent
	if err := e.detail(&u); err != nil {
		return nil, err
	}
	if u.Incident == "" || u.Kind == "" {
		return nil, refuse(MissingName, "a mail of no incident")
	}
	return u, nil
}
