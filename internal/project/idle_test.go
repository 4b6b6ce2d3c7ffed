package project_test

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// monthMinutes are those of a month, as the page counts them.
const monthMinutes = 43800

var costRow = regexp.MustCompile(`(?m)^\| ([^|]+) \| ([\d.]+) \| \$([\d.]+) \| \$([\d.]+) \|$`)

// TestTheIdleMonthAddsUp holds the table of the page to the template and to arithmetic. What a tick calls is counted by
// the tests of the functions.
func TestTheIdleMonthAddsUp(t *testing.T) {
	page := read(t, "docs", "guide", "idle-cost.md")
	s, err := source(t).parse()
	if err != nil {
		t.Fatal(err)
	}
	ticks, queues := 0, 0
	for _, f := range s.functions() {
		events, _ := f.get("Events").(object)
		for _, e := range events {
			switch at(e, "Type") {
			case "ScheduleV2":
				ticks++
			case "SQS":
				queues++
			}
		}
	}
	want := map[string]float64{
		"EventBridge Scheduler": float64(ticks * monthMinutes),
		"Lambda: requests":      float64(ticks * monthMinutes),
		"SQS: five long polls":  float64(queues * 5 * 3 * monthMinutes),
		"CloudWatch: alarms":    float64(len(s.resources("AWS::CloudWatch::Alarm"))),
		"CloudWatch: dashboard": float64(len(s.resources("AWS::CloudWatch::Dashboard"))),
	}
	total := 0.0
	for _, m := range costRow.FindAllStringSubmatch(page, -1) {
		count, price, cost := amount(t, m[2]), amount(t, m[3]), amount(t, m[4])
		if math.Abs(count*price-cost) > 0.0006 {
			t.Errorf("%s: %s × $%s is $%.3f, and the page says $%s", m[1], m[2], m[3], count*price, m[4])
		}
		total += cost
		for name, n := range want {
			if strings.HasPrefix(m[1], name) {
				if n != count {
					t.Errorf("%s: the page counts %s, the template makes it %v", m[1], m[2], n)
				}
				delete(want, name)
			}
		}
	}
	for name := range want {
		t.Errorf("the page has no row %q", name)
	}
	if sum := fmt.Sprintf("| **Together** | | | **$%.3f** |", total); !strings.Contains(page, sum) {
		t.Errorf("the page lacks %s", sum)
	}
}

func amount(t *testing.T, text string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
