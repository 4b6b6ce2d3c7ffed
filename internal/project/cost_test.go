package project_test

import (
	"testing"

	"slipway/internal/cost"
)

// TestTheEstimateCountsWhatTheTemplateHas holds what internal/cost takes for granted to the template.
func TestTheEstimateCountsWhatTheTemplateHas(t *testing.T) {
	s, err := source(t).parse()
	if err != nil {
		t.Fatal(err)
	}
	alarms := 0
	for _, r := range s.resources("AWS::CloudWatch::Alarm") {
		if r.body["Condition"] != "WithExamples" {
			alarms++
		}
	}
	if alarms != cost.AlarmCount {
		t.Errorf("template.yaml has %d alarms without the examples, and internal/cost counts %d", alarms, cost.AlarmCount)
	}
}
