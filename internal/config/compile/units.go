package compile

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
	tib = 1 << 40
)

var sizeUnits = []struct {
	name  string
	bytes int64
}{{"TiB", tib}, {"GiB", gib}, {"MiB", mib}, {"KiB", kib}, {"B", 1}}

var (
	sizeText   = regexp.MustCompile(`^([0-9]{1,18})([A-Za-z]*)$`)
	bareNumber = regexp.MustCompile(`^[0-9]{1,18}$`)
)

// parseBytes reads a size such as 500MiB. Likely is the unit that a bare number probably means.
func parseBytes(text, likely string) (int64, error) {
	m := sizeText.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%q is not a size; write a whole number and a unit, as in 500MiB or 2GiB", text)
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a size: %w", text, err)
	}
	if m[2] == "" {
		return 0, fmt.Errorf("%s has no unit; write %s", text, likelySize(n, likely))
	}
	for _, u := range sizeUnits {
		if u.name != m[2] {
			continue
		}
		if n > math.MaxInt64/u.bytes {
			return 0, fmt.Errorf("%s is larger than any object", text)
		}
		return n * u.bytes, nil
	}
	return 0, fmt.Errorf("the unit of %s is not known; write %s%s (1 MiB is 1,048,576 bytes; also B, KiB, GiB, TiB)", text, m[1], nearestUnit(m[2]))
}

// likelySize guesses what a bare number was to mean: bytes when it is large, else the usual unit of its key.
func likelySize(n int64, likely string) string {
	if n < mib || likely == "MiB" && n < gib {
		return fmt.Sprintf("%d%s", n, likely)
	}
	return formatBytes(n) + ", if these were bytes"
}

// formatBytes is a size in the largest unit that gives a whole number.
func formatBytes(n int64) string {
	for _, u := range sizeUnits {
		if n != 0 && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10) + "B"
}

// nearestUnit is the unit that somebody meant who wrote MB, Mb, m, G or GB.
func nearestUnit(unit string) string {
	first := strings.ToUpper(unit[:1])
	for _, u := range sizeUnits {
		if strings.HasPrefix(u.name, first) {
			return u.name
		}
	}
	return "MiB"
}

var durationUnits = map[string]string{"s": "seconds", "m": "minutes", "h": "hours"}

// parseDuration reads a duration such as 90s, 30m or 24h. Likely is the unit that a bare number probably means.
func parseDuration(text, likely string) (time.Duration, error) {
	if bareNumber.MatchString(text) {
		return 0, fmt.Errorf("%s has no unit; write %s%s for %s %s (s, m and h are known)", text, text, likely, text, durationUnits[likely])
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n < 1000 {
			return 0, fmt.Errorf("days are not known as a unit, since not every day has 24 hours; write %dh", 24*n)
		}
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is not a duration; write a number and a unit, as in 90s, 30m or 6h", text)
	case d <= 0:
		return 0, fmt.Errorf("%s is not more than nothing", text)
	case d%time.Second != 0:
		return 0, fmt.Errorf("%s is not whole seconds", text)
	}
	return d, nil
}

// parseInstant reads a time with its zone.
func parseInstant(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a time with its zone, as in 2027-01-31T23:00:00Z or 2027-01-31T23:00:00+02:00", text)
	}
	return t, nil
}

// ParseSize reads a size as slipway.yaml writes it, or a bare number of bytes, for the command line.
func ParseSize(text string) (int64, error) {
	if bareNumber.MatchString(text) {
		text += "B"
	}
	return parseBytes(text, "B")
}
