package schedule

import (
	"fmt"
	"strings"
	"time"
)

// Never says why the schedule can never fire, with the nearest that would work where there is one. It is empty for a
// schedule that has at least one fire time, be it in the past.
func (s Schedule) Never() string {
	if _, ok := s.Next(time.Time{}); ok {
		return ""
	}
	if s.rule == nil {
		return "it is empty"
	}
	if _, ok := s.rule.next(-1e12); ok {
		return "it has no fire time between its start and its end"
	}
	text := fmt.Sprintf("no year from %d to %d has such a day", firstYear, lastYear)
	for _, candidate := range nearby(s.expression) {
		if other, err := Parse(candidate, ""); err == nil && other.Never() == "" {
			return text + "; the nearest that fires is " + candidate
		}
	}
	return text
}

// nearby are expressions with the last day of the month in place of days that do not exist, or with every year.
func nearby(expression string) []string {
	expression = strings.TrimSpace(expression)
	body, isAWS := strings.CutPrefix(strings.TrimSuffix(expression, ")"), "cron(")
	f := strings.Fields(body)
	switch {
	case isAWS && len(f) == 6 && f[4] == "?":
		return []string{
			fmt.Sprintf("cron(%s %s L %s ? %s)", f[0], f[1], f[3], f[5]),
			fmt.Sprintf("cron(%s %s %s %s ? *)", f[0], f[1], f[2], f[3]),
		}
	case isAWS && len(f) == 6:
		return []string{fmt.Sprintf("cron(%s %s ? %s %s *)", f[0], f[1], f[3], f[4])}
	case len(f) == 5:
		return []string{fmt.Sprintf("cron(%s %s L %s ? *)", f[0], f[1], f[3])}
	}
	return nil
}
