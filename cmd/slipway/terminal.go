package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"
	"time"
)

// maxUnasked is how many things a command changes without asking.
const maxUnasked = 100

// agreed asks whether to go on, unless yes was given. It returns nil when that is wanted.
func (o *options) agreed(question string, yes bool) error {
	if yes {
		return nil
	}
	if !o.terminal {
		return fmt.Errorf("%s: there is nobody to ask; say --yes when that is meant, or look with --dry-run first", question)
	}
	say(o.err, "%s. Go on? [y/N] ", question)
	answer, _ := bufio.NewReader(o.in).ReadString('\n') // no answer is a no
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return problem{errors.New("nothing more was changed")}
}

// isTerminal reports whether a person may be at the other end.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func osUser() string {
	u, err := user.Current()
	if err != nil || u.Username == "" {
		return "somebody"
	}
	return u.Username
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// progress tells how far something has come: on a terminal in one line that changes, else in a line now and then.
type progress struct {
	*options
	last  time.Time
	shown bool
}

// The least time between two lines of progress.
const (
	onTerminal = 200 * time.Millisecond
	elsewhere  = 15 * time.Second
)

func (o *options) progress() *progress { return &progress{options: o, last: o.now()} }

// tell shows the text, unless the last one is too recent.
func (p *progress) tell(format string, args ...any) {
	every, form := elsewhere, "%s\n"
	if p.terminal {
		every, form = onTerminal, "\r\x1b[K%s"
	}
	if now := p.now(); now.Sub(p.last) >= every {
		p.last, p.shown = now, p.terminal
		say(p.err, form, fmt.Sprintf(format, args...))
	}
}

// end makes room for what comes after.
func (p *progress) end() {
	if p.shown {
		say(p.err, "\r\x1b[K")
		p.shown = false
	}
}
