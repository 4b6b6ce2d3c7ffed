package match

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"slipway/internal/run"
)

// Reason is the rule that decided whether a job wants an object.
type Reason string

// The reasons, in the order in which the rules are tried.
const (
	Matched     Reason = "matched"       // the job wants it
	NoS3Trigger Reason = "no-s3-trigger" // the job is not started by objects
	OtherBucket Reason = "other-bucket"  // the job watches another bucket
	Excluded    Reason = "excluded"      // a pattern with "!" matches the key
	OtherKey    Reason = "other-key"     // there are patterns, and none matches the key
	TooSmall    Reason = "too-small"     // smaller than size.min
	TooLarge    Reason = "too-large"     // larger than size.max
)

// Verdict is what one job makes of an object. Pattern is the pattern that decided, without its "!", if one did.
type Verdict struct {
	Job     string `json:"job"`
	Matched bool   `json:"matched"`
	Reason  Reason `json:"reason"`
	Pattern string `json:"pattern,omitempty"`
}

// Match returns the verdict of every job on the object, in the order of the jobs.
//
// An object matches when its bucket is the trigger's, at least one pattern without "!" matches its key or there is no
// such pattern, no pattern with "!" matches it, whatever the order of the patterns, and its size lies within both
// bounds.
func Match(jobs []run.Job, o run.Object) []Verdict {
	verdicts := make([]Verdict, 0, len(jobs))
	for _, j := range jobs {
		reason, pattern := decide(j.Trigger.S3, o)
		verdicts = append(verdicts, Verdict{j.Name, reason == Matched, reason, pattern})
	}
	return verdicts
}

func decide(t *run.S3Trigger, o run.Object) (Reason, string) {
	if t == nil {
		return NoS3Trigger, ""
	}
	if t.Bucket != o.Bucket {
		return OtherBucket, ""
	}
	reason, pattern := byKey(t.Keys, o.Key)
	switch {
	case reason != Matched:
		return reason, pattern
	case o.Size < t.Size.Min:
		return TooSmall, pattern
	case t.Size.Max > 0 && o.Size > t.Size.Max:
		return TooLarge, pattern
	}
	return Matched, pattern
}

func byKey(patterns []string, key string) (Reason, string) {
	reason, by := Matched, ""
	for _, p := range patterns {
		if excluding, ok := strings.CutPrefix(p, "!"); ok {
			if Key(excluding, key) {
				return Excluded, excluding
			}
			continue
		}
		if by == "" {
			reason = OtherKey
			if Key(p, key) {
				reason, by = Matched, p
			}
		}
	}
	if by == "" {
		return reason, ""
	}
	return Matched, by
}

// Key reports whether a doublestar glob matches a key: "*" and "?" stay within a folder, "**" between slashes is any
// number of folders, "[a-z]" and "{a,b}" are as in a shell, and a backslash takes the next character as it is.
// "incoming/**" matches every key that begins with "incoming/", and not the key "incoming". An invalid pattern matches
// nothing; package compile refuses it.
func Key(pattern, key string) bool {
	if folder, ok := strings.CutSuffix(pattern, "/**"); ok {
		return glob(folder+"/**/*", key) || glob(folder+"/", key)
	}
	return glob(pattern, key)
}

// ValidPattern reports whether the pattern, without its "!", is a doublestar glob.
func ValidPattern(pattern string) bool { return pattern != "" && doublestar.ValidatePattern(pattern) }

func glob(pattern, key string) bool {
	ok, err := doublestar.Match(pattern, key)
	return ok && err == nil
}
