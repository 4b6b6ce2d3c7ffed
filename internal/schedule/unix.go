package schedule

import "strings"

// The fields of Unix cron, as crontab(5) has them.
var (
	unixMinute  = field{name: "minute", high: 59}
	unixHour    = field{name: "hour", high: 23}
	unixDay     = field{name: "day of the month", low: 1, high: 31}
	unixMonth   = field{name: "month", low: 1, high: 12, names: monthNames}
	unixWeekday = field{name: "day of the week", high: 7, names: weekdayNames}
)

// shorthands are crontab(5)'s.
var shorthands = map[string]string{
	"@yearly":   "0 0 1 1 *",
	"@annually": "0 0 1 1 *",
	"@monthly":  "0 0 1 * *",
	"@weekly":   "0 0 * * 0",
	"@daily":    "0 0 * * *",
	"@midnight": "0 0 * * *",
	"@hourly":   "0 * * * *",
}

func parseShorthand(w word, local clock) (rule, error) {
	fields, ok := shorthands[strings.ToLower(w.text)]
	switch {
	case ok:
		return parseUnix(word{fields, w.offset}, local)
	case strings.HasPrefix(w.text, "@every"):
		return nil, mistake(w.offset, "write an interval as rate(5 minutes)")
	case w.text == "@reboot":
		return nil, mistake(w.offset, "there is nothing that boots; start the job by hand instead")
	}
	return nil, mistake(w.offset, "use @yearly, @monthly, @weekly, @daily or @hourly")
}

func parseUnix(body word, local clock) (rule, error) {
	list := words(body.text, body.offset)
	if err := fiveFields(body, list); err != nil {
		return nil, err
	}
	c := calendar{years: everyYear}
	if err := c.readTimes(list, unixMinute, unixHour, unixMonth); err != nil {
		return nil, err
	}
	var err error
	if c.days, err = unixDay.set(list[2]); err != nil {
		return nil, err
	}
	if c.weekdays, err = unixWeekday.set(list[4]); err != nil {
		return nil, err
	}
	c.weekdays = (c.weekdays | c.weekdays>>7) & allWeekdays // 7 is Sunday too
	c.either = restricted(list[2]) && restricted(list[4])
	return c.rule(local), nil
}

// restricted reports whether a field for days narrows the days. As every cron does, it goes by the first character:
// */2 does not make the two fields alternatives.
func restricted(w word) bool { return !strings.HasPrefix(w.text, "*") }

func fiveFields(body word, list []word) error {
	switch {
	case strings.Contains(list[0].text, "="):
		return mistake(body.offset, "the zone is the trigger's timezone, not part of the expression")
	case len(list) == 6 && (list[2].text == "?" || list[4].text == "?"):
		return mistake(body.offset, "AWS's six fields go into cron(...): write cron(%s)", body.text)
	case len(list) != 5:
		return mistake(body.offset, "Unix cron has 5 fields (minutes hours day-of-month month day-of-week), this has %d; %s", len(list), usage)
	}
	return nil
}
