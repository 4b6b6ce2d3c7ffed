package schedule

import "fmt"

// field is one field of a cron expression: the values that it may hold, and how they may be written.
type field struct {
	name      string
	low, high int
	names     string // of the values from low on, three letters each
	// circular says that a range may run over the end, as 20-2 for hours; open that a step may follow a single value,
	// as 5/15. AWS's cron has both, Unix's neither.
	circular, open bool
}

const (
	monthNames   = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"
	weekdayNames = "SUNMONTUEWEDTHUFRISAT"
)

// each calls add for every value that a list of values, ranges and steps names.
func (f field) each(w word, add func(int)) error {
	for part := range w.parts() {
		if err := f.part(part, add); err != nil {
			return err
		}
	}
	return nil
}

// set is the values that a list names, as bits.
func (f field) set(w word) (uint64, error) {
	var set uint64
	err := f.each(w, func(v int) { set |= 1 << v })
	return set, err
}

// part reads "*", "5" or "1-5", each with an optional step: "*/15", "5/15", "1-5/2".
func (f field) part(w word, add func(int)) error {
	values, stepWord, stepped := w.cut("/")
	step := 1
	if stepped {
		var err error
		if step, err = f.step(stepWord); err != nil {
			return err
		}
	}
	low, high, err := f.bounds(values, stepped)
	if err != nil {
		return err
	}
	if high < low {
		high += f.high - f.low + 1
	}
	for v := low; v <= high; v += step {
		add(f.low + (v-f.low)%(f.high-f.low+1))
	}
	return nil
}

// bounds reads what stands before the step. A single value with a step runs to the end.
func (f field) bounds(w word, stepped bool) (low, high int, err error) {
	if w.text == "*" {
		return f.low, f.high, nil
	}
	from, to, ranged := w.cut("-")
	if low, err = f.value(from); err != nil {
		return 0, 0, err
	}
	switch {
	case ranged:
		high, err = f.end(low, to)
		return low, high, err
	case stepped && !f.open:
		return 0, 0, mistake(w.offset, "a step follows * or a range: write %d-%d/…", low, f.high)
	case stepped:
		return low, f.high, nil
	}
	return low, low, nil
}

// end is the second value of a range.
func (f field) end(low int, w word) (int, error) {
	high, err := f.value(w)
	if err != nil || high >= low || f.circular {
		return high, err
	}
	if f.names == weekdayNames && high == 0 {
		return 7, nil // FRI-SUN
	}
	return 0, mistake(w.offset, "the range runs backwards: write %d-%d,%d-%d", low, f.high, f.low, high)
}

func (f field) step(w word) (int, error) {
	n, ok := digits(w.text, 4)
	if !ok || n < 1 || n > f.high {
		return 0, mistake(w.offset, "%q is not a step for the %s: use 1 to %d", w.text, f.name, f.high)
	}
	return n, nil
}

// value reads a number or a name.
func (f field) value(w word) (int, error) {
	if n, ok := digits(w.text, 4); ok && n >= f.low && n <= f.high {
		return n, nil
	}
	if len(w.text) == 3 {
		name := w.upper()
		for i := 0; i < len(f.names); i += 3 {
			if f.names[i:i+3] == name {
				return f.low + i/3, nil
			}
		}
	}
	return 0, mistake(w.offset, "%s", f.refusal(w.text))
}

func (f field) refusal(text string) string {
	name := map[bool]string{true: "an ", false: "a "}[f.name == "hour"] + f.name
	what := fmt.Sprintf("%q is not %s", text, name)
	if text == "" {
		what = name + " is missing"
	}
	use := fmt.Sprintf("use %d to %d", f.low, f.high)
	if f.names != "" {
		use += fmt.Sprintf(", or %s to %s", f.names[:3], f.names[len(f.names)-3:])
	}
	switch {
	case text == "?":
		use += ", or *"
	case text == "24" && f.high == 23:
		use += "; midnight is 0"
	case text == "60" && f.high == 59:
		use += "; the full hour is 0"
	case text == "0" && f.circular && f.names == weekdayNames:
		use += "; Sunday is 1 on AWS"
	}
	return what + ": " + use
}
