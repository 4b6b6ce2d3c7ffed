package result_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"slipway/tasks/internal/result"
)

func TestKeysAreTheSourceKeyAsAFolder(t *testing.T) {
	for name, tc := range map[string]struct{ key, format, want string }{
		"a photograph":                  {"incoming/a.jpg", result.JPEG, "incoming/a.jpg/thumbnail.jpg"},
		"a drawing":                     {"incoming/a.png", result.PNG, "incoming/a.png/thumbnail.png"},
		"spaces, plus, percent, quotes": {`in/a b+c%20"d'.gif`, result.GIF, `in/a b+c%20"d'.gif/thumbnail.png`},
		"other scripts":                 {"in/日本/ä.jpg", result.JPEG, "in/日本/ä.jpg/thumbnail.jpg"},
		"a key that ends like a folder": {"in/x/", result.PNG, "in/x//thumbnail.png"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := result.KeysFor(tc.key).Thumbnail(tc.format); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestLongKeysFitAndStayApart(t *testing.T) {
	seen := map[string]string{}
	for _, unit := range []string{"a", "é", "日", "😀"} {
		for length := 990; length <= 1024; length++ {
			key := strings.Repeat("x", length%len(unit)) + strings.Repeat(unit, length/len(unit))
			got := result.KeysFor(key).Description()
			if len(got) > 1024 || !utf8.ValidString(got) || !result.IsDescription(got) {
				t.Fatalf("for a key of %d bytes of %q: got %d bytes %q", length, unit, len(got), got)
			}
			if other, taken := seen[got]; taken && other != key {
				t.Fatalf("two keys share %q", got)
			}
			seen[got] = key
		}
	}
}

func TestAKeyIsCutOnlyWhereItMust(t *testing.T) {
	longest := strings.Repeat("k", 1024-len("/description.json"))
	if got, want := result.KeysFor(longest).Description(), longest+"/description.json"; got != want {
		t.Errorf("got %q, want the key whole", got)
	}
	if got := result.KeysFor(longest + "k").Description(); strings.HasPrefix(got, longest) || len(got) != 1024 {
		t.Errorf("got %d bytes %q, want a cut key of 1024 bytes", len(got), got)
	}
}
