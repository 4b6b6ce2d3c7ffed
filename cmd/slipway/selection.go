package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"slipway/internal/config/compile"
	"slipway/internal/ledger"
	"slipway/internal/run"
)

// selection says which runs a command is about.
type selection struct {
	job    string
	states []string
	since  string
	until  string
	object string
}

func (s *selection) flags(f *pflag.FlagSet) {
	f.StringVar(&s.job, "job", "", "of this job (default every job, also one that is no longer configured)")
	f.StringSliceVar(&s.states, "state", nil, "in this state: "+strings.Join(stateNames(), ", ")+"; several with commas")
	f.StringVar(&s.since, "since", "", "admitted at this time or later: 2h, 7d or 2027-03-27T00:00:00Z")
	f.StringVar(&s.until, "until", "", "admitted before this time")
	f.StringVar(&s.object, "object", "", "of this object, s3://BUCKET/KEY; with * at its end of every key that begins so")
}

// empty reports whether nothing is selected.
func (s selection) empty() bool {
	return s.job+s.since+s.until+s.object == "" && len(s.states) == 0
}

// query is the selection as the ledger takes it, but for the job.
func (s selection) query(now time.Time) (ledger.Query, error) {
	q := ledger.Query{}
	for _, name := range s.states {
		state := run.State(strings.TrimSpace(name))
		if !state.Valid() {
			return q, fmt.Errorf("read --state: there is no state %q; %s", name, compile.Suggest(name, stateNames()))
		}
		q.States = append(q.States, state)
	}
	var err error
	if q.Since, err = moment("--since", s.since, now); err != nil {
		return q, err
	}
	if q.Until, err = moment("--until", s.until, now); err != nil {
		return q, err
	}
	if s.object != "" {
		bucket, key, err := splitAddress(s.object)
		if err != nil {
			return q, fmt.Errorf("read --object: %w", err)
		}
		q.Object = bucket + "/" + key
	}
	return q, nil
}

func stateNames() []string {
	var names []string
	for _, s := range run.States() {
		names = append(names, string(s))
	}
	return names
}

// moment reads a time, or a duration before now. Empty text is no time.
func moment(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, fmt.Errorf("read %s: %q is neither a duration such as 2h or 7d nor a time such as 2027-03-27T00:00:00Z", flag, text)
}

// list is what the index knows of the selected runs, the newest first over all jobs. A limit of zero is none.
func (d *deployed) list(ctx context.Context, s selection, q ledger.Query) ([]ledger.Listed, error) {
	names, err := d.named(ctx, s.job)
	if err != nil {
		return nil, err
	}
	var all []ledger.Listed
	for _, name := range names {
		q.Job = name
		listed, err := d.ledger.List(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, listed...)
	}
	slices.SortFunc(all, func(a, b ledger.Listed) int {
		return cmp.Or(b.AdmittedAt.Compare(a.AdmittedAt), cmp.Compare(a.ID, b.ID))
	})
	if q.Limit > 0 && len(all) > q.Limit {
		all = all[:q.Limit]
	}
	return all, nil
}

// named is the job of that name, or every job.
func (d *deployed) named(ctx context.Context, job string) ([]string, error) {
	names, err := d.jobNames(ctx)
	switch {
	case err != nil || job == "":
		return names, err
	case !slices.Contains(names, job):
		return nil, problem{fmt.Errorf("stack %s has no job %s, and never had; %s", d.name, job, compile.Suggest(job, names))}
	}
	return []string{job}, nil
}

// stored reads runs as they are stored, in the order of the IDs. Runs that this release cannot read are told of and left
// out; complete is false then.
func (d *deployed) stored(ctx context.Context, listed []ledger.Listed) (runs []run.Run, complete bool, err error) {
	var ids []run.ID
	for _, l := range listed {
		ids = append(ids, l.ID)
	}
	runs, err = d.ledger.Runs(ctx, ids)
	if err == nil || !unreadable(err) {
		return runs, err == nil, err
	}
	runs = nil
	for _, id := range ids { // one of them cannot be read: each by itself
		r, err := d.ledger.Run(ctx, id)
		switch {
		case err == nil:
			runs = append(runs, r)
		case unreadable(err):
			say(d.err, "note: %s; use the release that wrote it\n", err)
		case !isUnknown(err):
			return nil, false, err
		}
	}
	return runs, false, nil
}

// unreadable reports whether an error is about an item that another release wrote.
func unreadable(err error) bool { return run.ReasonOf(err) == "ledger-version" }
