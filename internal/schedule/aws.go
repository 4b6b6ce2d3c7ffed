package schedule

import "strings"

// The fields of AWS's cron.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
var (
	awsMinute  = field{name: "minute", high: 59, circular: true, open: true}
	awsHour    = field{name: "hour", high: 23, circular: true, open: true}
	awsDay     = field{name: "day of the month", low: 1, high: 31, circular: true, open: true}
	awsMonth   = field{name: "month", low: 1, high: 12, names: monthNames, circular: true, open: true}
	awsWeekday = field{name: "day of the week", low: 1, high: 7, names: weekdayNames, circular: true, open: true}
	awsYear    = field{name: "year", low: firstYear, high: lastYear, open: true}
)

const awsFields = "minutes hours day-of-month month day-of-week year"

func parseAWS(body word, local clock) (rule, error) {
	list := words(body.text, body.offset)
	if len(list) != 6 {
		return nil, wrongCount(body, list)
	}
	if err := oneQuestionMark(list); err != nil {
		return nil, err
	}
	var c calendar
	if err := c.readTimes(list, awsMinute, awsHour, awsMonth); err != nil {
		return nil, err
	}
	if err := c.readDays(list[2]); err != nil {
		return nil, err
	}
	if err := c.readWeekdays(list[4]); err != nil {
		return nil, err
	}
	if err := c.readYears(list[5]); err != nil {
		return nil, err
	}
	return c.rule(local), nil
}

func wrongCount(body word, list []word) error {
	if len(list) == 5 && (list[2].text == "?" || list[4].text == "?") {
		return mistake(body.offset+len(body.text), "the year is missing: write cron(%s *)", strings.TrimSpace(body.text))
	}
	if len(list) == 5 {
		return mistake(body.offset, "AWS's cron has 6 fields (%s), this has 5; without cron(...) it is read as Unix cron", awsFields)
	}
	return mistake(body.offset, "AWS's cron has 6 fields (%s), this has %d", awsFields, len(list))
}

// oneQuestionMark makes sure that exactly one of the two fields for days is given, as AWS demands.
func oneQuestionMark(list []word) error {
	days, weekdays := list[2], list[4]
	switch both := [2]bool{days.text == "?", weekdays.text == "?"}; {
	case both[0] && both[1]:
		return mistake(weekdays.offset, "only one of the two fields for days may be ?; write * here for every day")
	case both[0] || both[1]:
		return nil
	case days.text == "*" && weekdays.text != "*":
		return mistake(days.offset, "AWS wants ? in one of the two fields for days; write ? here")
	case weekdays.text == "*":
		return mistake(weekdays.offset, "AWS wants ? in one of the two fields for days; write ? here")
	}
	return mistake(weekdays.offset, "AWS's cron cannot restrict both fields for days; put ? into one of them and use two jobs")
}

// readTimes reads minutes, hours and months, which AWS and Unix have in the same places.
func (c *calendar) readTimes(list []word, minute, hour, month field) error {
	var err error
	if c.minutes, err = minute.set(list[0]); err != nil {
		return err
	}
	if c.hours, err = hour.set(list[1]); err != nil {
		return err
	}
	c.months, err = month.set(list[3])
	return err
}

func (c *calendar) readDays(w word) error {
	if w.text == "?" {
		c.days = allDays
		return nil
	}
	for part := range w.parts() {
		text := part.upper()
		switch number, isNearest := strings.CutSuffix(text, "W"); {
		case text == "L":
			c.lastDay = true
		case text == "LW":
			c.lastWorkday = true
		case isNearest:
			n, err := awsDay.value(word{number, part.offset})
			if err != nil {
				return err
			}
			c.nearest |= 1 << n
		case strings.HasPrefix(text, "L"):
			return mistake(part.offset, "L stands alone for the last day of the month, or as LW for its last workday")
		default:
			if err := awsDay.part(part, func(n int) { c.days |= 1 << n }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *calendar) readWeekdays(w word) error {
	if w.text == "?" {
		c.weekdays = allWeekdays
		return nil
	}
	if strings.Contains(w.text, "#") {
		return c.readNth(w)
	}
	for part := range w.parts() {
		text := part.upper()
		name, isLast := strings.CutSuffix(text, "L")
		switch {
		case text == "L": // the last day of the week
			c.weekdays |= 1 << 6
		case isLast:
			n, err := awsWeekday.value(word{name, part.offset})
			if err != nil {
				return err
			}
			c.last |= 1 << (n - 1)
		default:
			if err := awsWeekday.part(part, func(n int) { c.weekdays |= 1 << (n - 1) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// readNth reads 3#2, the second Tuesday. AWS allows no list beside it.
func (c *calendar) readNth(w word) error {
	if i := strings.Index(w.text, ","); i >= 0 {
		return mistake(w.offset+i, "with # the field holds one expression only; use two jobs")
	}
	weekday, which, _ := w.cut("#")
	n, err := awsWeekday.value(weekday)
	if err != nil {
		return err
	}
	k, ok := digits(which.text, 1)
	if !ok || k < 1 || k > 5 {
		return mistake(which.offset, "%q is not a number from 1 to 5: 3#2 is the second Tuesday, 3L the last", which.text)
	}
	c.nth[n-1] = 1 << k
	return nil
}

func (c *calendar) readYears(w word) error {
	if w.text == "*" {
		c.years = everyYear
		return nil
	}
	return awsYear.each(w, c.addYear)
}
