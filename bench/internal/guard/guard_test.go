package guard_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/bench/internal/guard"
	"slipway/bench/internal/hotpath"
)

func baseline() guard.Baseline {
	return guard.Baseline{
		Go: "go1", Arch: "amd64", Work: map[string]guard.Work{"a": {Instructions: 1000, Allocations: 100, Bytes: 5000, Ratio: 2}},
		Sizes: map[string]float64{"f": 1.5}, Init: map[string]float64{"f": 1000},
	}
}

func TestWhatHasGrownIsSaid(t *testing.T) {
	work := func(change func(*guard.Work)) func(*guard.Baseline) {
		return func(b *guard.Baseline) { w := b.Work["a"]; change(&w); b.Work["a"] = w }
	}
	for name, tc := range map[string]struct {
		change func(*guard.Baseline)
		want   string // empty: nothing has grown
	}{
		"nothing":                             {func(*guard.Baseline) {}, ""},
		"9 % more instructions":               {work(func(w *guard.Work) { w.Instructions = 1090 }), ""},
		"11 % more instructions":              {work(func(w *guard.Work) { w.Instructions = 1110 }), "a: instructions"},
		"a time does not count beside them":   {work(func(w *guard.Work) { w.Ratio = 9 }), ""},
		"without a counter the time counts":   {work(func(w *guard.Work) { w.Instructions, w.Ratio = 0, 9 }), "a: time beside fixed work"},
		"11 % more allocations":               {work(func(w *guard.Work) { w.Allocations = 111 }), "a: allocations"},
		"11 % more bytes":                     {work(func(w *guard.Work) { w.Bytes = 5550 }), "a: bytes allocated"},
		"another Go counts no instructions":   {func(b *guard.Baseline) { b.Go = "go2"; work(func(w *guard.Work) { w.Instructions = 9999 })(b) }, ""},
		"4 % more program":                    {func(b *guard.Baseline) { b.Sizes["f"] = 1.56 }, ""},
		"6 % more program":                    {func(b *guard.Baseline) { b.Sizes["f"] = 1.59 }, "f: program over hello world"},
		"11 % more before main":               {func(b *guard.Baseline) { b.Init["f"] = 1110 }, "f: bytes allocated before main"},
		"a path that nobody has recorded":     {func(b *guard.Baseline) { b.Work["b"] = guard.Work{} }, "b: has no baseline"},
		"a function that nobody has recorded": {func(b *guard.Baseline) { b.Sizes["g"] = 1 }, "g: program over hello world has no baseline"},
	} {
		t.Run(name, func(t *testing.T) {
			now := baseline()
			tc.change(&now)
			got := strings.Join(guard.Grown(baseline(), now), "\n")
			if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
				t.Errorf("grown = %q, want %q", got, tc.want)
			}
		})
	}
}

// TestAPlantedRegressionIsSeen measures every hot path with some more work in it, against the baseline that is recorded.
func TestAPlantedRegressionIsSeen(t *testing.T) {
	text, err := os.ReadFile("../../baseline.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded guard.Baseline
	if err := json.Unmarshal(text, &recorded); err != nil {
		t.Fatal(err)
	}
	for _, p := range hotpath.Paths() {
		once := p.New()
		planted := int(recorded.Work[p.Name].Allocations/8) + 2 // an eighth more, and what is lost to rounding
		var keep []*[16]byte
		now := testing.AllocsPerRun(100, func() {
			once()
			keep = keep[:0]
			for range planted {
				keep = append(keep, new([16]byte))
			}
		})
		mutated := recorded
		mutated.Work = maps.Clone(recorded.Work)
		w := mutated.Work[p.Name]
		w.Allocations = now
		mutated.Work[p.Name] = w
		if got := guard.Grown(recorded, mutated); len(got) != 1 || !strings.Contains(got[0], p.Name+": allocations") {
			t.Errorf("with %d more allocations in %s, grown = %q", planted, p.Name, got)
		}
	}
}

const root = "../../.."

func TestFunctionsLinkNothingForbidden(t *testing.T) {
	for _, f := range []string{"s3-trigger", "scheduler", "sqs-scaler", "lifecycle-notifier"} {
		got, err := guard.Forbidden(root, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range got {
			t.Error(what)
		}
	}
}

// TestAForbiddenLinkIsSeen overlays a file onto a function that imports what it must not.
func TestAForbiddenLinkIsSeen(t *testing.T) {
	whole, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, imported := range []string{"net/http/pprof", "go.yaml.in/yaml/v3", "html/template", "github.com/aws/aws-sdk-go-v2/config"} {
		dir := t.TempDir()
		planted, overlay := filepath.Join(dir, "planted.go"), filepath.Join(dir, "overlay.json")
		files, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(whole, "functions/s3-trigger/planted.go"): planted}})
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{planted: "package main\n\nimport _ \"" + imported + "\"\n", overlay: string(files)} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := guard.Forbidden(root, "s3-trigger", "-overlay", overlay)
		if err != nil || !strings.Contains(strings.Join(got, "\n"), "links "+imported+":") {
			t.Errorf("with %s planted: %q, %v", imported, got, err)
		}
	}
}
