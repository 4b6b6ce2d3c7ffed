package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	"slipway/bench/internal/measure"
)

// rates are the uploads a second.
const rates = "1,10,50"

// loaded is what local/load says of one rate; its times are in seconds.
type loaded struct {
	Rate      float64                   `json:"rate"`
	Uploads   int                       `json:"uploads"`
	Unstarted int                       `json:"unstarted"`
	Unended   int                       `json:"unended"`
	Uploading float64                   `json:"uploading"`
	Draining  float64                   `json:"draining"`
	Seconds   map[string]measure.Series `json:"seconds"`
}

// The ways and the stages that local/load knows, in their order, with what is at work in each.
var (
	wayToTask, wayToMail = "upload to start", "upload to mail, failed"
	stages               = [][2]string{
		{"upload to admission", "S3, EventBridge, the launch queue, the invocation of s3-trigger"},
		{"admission to claim", "room under `concurrency.max`, and the pace of RunTask"},
		{"claim to acceptance", "RunTask, and a write"},
		{"acceptance to start", "ECS starts the task"},
		{"start to end", "the task's work"},
		{"end to mail", "ECS's event, the lifecycle queue, lifecycle-notifier, SES"},
	}
)

// endToEnd uploads to a local stack.
func (b *bench) endToEnd() ([]measure.Table, error) {
	say("end to end: %s uploads a second, %s each; the log is on standard error", rates, b.lasts)
	program, err := b.build("load")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, "-rates", rates, "-for", b.lasts.String()) //nolint:gosec,noctx // built above
	cmd.Dir, cmd.Stderr = b.root, os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("load a local stack: %w", err)
	}
	var all []loaded
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("read what the load has printed: %w", err)
	}
	return []measure.Table{wholeTable(all, b.lasts.String()), stageTable(all)}, nil
}

// wholeTable has how long it takes until the task starts, and until the mail is there.
func wholeTable(all []loaded, lasts string) measure.Table {
	t := measure.Table{
		Title: "End to end on the local stack",
		Note: "Uploads for " + lasts + " at each rate, by the configuration that ships (`concurrency.max` 50), and every 5 s one whose task fails. " +
			"Seconds: 50th / 90th / 99th percentile / maximum; to the mail on 0.1 s.",
		Columns: []string{"uploads a second", "uploads", "not started", "all had ended after s", "upload to task start", "upload to mail", "mails"},
		Raw:     map[string]measure.Series{},
	}
	for _, l := range all {
		started, mailed := l.Seconds[wayToTask], l.Seconds[wayToMail]
		ended := fmt.Sprintf("%.0f", l.Draining)
		if l.Unended > 0 {
			ended = fmt.Sprintf("%d had not after %.0f", l.Unended, l.Draining)
		}
		t.Rows = append(t.Rows, []string{
			fmt.Sprintf("%g", l.Rate), fmt.Sprint(l.Uploads), fmt.Sprint(l.Unstarted), ended, started.Percentiles(2), mailed.Percentiles(2), fmt.Sprint(len(mailed)),
		})
		t.Raw[fmt.Sprintf("%g a second, to start", l.Rate)], t.Raw[fmt.Sprintf("%g a second, to mail", l.Rate)] = started, mailed
	}
	return t
}

// stageTable has where the time goes.
func stageTable(all []loaded) measure.Table {
	t := measure.Table{
		Title: "Where the time of an upload goes", Columns: []string{"stage", "at work"},
		Note: "By the times in the ledger. Seconds: 50th / 90th / 99th percentile / maximum. The stages of the median upload add up to its way.",
	}
	for _, l := range all {
		t.Columns = append(t.Columns, fmt.Sprintf("%g a second", l.Rate))
	}
	for _, s := range stages {
		row := []string{s[0], s[1]}
		for _, l := range all {
			row = append(row, l.Seconds[s[0]].Percentiles(2))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
