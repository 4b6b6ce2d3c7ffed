package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
)

// SwitchRule enables or disables an EventBridge rule, by its name in the template.
func (r Record) SwitchRule(ctx context.Context, logicalID string, on bool) error {
	name, err := r.Physical(ctx, logicalID)
	if err != nil {
		return err
	}
	name = name[strings.LastIndexAny(name, "/|")+1:] // on a bus of its own the name follows the bus
	client := eventbridge.NewFromConfig(r.AWS())
	if on {
		_, err = client.EnableRule(ctx, &eventbridge.EnableRuleInput{Name: &name})
	} else {
		_, err = client.DisableRule(ctx, &eventbridge.DisableRuleInput{Name: &name})
	}
	if err != nil {
		return fmt.Errorf("switch rule %s: %w", logicalID, err)
	}
	return nil
}

// SwitchSchedule enables or disables the schedule whose name in the template begins as given.
func (r Record) SwitchSchedule(ctx context.Context, prefix string, on bool) error {
	all, err := r.Resources(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Type == "AWS::Scheduler::Schedule" && strings.HasPrefix(s.LogicalID, prefix) {
			return r.switchSchedule(ctx, s.PhysicalID, map[bool]string{true: "ENABLED", false: "DISABLED"}[on])
		}
	}
	return fmt.Errorf("find the schedule of %s: stack %s has none", prefix, r.Name) //nolint:err113 // for a person
}

func (r Record) switchSchedule(ctx context.Context, id, state string) error {
	path := "/schedules/" + url.PathEscape(id[strings.LastIndexAny(id, "/|")+1:])
	text, err := r.ask(ctx, "scheduler", http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	var schedule map[string]any
	if err := json.Unmarshal(text, &schedule); err != nil {
		return fmt.Errorf("read schedule %s: %w", id, err)
	}
	schedule["State"] = state
	changed, err := json.Marshal(schedule)
	if err != nil {
		return fmt.Errorf("change schedule %s: %w", id, err)
	}
	_, err = r.ask(ctx, "scheduler", http.MethodPut, path, changed)
	return err
}
