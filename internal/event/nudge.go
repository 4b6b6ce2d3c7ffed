package event

import (
	"encoding/json"
	"fmt"
)

// The source and detail type of a nudge.
const (
	NudgeSource = "slipway"
	NudgeType   = "Launch Queued Runs"
)

type nudge struct {
	Source string      `json:"source"`
	Type   string      `json:"detail-type"`
	Detail nudgeDetail `json:"detail"`
}

type nudgeDetail struct {
	Job string `json:"job"`
}

// EncodeNudge is the body of the message that asks for the queued runs of a job to be launched.
func EncodeNudge(job string) ([]byte, error) {
	body, err := json.Marshal(nudge{NudgeSource, NudgeType, nudgeDetail{job}})
	if err != nil {
		return nil, fmt.Errorf("encode a nudge for job %s: %w", job, err)
	}
	return body, nil
}

func decodeNudge(e envelope) (Event, error) {
	var d nudgeDetail
	if err := e.detail(&d); err != nil {
		return nil, err
	}
	if d.Job == "" {
		return nil, refuse(MissingJob, "a nudge for no job")
	}
	return Nudge{Job: cut(d.Job)}, nil
}
