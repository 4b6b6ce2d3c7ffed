package main

import (
	"context"
	"fmt"
	"strings"

	"slipway/local/internal/observe"
	"slipway/local/internal/screen"
)

// show prints what happened: the objects, the service, and the mails.
func (d *demonstration) show(ctx context.Context) error {
	d.screen.Live()
	d.screen.Print("\nWhat happened, in seconds from the upload:")
	for _, line := range screen.Table(d.outcomes()) {
		d.screen.Print("  %s", line)
	}
	d.screen.Print("\nThe worker service, in seconds from the beginning:")
	for _, c := range d.last.service.changes {
		d.screen.Print("  %6.1f  %d desired, %d running", c.at.Sub(d.began).Seconds(), c.desired, c.running)
	}
	if err := d.showDecisions(ctx); err != nil {
		return err
	}
	for _, s := range d.last.objects {
		for _, m := range s.mails {
			d.screen.Print("\nMail from %s to %s\nSubject: %s\n", m.From, strings.Join(m.To, ", "), m.Subject)
			d.screen.Print("  %s", strings.ReplaceAll(strings.TrimSpace(m.Text), "\n", "\n  "))
		}
	}
	return nil
}

// outcomes is a row for each object.
func (d *demonstration) outcomes() [][]string {
	rows := [][]string{{"object", "run", "task", "exit", "start", "end"}}
	for _, s := range d.last.objects {
		if len(s.tasks) == 0 {
			rows = append(rows, []string{d.short(s.key), "-", "-", "-", "-", "-"})
		}
		for _, t := range s.tasks {
			rows = append(rows, append([]string{d.short(s.key)}, outcome(s, t)...))
		}
	}
	return rows
}

// short is a key without the name of the demonstration.
func (d *demonstration) short(key string) string { return strings.Replace(key, d.name+"/", "", 1) }

// outcome is what became of one task: its run, ID, exit code, and seconds from the upload to its start and end.
func outcome(s seen, t observe.Task) []string {
	row := []string{t.Run(), t.ID(), "-", "-", "-"}
	if t.ExitCode != nil {
		row[2] = fmt.Sprint(*t.ExitCode)
	}
	if !t.StartedAt.IsZero() {
		row[3] = fmt.Sprintf("%.1f", t.StartedAt.Sub(s.uploadedAt).Seconds())
	}
	if !t.StoppedAt.IsZero() {
		row[4] = fmt.Sprintf("%.1f", t.StoppedAt.Sub(s.uploadedAt).Seconds())
	}
	return row
}

// showDecisions prints what the scaler has logged that it decided.
func (d *demonstration) showDecisions(ctx context.Context) error {
	lines, err := d.watcher.see.Logs(ctx, "SqsScalerFunction", d.began)
	if err != nil {
		return err
	}
	rows := [][]string{{"at", "from", "to", "reason", "waiting", "at work", "running"}}
	for _, l := range lines {
		if f := l.Fields; f["message"] == "scaling decided" {
			at := fmt.Sprintf("%.1f", l.At.Sub(d.began).Seconds())
			rows = append(rows, []string{at, word(f["from"]), word(f["to"]), word(f["reason"]), word(f["visible"]), word(f["inFlight"]), word(f["running"])})
		}
	}
	d.screen.Print("\nThe scaler's decisions:")
	for _, line := range screen.Table(rows) {
		d.screen.Print("  %s", line)
	}
	return nil
}

// word is a field of a log line; one that is not there is a dash.
func word(v any) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprint(v)
}
