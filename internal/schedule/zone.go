package schedule

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// ZoneError says that a zone is not known, and which one may be meant.
type ZoneError struct {
	Zone       string
	Suggestion string // empty when nothing is near
}

// Error names the zone and the suggestion.
func (e *ZoneError) Error() string {
	if e.Suggestion == "" {
		return fmt.Sprintf("timezone %q is not known: write an IANA name such as Europe/Helsinki, or UTC", e.Zone)
	}
	return fmt.Sprintf("timezone %q is not known: did you mean %s?", e.Zone, e.Suggestion)
}

// zones remembers the zones that were loaded: a zone never changes while a program runs, and reading one takes longer
// than evaluating a hundred schedules.
var zones sync.Map

// loadZone returns the zone of an IANA name. The machine's own zone, "Local", is refused: a schedule must not depend on
// where it is evaluated.
func loadZone(name string) (*time.Location, error) {
	if name == "" || name == "UTC" {
		return time.UTC, nil
	}
	if known, ok := zones.Load(name); ok {
		return known.(*time.Location), nil
	}
	location, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, &ZoneError{name, suggestZone(name)}
	}
	zones.Store(name, location)
	return location, nil
}

// abbreviations that people write for a zone. Most stand for several; the suggestion is one of them.
var abbreviations = map[string]string{
	"UTC": "UTC", "Z": "UTC", "ZULU": "UTC", "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "MDT": "America/Denver",
	"CST": "America/Chicago", "CDT": "America/Chicago", "EDT": "America/New_York", "BST": "Europe/London",
	"CEST": "Europe/Paris", "EEST": "Europe/Helsinki", "IST": "Asia/Kolkata", "JST": "Asia/Tokyo",
	"SGT": "Asia/Singapore", "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney",
}

// suggestZone is the known zone whose name, or whose city, is nearest to what was written.
func suggestZone(written string) string {
	if zone, ok := abbreviations[strings.ToUpper(written)]; ok {
		return zone
	}
	written = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(written), " ", "_"))
	best, nearest := "", 1+len(written)/4
	for _, area := range slices.Sorted(maps.Keys(zoneNames)) {
		for city := range strings.FieldsSeq(zoneNames[area]) {
			name := area + "/" + city
			d := min(distance(written, strings.ToLower(name)), distance(written, strings.ToLower(city)))
			if d < nearest {
				best, nearest = name, d
			}
		}
	}
	return best
}

// distance is how many characters must be changed, added or removed to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
