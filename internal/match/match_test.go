package match_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"slipway/internal/match"
	"slipway/internal/run"
)

func job(keys ...string) run.Job {
	return run.Job{Name: "images", Trigger: run.JobTrigger{S3: &run.S3Trigger{Bucket: "uploads", Keys: keys}}}
}

func TestMatchByKey(t *testing.T) {
	long := "incoming/" + strings.Repeat("é", 507) + "x" // 1,024 bytes, the most that S3 allows
	for name, tc := range map[string]struct {
		keys []string
		key  string
		want match.Verdict
	}{
		"every key when there is no pattern": {nil, "any/where.txt", match.Verdict{Matched: true, Reason: match.Matched}},
		"every key when there are only excludes, but for those": {
			[]string{"!**/tmp/**"}, "a/b.txt", match.Verdict{Matched: true, Reason: match.Matched},
		},
		"a key deep in a folder":     {[]string{"incoming/**"}, "incoming/a/b/c.jpg", match.Verdict{Matched: true, Reason: match.Matched, Pattern: "incoming/**"}},
		"a folder marker":            {[]string{"incoming/**"}, "incoming/", match.Verdict{Matched: true, Reason: match.Matched, Pattern: "incoming/**"}},
		"not the folder's own name":  {[]string{"incoming/**"}, "incoming", match.Verdict{Reason: match.OtherKey}},
		"not a longer folder name":   {[]string{"incoming/**"}, "incoming2/a", match.Verdict{Reason: match.OtherKey}},
		"a star stays in its folder": {[]string{"incoming/*"}, "incoming/a/b", match.Verdict{Reason: match.OtherKey}},
		"an exclude wins wherever it stands": {
			[]string{"!**/tmp/**", "incoming/**"}, "incoming/tmp/a", match.Verdict{Reason: match.Excluded, Pattern: "**/tmp/**"},
		},
		"the first of several patterns that matches is named": {
			[]string{"a/**", "b/**", "**"}, "b/x", match.Verdict{Matched: true, Reason: match.Matched, Pattern: "b/**"},
		},
		"a key of 1,024 bytes":            {[]string{"incoming/**"}, long, match.Verdict{Matched: true, Reason: match.Matched, Pattern: "incoming/**"}},
		"letters beyond ASCII":            {[]string{"bücher/*.pdf"}, "bücher/日本 語+%.pdf", match.Verdict{Matched: true, Reason: match.Matched, Pattern: "bücher/*.pdf"}},
		"a key that looks like a pattern": {[]string{"in/*.txt"}, "in/[*]?{a,b}.txt", match.Verdict{Matched: true, Reason: match.Matched, Pattern: "in/*.txt"}},
		"a bracket taken as it is":        {[]string{`in/\[x\].txt`}, "in/[x].txt", match.Verdict{Matched: true, Reason: match.Matched, Pattern: `in/\[x\].txt`}},
		"alternatives":                    {[]string{"**/*.{jpg,png}"}, "a/b.png", match.Verdict{Matched: true, Reason: match.Matched, Pattern: "**/*.{jpg,png}"}},
		"upper case is another key":       {[]string{"**/*.jpg"}, "a/b.JPG", match.Verdict{Reason: match.OtherKey}},
		"an invalid pattern matches nothing": {
			[]string{"in/[a"}, "in/[a", match.Verdict{Reason: match.OtherKey},
		},
		"empty folder names": {[]string{"incoming/**"}, "incoming//a", match.Verdict{Matched: true, Reason: match.Matched, Pattern: "incoming/**"}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.want.Job = "images"
			got := match.Match([]run.Job{job(tc.keys...)}, run.Object{Bucket: "uploads", Key: tc.key})
			if len(got) != 1 || got[0] != tc.want {
				t.Errorf("Match(%q, %q) = %+v, want %+v", tc.keys, tc.key, got, tc.want)
			}
		})
	}
}

func TestMatchByBucketAndSize(t *testing.T) {
	sized := job()
	sized.Trigger.S3.Size = run.Size{Min: 10, Max: 1 << 40}
	for name, tc := range map[string]struct {
		job    run.Job
		bucket string
		size   int64
		want   match.Reason
	}{
		"a job on a schedule":            {run.Job{Name: "images"}, "uploads", 1, match.NoS3Trigger},
		"another bucket":                 {sized, "results", 10, match.OtherBucket},
		"one byte too small":             {sized, "uploads", 9, match.TooSmall},
		"the smallest":                   {sized, "uploads", 10, match.Matched},
		"the largest":                    {sized, "uploads", 1 << 40, match.Matched},
		"one byte too large":             {sized, "uploads", 1<<40 + 1, match.TooLarge},
		"no bound when no size is given": {job(), "uploads", 1 << 50, match.Matched},
	} {
		t.Run(name, func(t *testing.T) {
			got := match.Match([]run.Job{tc.job}, run.Object{Bucket: tc.bucket, Key: "a", Size: tc.size})
			if len(got) != 1 || got[0].Reason != tc.want || got[0].Matched != (tc.want == match.Matched) {
				t.Errorf("got %+v, want %s", got, tc.want)
			}
		})
	}
}

func TestMatchGivesOneVerdictForEachJob(t *testing.T) {
	a, b := job("in/**"), job("**")
	a.Name, b.Name = "a", "b"
	got := match.Match([]run.Job{a, b, {Name: "c"}}, run.Object{Bucket: "uploads", Key: "in/x"})
	if len(got) != 3 || !got[0].Matched || !got[1].Matched || got[2].Matched {
		t.Errorf("got %+v, want a and b matched", got)
	}
	if got := match.Match(nil, run.Object{}); len(got) != 0 {
		t.Errorf("without jobs got %+v", got)
	}
}

// TestFolderPatternIsAPrefix holds folder/** to S3's own prefix, for any key.
func TestFolderPatternIsAPrefix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.OneOf(rapid.String(), rapid.StringMatching(`(in|in/|in//|x/in/)[a-z/\[*?{\\]{0,8}`)).Draw(t, "key")
		if got, want := match.Key("in/**", key), strings.HasPrefix(key, "in/"); got != want {
			t.Fatalf("Key(in/**, %q) = %v, want %v", key, got, want)
		}
	})
}

// TestExcludeNeverAdds says that a pattern with "!" only ever takes objects away.
func TestExcludeNeverAdds(t *testing.T) {
	pattern := rapid.SampledFrom([]string{"**", "a/**", "*.txt", "**/b", "a/*/c", "{a,b}/**", "[ab]/?"})
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(pattern, 0, 3).Draw(t, "patterns")
		key := rapid.StringMatching(`[abc/.tx]{0,12}`).Draw(t, "key")
		object := run.Object{Bucket: "uploads", Key: key}
		excluding := slices.Concat(keys, []string{"!" + pattern.Draw(t, "exclude")})
		without, with := match.Match([]run.Job{job(keys...)}, object)[0], match.Match([]run.Job{job(excluding...)}, object)[0]
		if with.Matched && !without.Matched {
			t.Fatalf("%q takes %q, and %q does not", excluding, key, keys)
		}
	})
}
