package compile

import (
	"strings"
	"testing"
	"time"

	"slipway/internal/compatible"
)

func TestFargateHas74Sizes(t *testing.T) {
	pairs := 0
	for cpu := 1; cpu <= 1<<18; cpu++ {
		pairs += len(compatible.FargateMemory(cpu))
	}
	if pairs != 74 {
		t.Errorf("got %d pairs of CPU and memory, want 74", pairs)
	}
	for cpu, want := range map[int][2]int{256: {512, 2048}, 1024: {2048, 8192}, 8192: {16384, 61440}, 16384: {32768, 122880}} {
		sizes := compatible.FargateMemory(cpu)
		if sizes[0] != want[0] || sizes[len(sizes)-1] != want[1] {
			t.Errorf("%d CPU units: got %v, want %v", cpu, sizes, want)
		}
	}
}

// TestResourcesTakeTheSizesOfFargate tries each pair of a grid that is finer and wider than Fargate's.
func TestResourcesTakeTheSizesOfFargate(t *testing.T) {
	r := &reader{}
	accepted := map[[2]int]bool{}
	for _, cpu := range []int64{128, 256, 384, 512, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 32768} {
		for memory := int64(256); memory <= 256*1024; memory += 256 {
			v := &value{shape: resources(), keys: map[string]*value{
				"over": {}, "cpu": {number: cpu}, "memory": {number: memory * mib},
			}}
			r.found = nil
			r.resources(&value{items: []*value{v}}, []string{"FARGATE_SPOT"})
			if len(r.found) == 0 {
				accepted[[2]int{int(cpu), int(memory)}] = true
			}
		}
	}
	if len(accepted) != 74 {
		t.Errorf("got %d pairs, want 74", len(accepted))
	}
	for _, pair := range [][2]int{{256, 512}, {256, 1024}, {256, 2048}, {512, 4096}, {1024, 2048}, {2048, 16384}, {4096, 30720}, {8192, 20480}, {16384, 40960}} {
		if !accepted[pair] {
			t.Errorf("%d CPU units with %d MiB are refused", pair[0], pair[1])
		}
	}
}

func TestEphemeralStorageIsWholeGiBFrom21To200(t *testing.T) {
	for text, want := range map[string]bool{
		"20GiB": false, "21GiB": true, "22GiB": true, "200GiB": true, "201GiB": false, "21505MiB": false, "21504MiB": true, "0B": false, "1TiB": false,
	} {
		n, err := parseBytes(text, "GiB")
		if err != nil {
			t.Fatal(err)
		}
		r := &reader{}
		r.storage(&value{number: n})
		if got := len(r.found) == 0; got != want {
			t.Errorf("%s: accepted = %t, want %t", text, got, want)
		}
	}
}

func TestParseBytes(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want int64
		says string
	}{
		"mebibytes":                      {"500MiB", 500 << 20, ""},
		"tebibytes":                      {"5TiB", 5 << 40, ""},
		"nothing":                        {"0B", 0, ""},
		"a bare number":                  {"2", 0, "write 2GiB"},
		"a bare number of bytes":         {"2147483648", 0, "write 2GiB, if these were bytes"},
		"a bare odd number of bytes":     {"1000000007", 0, "write 1000000007B, if these were bytes"},
		"units of a thousand":            {"10GB", 0, "write 10GiB"},
		"a letter":                       {"10m", 0, "write 10MiB"},
		"a space":                        {"10 MiB", 0, "whole number and a unit"},
		"a fraction":                     {"1.5GiB", 0, "whole number and a unit"},
		"less than nothing":              {"-1MiB", 0, "whole number and a unit"},
		"more than a number holds":       {"99999999999TiB", 0, "larger than any object"},
		"more digits than a number has ": {strings.Repeat("9", 400), 0, "is not a size"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseBytes(tc.text, "GiB")
			check(t, got, tc.want, err, tc.says)
		})
	}
}

func TestParseDuration(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want time.Duration
		says string
	}{
		"minutes":           {"30m", 30 * time.Minute, ""},
		"mixed":             {"1h30m", 90 * time.Minute, ""},
		"a bare number":     {"30", 0, "write 30m for 30 minutes"},
		"days":              {"2d", 0, "write 48h"},
		"nothing":           {"0s", 0, "not more than nothing"},
		"less than nothing": {"-5m", 0, "not more than nothing"},
		"parts of a second": {"500ms", 0, "not whole seconds"},
		"words":             {"soon", 0, "as in 90s, 30m or 6h"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseDuration(tc.text, "m")
			check(t, got, tc.want, err, tc.says)
		})
	}
}

func check[T comparable](t *testing.T, got, want T, err error, says string) {
	t.Helper()
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
		t.Errorf("got error %v, want it to say %q", err, says)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"capacity", "command", "container", "cluster"}
	for name, tc := range map[string]struct{ word, want string }{
		"a letter too few":    {"comand", "command"},
		"letters swapped":     {"clutser", "cluster"},
		"another case":        {"Container", "container"},
		"nothing near":        {"bucket", ""},
		"a hostile word":      {strings.Repeat("c", 1<<20), ""},
		"nothing for nothing": {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := nearest(tc.word, known); got != tc.want {
				t.Errorf("nearest(%.20q) = %q, want %q", tc.word, got, tc.want)
			}
		})
	}
}

// shapes gathers every shape under one, by its path.
func shapes(path string, s *Shape, into map[string]*Shape) {
	into[path] = s
	for _, k := range s.Keys {
		shapes(join(path, k.Name), k.Shape, into)
	}
	switch s.Kind {
	case Named:
		shapes(join(path, "NAME"), s.Item, into)
	case List:
		shapes(path, s.Item, into)
	}
}

func TestEveryKeyIsDescribedInSentences(t *testing.T) {
	known := map[string]*Shape{}
	shapes("", Root(), known)
	for path, s := range known {
		for _, k := range s.Keys {
			if !strings.HasSuffix(k.Doc, ".") {
				t.Errorf("%s: its description %q is no sentence", join(path, k.Name), k.Doc)
			}
		}
	}
}

// TestEveryValueHasAKind keeps the kinds beside the list of values.
func TestEveryValueHasAKind(t *testing.T) {
	names := valueNames()
	for _, name := range names {
		if kindWords[valueKinds[name]] == "" {
			t.Errorf("the value %s has no kind", name)
		}
	}
	if len(names) != len(valueKinds) {
		t.Errorf("got %d values and %d kinds", len(names), len(valueKinds))
	}
}
