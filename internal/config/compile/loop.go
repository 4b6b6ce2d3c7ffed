package compile

import (
	"regexp"
	"slices"
	"strings"

	"slipway/internal/match"
	"slipway/internal/run"
)

// written says where the reference tasks of the template write, for the key of an object, in ${ResultsBucket}.
var written = map[string][]string{
	"${ObjectProcessorTask}": {"KEY/description.json", "KEY/thumbnail.jpg", "KEY/thumbnail.png"}, // in a batch, too
	"${HourlyBatchTask}":     {"reports/job/2027-01-01T00:00:00Z.json", "reports/job/2027-01-01T00:00:00Z.html"},
}

// output recognises names that say where a task writes.
var output = regexp.MustCompile(`(?i)(output|result|dest|target|upload-?to|^--?out?$|^--?out?=)`)

// loop refuses a job whose task writes below the job's own pattern, where that can be known: each result would start
// another task, for ever.
func (r *reader) loop(j run.Job, v *value) {
	if j.Trigger.S3 == nil || v.get("task") == nil {
		return
	}
	if j.Trigger.S3.Bucket == "${ResultsBucket}" {
		for _, key := range written[j.Task.Definition] {
			if r.writes(j, v.get("task", "definition"), j.Trigger.S3.Bucket, key) {
				break
			}
		}
	}
	environment := v.get("task", "environment")
	if environment != nil {
		for _, name := range environment.names {
			r.target(j, name, environment.get(name), environment.get(name).text)
		}
	}
	before := ""
	for _, item := range v.get("task", "command").all() {
		name, address := before, item.text
		if flag, rest, ok := strings.Cut(item.text, "="); ok {
			name, address = flag, rest
		}
		r.target(j, name, item, address)
		before = item.text
	}
}

// target looks at one address that a task is given under a name.
func (r *reader) target(j run.Job, name string, at *value, address string) {
	if at == nil || !output.MatchString(name) {
		return
	}
	bucket, key := address, "KEY"
	if rest, ok := strings.CutPrefix(address, "s3://"); ok {
		bucket, key, _ = strings.Cut(rest, "/")
		if key == "" || strings.HasSuffix(key, "/") {
			key += "KEY"
		}
	}
	if bucket == "$(S3_BUCKET)" {
		bucket = j.Trigger.S3.Bucket
	}
	if bucket == j.Trigger.S3.Bucket {
		r.writes(j, at, bucket, strings.ReplaceAll(key, "$(S3_KEY)", "KEY"))
	}
}

// writes reports an object that would start the same job again, and whether it found one.
func (r *reader) writes(j run.Job, at *value, bucket, key string) bool {
	for _, source := range samples(j.Trigger.S3.Keys) {
		result := run.Object{Bucket: bucket, Key: strings.ReplaceAll(key, "KEY", source), Size: max(j.Trigger.S3.Size.Min, 1)}
		if match.Match([]run.Job{j}, result)[0].Matched {
			r.add(at, "the task would write %s, which starts this job again, for ever; write to another bucket, or exclude it with a pattern that begins with !", quote("s3://"+bucket+"/"+result.Key))
			return true
		}
	}
	return false
}

var wild = strings.NewReplacer("**", "x", "*", "x", "?", "x")

// samples are keys that the patterns plausibly match.
func samples(patterns []string) []string {
	var keys []string
	for _, p := range patterns {
		key := wild.Replace(p)
		if !strings.HasPrefix(p, "!") && match.Key(p, key) {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 && !slices.ContainsFunc(patterns, func(p string) bool { return !strings.HasPrefix(p, "!") }) {
		return []string{"x"}
	}
	return keys
}
