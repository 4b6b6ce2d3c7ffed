package compile

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"slipway/internal/config"
	"slipway/internal/run"
)

// inherited reports whether a value comes from defaults, which may hold what only some jobs can use.
func inherited(v *value) bool { return strings.HasPrefix(v.path, "defaults.") }

// runningWithin is the time of each step of the capacity order that has one.
func (r *reader) runningWithin(v *value, capacity []string) map[string]time.Duration {
	out := map[string]time.Duration{}
	for _, step := range sortedNames(v) {
		item := v.get(step)
		switch {
		case slices.Contains(capacity, step):
			out[step] = duration(item)
		case len(capacity) > 0 && !inherited(item):
			r.add(item, "%s is no step of this job's capacity; %s", quote(step), suggest(step, capacity))
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// stepsKnown reports every step under defaults that no job has.
func (r *reader) stepsKnown(defaults *value, jobs []run.Job) {
	var steps []string
	for _, j := range jobs {
		steps = append(steps, j.Task.Capacity...)
	}
	slices.Sort(steps)
	steps = slices.Compact(steps)
	within := defaults.get("task", "runningWithin")
	for _, step := range sortedNames(within) {
		if len(steps) > 0 && !slices.Contains(steps, step) {
			r.add(within.get(step), "%s is no step of any job's capacity; %s", quote(step), suggest(step, steps))
		}
	}
}

var platformVersion = regexp.MustCompile(`^(LATEST|[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})$`)

// platform checks the platform version, also against what only newer ones have.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-fargate.html
func (r *reader) platform(v *value, capacity []string, rules []run.Resources) {
	newer := func(rule run.Resources) bool { return rule.EphemeralStorage > 0 || rule.CPU >= 8192 }
	switch {
	case v == nil:
	case !platformVersion.MatchString(v.text):
		r.add(v, "%s is not a platform version; write LATEST, or all three numbers as in 1.4.0", quote(v.text))
	case len(capacity) > 0 && !onFargate(capacity) && !inherited(v):
		r.add(v, "only Fargate has platform versions, and no step of this job's capacity is Fargate; remove it")
	case slices.Contains([]string{"1.0.0", "1.1.0", "1.2.0", "1.3.0"}, v.text) && slices.ContainsFunc(rules, newer):
		r.add(v, "ephemeralStorage, and sizes of 8192 CPU units and more, need platform version 1.4.0; write 1.4.0 or LATEST")
	}
}

func onFargate(capacity []string) bool {
	return slices.ContainsFunc(capacity, func(c string) bool { return strings.HasPrefix(c, "FARGATE") })
}

// The limits of a tag, in characters.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html
const (
	maxTagKey   = 128
	maxTagValue = 256
)

var (
	tagText = regexp.MustCompile(`^[\p{L}\p{N}\p{Z}_.:/=+@-]*$`)
	ofAWS   = regexp.MustCompile(`^(?i)aws:`)
)

// inTags are the variables that a tag may hold, with how many characters each has at most.
var inTags = map[string]int{"SLIPWAY_STACK": 40, "SLIPWAY_JOB": 40, "SLIPWAY_RUN_ID": 67, "SLIPWAY_ATTEMPT": 4}

func (r *reader) tags(v *value) {
	for _, key := range sortedNames(v) {
		item := v.get(key)
		r.tagText(item, "key", key, maxTagKey)
		r.tagText(item, "value", r.tagValue(item), maxTagValue)
	}
}

// tagValue is the text of a tag with the longest stand-in for each variable, once it has reported those that may not be
// there: the key of an object may hold what AWS takes in no tag.
func (r *reader) tagValue(v *value) string {
	filled, _ := config.Expand(v.text, func(string) (string, bool) { return "value", true })
	return runTime.ReplaceAllStringFunc(filled, func(found string) string {
		name := found[2 : len(found)-1]
		length, ok := inTags[name]
		switch {
		case ok:
		case strings.HasPrefix(name, "S3_"):
			r.add(v, "%s cannot be in a tag, since an object may hold there what AWS takes in none; write $(SLIPWAY_RUN_ID), which names the run of the object", found)
		default:
			r.add(v, "%s cannot be in a tag; %s", found, suggest(name, slices.Sorted(maps.Keys(inTags))))
		}
		return strings.Repeat("x", length)
	})
}

func (r *reader) tagText(at *value, what, text string, most int) {
	switch n := utf8.RuneCountInString(text); {
	case ofAWS.MatchString(text):
		r.add(at, "the %s of a tag cannot begin with aws:, which AWS keeps for itself", what)
	case !tagText.MatchString(text):
		r.add(at, "the %s %s holds what AWS takes in no tag; it takes letters, digits, spaces and + - = . _ : / @", what, quote(text))
	case n > most:
		r.add(at, "the %s of a tag has at most %d characters, and this one has up to %d", what, most, n)
	}
}
