package compile_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/internal/config"
	"slipway/internal/config/compile"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file, or writes it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path) //nolint:gosec // A file of testdata.
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	return paths
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path) //nolint:gosec // A file of the repository.
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestEveryMistakeIsReportedWithItsPlace(t *testing.T) {
	for _, path := range files(t, "testdata/*.bad.yaml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			_, problems := compile.Compile(read(t, path))
			var b bytes.Buffer
			for _, p := range problems {
				b.WriteString(p.String() + "\n")
			}
			golden(t, strings.TrimSuffix(path, ".yaml")+".golden", b.Bytes())
		})
	}
}

func TestGoodFilesCompile(t *testing.T) {
	for _, path := range append(files(t, "testdata/*.good.yaml"), "../../../slipway.yaml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			c, problems := compile.Compile(read(t, path))
			for _, p := range problems {
				t.Error(p)
			}
			text, err := json.MarshalIndent(c, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", strings.TrimSuffix(filepath.Base(path), ".yaml")+".golden"), append(text, '\n'))
		})
	}
}

// TestTheFunctionsReadWhatIsCompiled closes the circle: what Compile gives, Load takes.
func TestTheFunctionsReadWhatIsCompiled(t *testing.T) {
	c, problems := compile.Compile(read(t, "../../../slipway.yaml"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, v := range config.Values() {
		values[v.Name] = "the-" + v.Name
	}
	loaded, err := config.Parse(string(text), values)
	if err != nil {
		t.Fatal(err)
	}
	if got := loaded.Jobs[1].Trigger.S3.Bucket; got != "the-UploadsBucket" {
		t.Errorf("got the bucket %q", got)
	}
}

func TestGeneratedDocumentsAreCurrent(t *testing.T) {
	schema, err := compile.Schema()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]byte{"slipway.schema.json": schema, "configuration.md": compile.Reference()} {
		if got := read(t, filepath.Join("../../../docs/reference", path)); !bytes.Equal(got, want) {
			t.Errorf("docs/reference/%s is stale: run go run ./cmd/slipway docs", path)
		}
	}
}

func TestTheOrderOfTheFileChangesNothing(t *testing.T) {
	one, p1 := compile.Compile([]byte("version: 1\nscalers:\n  a: &s {queues: \"${WorkQueueUrl}\", service: c/a, tasks: {max: 1}, messagesPerTask: 1}\n  b: {<<: *s, service: c/b}\n"))
	two, p2 := compile.Compile([]byte("scalers:\n  b: &s {queues: \"${WorkQueueUrl}\", service: c/b, tasks: {max: 1}, messagesPerTask: 1}\n  a: {<<: *s, service: c/a}\nversion: 1\n"))
	if len(p1)+len(p2) > 0 {
		t.Fatal(p1, p2)
	}
	if !slices.EqualFunc(one.Scalers, two.Scalers, func(a, b config.Scaler) bool { return a.Name == b.Name && a.Service == b.Service }) {
		t.Errorf("got %+v and %+v", one, two)
	}
}

func TestALargeFileIsRefused(t *testing.T) {
	_, problems := compile.Compile(bytes.Repeat([]byte("# comment\n"), 1<<17))
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "at most") {
		t.Errorf("got %v", problems)
	}
}

// FuzzCompile holds Compile to one promise for any text: a configuration or a problem, and no panic.
func FuzzCompile(f *testing.F) {
	for _, pattern := range []string{"testdata/*.yaml", "../../../slipway.yaml"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path) //nolint:gosec // A file of testdata.
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, problems := compile.Compile(text)
		if len(problems) == 0 && c.Version != config.Version {
			t.Errorf("got neither a configuration nor a problem for %q", text)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Message == "" {
				t.Errorf("got a problem without a place or a message: %+v", p)
			}
		}
	})
}
