package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"slipway/local/internal/observe"
	"slipway/local/internal/screen"
	"slipway/local/internal/stack"
)

const (
	// patience is how long the promises may take: two ticks of the scheduler, what follows from them, and the while for
	// which the last worker stays.
	patience = 5 * time.Minute
	// silence is how long nothing more must happen once all is done, before "one" is taken for "only one".
	silence   = 3 * time.Second
	lookEvery = time.Second
)

// demonstration is one run of this program.
type demonstration struct {
	name    string // part of every key
	began   time.Time
	record  stack.Record
	screen  *screen.Screen
	objects []object
	watcher *watcher
	last    facts
}

// demonstrate brings the stack up, breaks what was asked for, shows what happens, and judges it.
func demonstrate(ctx context.Context, o stack.Options, broken sabotage) (err error) {
	r, err := stack.Up(ctx, o)
	if err != nil {
		return err
	}
	if r.Ran && !r.Deployed {
		o.Screen.Print("The local stack runs already, and nothing has changed.")
	}
	if err := repair(ctx, o, &r.Record); err != nil { // what an earlier demonstration has left
		return err
	}
	if broken.link != "" {
		o.Screen.Print("Breaking the %s: %s.", broken.link, broken.what)
		defer func() { err = errors.Join(err, repair(context.WithoutCancel(ctx), o, &r.Record)) }()
		if err := sabotaged(ctx, o, &r.Record, broken); err != nil {
			return err
		}
	}
	d, err := prepare(ctx, o, r.Record)
	if err != nil {
		return err
	}
	if err := d.act(ctx); err != nil {
		return err
	}
	if err := d.watch(ctx); err != nil {
		return err
	}
	return d.conclude(ctx, o, broken)
}

// prepare makes the pictures and remembers what was there before them.
func prepare(ctx context.Context, o stack.Options, r stack.Record) (*demonstration, error) {
	d := &demonstration{began: time.Now(), record: r, screen: o.Screen}
	d.name = "demo-" + d.began.UTC().Format("20060102-150405")
	var err error
	if d.objects, err = uploads(d.name); err != nil {
		return nil, err
	}
	// What an earlier demonstration left would keep this one's failure for a digest.
	if err := r.ForgetIncidents(ctx); err != nil {
		return nil, err
	}
	d.watcher, err = newWatcher(ctx, observe.New(r), d.began)
	return d, err
}

// act does what the users of the stack would do.
func (d *demonstration) act(ctx context.Context) error {
	d.screen.Print("\nUploading %d objects as %s, and sending %d messages to the work queue.\n", len(d.objects), d.name, burst)
	return errors.Join(sendBurst(ctx, d.record), upload(ctx, d.record, d.objects))
}

// watch shows what happens until every promise is kept or lost, and nothing more comes, or patience is at its end.
func (d *demonstration) watch(ctx context.Context) error {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	var since time.Time
	for {
		f, err := d.watcher.look(ctx, d.objects)
		if err != nil {
			return err
		}
		d.last = f
		d.screen.Live(d.progress(f)...)
		switch {
		case !decided(promises(f)):
			since = time.Time{}
		case since.IsZero():
			since = f.now
		}
		if !since.IsZero() && f.now.Sub(since) >= silence || f.now.Sub(d.began) >= patience {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("watch: %w", context.Cause(ctx))
		case <-t.C:
		}
	}
}

// conclude shows what happened and judges it.
func (d *demonstration) conclude(ctx context.Context, o stack.Options, broken sabotage) error {
	if err := d.show(ctx); err != nil {
		return err
	}
	all := promises(d.last)
	d.screen.Print("\nPromises:")
	for _, p := range all {
		if p.kept {
			d.screen.Print("  kept    %s", p.text)
		} else {
			d.screen.Print("  BROKEN  %s: %s", p.text, p.why)
		}
	}
	d.screen.Print("\nIt took %.0f seconds from the first upload. The stack goes on running.\n%s", d.last.now.Sub(d.began).Seconds(), d.record.Guide(o.State))
	return verdict(brokenLinks(all), broken)
}

// verdict is nil when every promise was kept and nothing was broken on purpose.
func verdict(links []string, broken sabotage) error {
	switch {
	case len(links) > 0:
		return fmt.Errorf("the demonstration failed; the broken link: %s", strings.Join(links, ", ")) //nolint:err113 // for a person
	case broken.link != "":
		return fmt.Errorf("the %s was broken, and every promise was kept all the same", broken.link) //nolint:err113 // for a person
	}
	return nil
}

// progress is the lines that change. They hold no running seconds, so that a log gets each of them once.
func (d *demonstration) progress(f facts) []string {
	var lines []string
	for _, s := range f.objects {
		lines = append(lines, fmt.Sprintf("  %-52s %s", d.short(s.key), d.state(s)))
	}
	lines = append(lines,
		fmt.Sprintf("  %-52s %d desired, %d running; the queue: %d waiting, %d at work", "worker service",
			f.service.desired, f.service.running, f.work.Visible, f.work.InFlight),
		fmt.Sprintf("  %-52s %s", "scheduled report", d.reported(f)))
	return lines
}

func (d *demonstration) state(s seen) string {
	switch {
	case s.kind == unwanted && len(s.tasks) == 0:
		return "no job wants it"
	case len(s.tasks) == 0:
		return "uploaded"
	case len(s.tasks) > 1:
		return fmt.Sprintf("%d tasks", len(s.tasks))
	case len(s.mails) > 0:
		return howEnded(s.tasks[0]) + ", mail sent"
	case s.described != nil:
		return howEnded(s.tasks[0]) + ", results written"
	}
	return howEnded(s.tasks[0])
}

func (d *demonstration) reported(f facts) string {
	if len(f.reports) == 0 {
		return "waits for its minute"
	}
	return slices.Max(f.reports)
}
