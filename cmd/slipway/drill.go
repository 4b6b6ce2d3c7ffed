package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slipway/events"
	"slipway/internal/event"
	"slipway/internal/stop"
)

func drillCommand(o *options) *cobra.Command {
	var list bool
	c := &cobra.Command{
		Use:   "drill [CLASS]",
		Short: "Let the deployed stack tell of a failure that has not happened",
		Long: `Drill puts an event of a stopped task, as ECS would send it, into the lifecycle queue of the deployed stack. The stack
takes it for a failure of the class, marked as a drill: whoever is told of run.failed gets the mail, so that a team sees
its mails before it needs them. No run is touched. Without CLASS it is application-error; --list shows every class.
Classes that nobody has to do anything about mail nobody, in a drill as in earnest.`,
		Example: `  slipway drill out-of-memory
  slipway drill --list
  slipway drill spot-interruption --stack slipway-prod`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if list {
				return o.listClasses()
			}
			class := "application-error"
			if len(args) == 1 {
				class = args[0]
			}
			return o.drill(c.Context(), class)
		},
	}
	c.Flags().BoolVar(&list, "list", false, "show the classes, and change nothing")
	return c
}

// listed is a line of drill --list.
type listed struct {
	Class    string `json:"class"`
	Severity string `json:"severity"`
	Mails    bool   `json:"mails"`
	Words    string `json:"words"`
}

func (o *options) listClasses() error {
	var all []listed
	for _, c := range stop.Classes() {
		all = append(all, listed{c.Name, c.Severity, !c.Expected, c.Words})
	}
	return o.answer(all, func(w io.Writer) {
		for _, l := range all {
			told := "mails"
			if !l.Mails {
				told = "quiet"
			}
			say(w, "%-20s  %-7s  %s  %s\n", l.Class, l.Severity, told, l.Words)
		}
	})
}

// drilled is the answer of drill.
type drilled struct {
	Class string `json:"class"`
	Stack string `json:"stack"`
	Drill string `json:"drill"` // its ID
	Mails bool   `json:"mails"` // whether the class is one that mails
}

func (o *options) drill(ctx context.Context, class string) error {
	known := stop.Classes()
	i := slices.IndexFunc(known, func(c stop.Class) bool { return c.Name == class })
	if i < 0 {
		return fmt.Errorf("%q is not a class; slipway drill --list shows them", class)
	}
	d, err := o.deployed(ctx)
	if err != nil {
		return err
	}
	queue, err := d.need("LifecycleQueueUrl")
	if err != nil {
		return err
	}
	id := newDrillID()
	body, err := drillEvent(class, place{d.name, queue, d.cfg.Region}, id, o.now())
	if err != nil {
		return err
	}
	if err := d.queues.Send(ctx, queue, string(body), nil); err != nil {
		return err
	}
	answer := drilled{class, d.name, id, !known[i].Expected}
	return o.answer(answer, func(w io.Writer) {
		say(w, "Drill %s of %s is on its way through the stack %s.\n", id, class, d.name)
		if answer.Mails {
			say(w, "Whoever is told of run.failed has a mail within a minute, marked as a drill.\n")
		} else {
			say(w, "Nobody has to do anything about %s, so no mail is sent; the log of lifecycle-notifier shows the event.\n", class)
		}
	})
}

func newDrillID() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// The account and region of the samples.
const (
	sampleAccount = "111122223333"
	sampleRegion  = "eu-north-1"
)

var queueRegion = regexp.MustCompile(`(?:^|\.)([a-z]{2}(?:-[a-z]+)+-[0-9]+)\.`)

// drillEvent is the sample of a class as it would be in the stack's account, now.
func drillEvent(class string, to place, id string, now time.Time) ([]byte, error) {
	sample, err := events.OfClass(class)
	if err != nil {
		return nil, fmt.Errorf("read the sample of %s: %w", class, err)
	}
	account, region := to.read()
	sample = bytes.ReplaceAll(sample, []byte(sampleAccount), []byte(account))
	sample = bytes.ReplaceAll(sample, []byte(sampleRegion), []byte(region))
	var e map[string]any
	if err := json.Unmarshal(sample, &e); err != nil {
		return nil, fmt.Errorf("decode the sample of %s: %w", class, err)
	}
	at := now.UTC().Format(time.RFC3339)
	e["id"], e["time"] = "drill-"+id, at
	detail, _ := e["detail"].(map[string]any)
	detail["startedBy"], detail["stoppedAt"] = event.DrillStartedBy(to.stack, id), at
	text, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode the drill: %w", err)
	}
	return text, nil
}

// place is where a stack is, as its lifecycle queue tells.
type place struct{ stack, queueURL, region string }

// read is the account and the region in the queue's address; an emulator's names no region.
func (p place) read() (account, region string) {
	host, path, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(p.queueURL, "https://"), "http://"), "/")
	account, _, _ = strings.Cut(path, "/")
	if m := queueRegion.FindStringSubmatch(host); m != nil {
		return account, m[1]
	}
	return account, cmp.Or(p.region, sampleRegion)
}
