package event

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The types of this file read a field of whatever type it comes in: events of older releases of ECS have numbers where
// newer ones have strings, and the other way round. What cannot be read is as if it were missing; none of them ever
// fails, so one odd field never costs a whole event.

// maxText is how many bytes of one text are kept. ECS itself keeps reasons to about 1,024.
const maxText = 2048

// cut shortens a text to maxText bytes.
func cut(s string) string { return clip(s, maxText) }

// clip shortens a text to at most n bytes without breaking a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.Clone(s[:n])
}

// text is a string, cut to maxText; a number or a boolean is read as it is written.
type text string

// UnmarshalJSON never fails.
func (t *text) UnmarshalJSON(raw []byte) error {
	*t = text(cut(scalar(raw)))
	return nil
}

// scalar is the text of a JSON string, number or boolean, and empty for everything else.
func scalar(raw []byte) string {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return ""
	case raw[0] == '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return ""
		}
		return s
	case raw[0] == '{' || raw[0] == '[':
		return ""
	}
	return string(raw)
}

// integer is a whole number, or nil when there is none.
type integer struct{ value *int64 }

// UnmarshalJSON never fails.
func (i *integer) UnmarshalJSON(raw []byte) error {
	i.value = nil
	s := strings.TrimSpace(scalar(raw))
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		i.value = &n
		return nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		n := int64(f)
		i.value = &n
	}
	return nil
}

func (i integer) orZero() int64 {
	if i.value == nil {
		return 0
	}
	return *i.value
}

// exitCode is the number as an exit code, or nil when there is none that could be one.
func (i integer) exitCode() *int {
	if i.value == nil || *i.value < math.MinInt32 || *i.value > math.MaxUint32 {
		return nil
	}
	n := int(*i.value)
	return &n
}

// instant is a time, zero when there is none.
type instant time.Time

// msFrom is the number from which on a time is meant in milliseconds: in seconds it would be the year 5138.
const msFrom = 1e11

// UnmarshalJSON never fails.
func (t *instant) UnmarshalJSON(raw []byte) error {
	*t = instant{}
	s := scalar(raw)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(layout, s); err == nil {
			*t = instant(at.UTC())
			return nil
		}
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f > 0 && f < 1e15 {
		*t = instant(epoch(f))
	}
	return nil
}

// epoch is a time given in seconds or milliseconds since 1970.
func epoch(f float64) time.Time {
	if f >= msFrom {
		return time.UnixMilli(int64(f)).UTC()
	}
	return time.UnixMilli(int64(f * 1000)).UTC()
}

// list keeps the elements that can be read, at most maxList of them.
type list[T any] []T

// maxList is more than any list in an event has: a task has at most ten containers.
const maxList = 100

// UnmarshalJSON never fails.
func (l *list[T]) UnmarshalJSON(raw []byte) error {
	*l = nil
	var elements []json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil {
		return nil //nolint:nilerr // a list of another type is as if it were missing
	}
	for _, element := range elements[:min(len(elements), maxList)] {
		var v T
		if err := json.Unmarshal(element, &v); err == nil {
			*l = append(*l, v)
		}
	}
	return nil
}
