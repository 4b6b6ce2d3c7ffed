package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"slipway/local/internal/stack"
)

// sabotage breaks one link, and mends it again. Both may be done twice.
type sabotage struct {
	link   string
	what   string
	do     func(context.Context, stack.Options, stack.Record) error
	repair func(context.Context, stack.Options, stack.Record) error
}

const processorTask = "object-processor"

func sabotages() map[string]sabotage {
	return map[string]sabotage{
		linkProcessor: {
			linkProcessor, "its task ends with 0 and writes nothing",
			func(ctx context.Context, o stack.Options, _ stack.Record) error {
				return o.BuildTask(ctx, processorTask, "./local/demo/idle")
			},
			func(ctx context.Context, o stack.Options, _ stack.Record) error {
				return o.BuildTask(ctx, processorTask, "./tasks/"+processorTask)
			},
		},
		linkMail: {
			linkMail, "SES does not know the sender",
			func(ctx context.Context, _ stack.Options, r stack.Record) error { return r.ForbidSender(ctx) },
			func(ctx context.Context, _ stack.Options, r stack.Record) error { return r.AllowSender(ctx) },
		},
		linkTrigger: {
			linkTrigger, "the rule for new objects is disabled",
			func(ctx context.Context, _ stack.Options, r stack.Record) error {
				return r.SwitchRule(ctx, "ObjectsInUploadsBucket", false)
			},
			func(ctx context.Context, _ stack.Options, r stack.Record) error {
				return r.SwitchRule(ctx, "ObjectsInUploadsBucket", true)
			},
		},
		linkScaler: {
			linkScaler, "its schedule is disabled",
			func(ctx context.Context, _ stack.Options, r stack.Record) error {
				return r.SwitchSchedule(ctx, "SqsScaler", false)
			},
			func(ctx context.Context, _ stack.Options, r stack.Record) error {
				return r.SwitchSchedule(ctx, "SqsScaler", true)
			},
		},
	}
}

// sabotageOf is what BREAK asks for. Nothing is nothing to break.
func sabotageOf(link string) (sabotage, error) {
	if link == "" {
		return sabotage{}, nil
	}
	all := sabotages()
	if s, ok := all[link]; ok {
		return s, nil
	}
	return sabotage{}, fmt.Errorf("BREAK is %q: use one of %s", link, strings.Join(slices.Sorted(maps.Keys(all)), ", ")) //nolint:err113 // for a person
}

// sabotaged breaks the link. It is written down first, so that the next demonstration can mend what this one did not
// come to.
func sabotaged(ctx context.Context, o stack.Options, r *stack.Record, s sabotage) error {
	r.Broken = s.link
	if err := r.Save(o.State); err != nil {
		return err
	}
	return s.do(ctx, o.Like(*r), *r)
}

// repair mends what is written down as broken.
func repair(ctx context.Context, o stack.Options, r *stack.Record) error {
	s, ok := sabotages()[r.Broken]
	if !ok {
		return nil
	}
	o.Screen.Print("Mending the %s.", s.link)
	if err := s.repair(ctx, o.Like(*r), *r); err != nil {
		return errors.Join(errors.New("mend the "+s.link), err) //nolint:err113 // for a person
	}
	r.Broken = ""
	return r.Save(o.State)
}
