package project_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// pkg is what `go list` says of a package.
type pkg struct {
	ImportPath, Name, Dir, Doc string
	GoFiles, Imports           []string
	Standard                   bool
	Module                     struct{ Path string }
}

var packages = sync.OnceValues(func() ([]pkg, error) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Dir,Doc,GoFiles,Imports,Standard,Module", "./...")
	cmd.Dir = root
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var all []pkg
	for d := json.NewDecoder(out); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, cmd.Wait()
})

func list(t *testing.T) []pkg {
	t.Helper()
	all, err := packages()
	if err != nil {
		t.Fatalf("list the packages: %v", err)
	}
	return all
}

// rooms decide, and do nothing else.
var rooms = []string{"event", "match", "launch", "schedule", "scaling", "stop", "alert"}

// room is the name of the deciding package, "run" among them, or empty.
func (p pkg) room() string {
	name, internal := strings.CutPrefix(p.ImportPath, p.Module.Path+"/internal/")
	if internal && (name == "run" || slices.Contains(rooms, name)) {
		return name
	}
	return ""
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range list(t) {
		if len(p.GoFiles) == 0 {
			continue // tests only
		}
		if _, err := os.Stat(filepath.Join(p.Dir, "doc.go")); err != nil || p.Doc == "" {
			t.Errorf("%s has no doc.go that says what comes in, what goes out, and what it must never do", p.ImportPath)
		}
	}
}

func TestThereIsNoPackageForEverything(t *testing.T) {
	for _, p := range list(t) {
		switch base := p.ImportPath[strings.LastIndex(p.ImportPath, "/")+1:]; base {
		case "util", "utils", "common", "types", "helpers", "misc", "shared":
			t.Errorf("%s: name it after what it is for", p.ImportPath)
		}
	}
}

// mayImport says why a package that decides must not import another, or nothing.
func mayImport(p pkg, imported string) string {
	own, inside := strings.CutPrefix(imported, p.Module.Path+"/")
	standard := !strings.Contains(strings.Split(imported, "/")[0], ".") && !inside
	switch {
	case inside && p.room() == "run":
		return "run is the vocabulary: it imports the standard library only"
	case inside && own != "internal/run" && own != "internal/event":
		return "a package that decides imports run and event, and never another one that decides"
	case standard && slices.Contains([]string{"os", "log", "log/slog", "context", "net", "net/http", "os/exec", "io/fs", "math/rand", "math/rand/v2", "crypto/rand"}, imported):
		return "deciding sees no environment, no network, no log and no chance: pass in what it needs"
	case !standard && !inside && p.room() == "run":
		return "run is the vocabulary: it imports the standard library only"
	case strings.HasPrefix(imported, "github.com/aws/"):
		return "the SDK belongs into internal/cloud, one package for each service"
	}
	return ""
}

func TestPackagesThatDecideImportNothingOfTheWorld(t *testing.T) {
	found := 0
	for _, p := range list(t) {
		if p.room() == "" {
			continue
		}
		found++
		for _, imported := range p.Imports {
			if why := mayImport(p, imported); why != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, imported, why)
			}
		}
	}
	if want := len(rooms) + 1; found != want {
		t.Errorf("found %d packages that decide, want %d: did one move?", found, want)
	}
}

func TestPackagesThatDecideHaveNoClock(t *testing.T) {
	for _, p := range list(t) {
		if p.room() == "" {
			continue
		}
		for _, name := range p.GoFiles {
			for _, call := range clocks(t, filepath.Join(p.Dir, name)) {
				t.Errorf("%s uses time.%s: take now as an argument, so that it can be tested and replayed", filepath.Join(p.ImportPath, name), call)
			}
		}
	}
}

// clocks lists what a file uses of the real time.
func clocks(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		of, ok := s.X.(*ast.Ident)
		if ok && of.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "Tick", "NewTimer", "NewTicker", "AfterFunc"}, s.Sel.Name) {
			out = append(out, s.Sel.Name)
		}
		return true
	})
	return out
}

func TestOnlyAdaptersAndProgramsImportTheSDK(t *testing.T) {
	allowed := []string{"internal/cloud/", "internal/ledger", "internal/emulator", "internal/fake", "functions/", "worker", "tasks/", "local/", "cmd/", "bench/"}
	for _, p := range list(t) {
		path := strings.TrimPrefix(p.ImportPath, p.Module.Path+"/")
		if slices.ContainsFunc(allowed, func(a string) bool { return strings.HasPrefix(path, a) }) {
			continue
		}
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, "github.com/aws/aws-sdk-go-v2") {
				t.Errorf("%s imports %s: declare an interface for what it needs, and let internal/cloud fulfil it", p.ImportPath, imported)
			}
		}
	}
}

func TestAnAdapterIsOfOneService(t *testing.T) {
	for _, p := range list(t) {
		if !strings.HasPrefix(p.ImportPath, p.Module.Path+"/internal/cloud/") && p.ImportPath != p.Module.Path+"/internal/ledger" {
			continue
		}
		services := map[string]bool{}
		for _, imported := range p.Imports {
			if s, ok := strings.CutPrefix(imported, "github.com/aws/aws-sdk-go-v2/service/"); ok {
				services[strings.Split(s, "/")[0]] = true
			}
		}
		if len(services) > 1 {
			t.Errorf("%s imports the services %v: a function links all that its adapters import", p.ImportPath, services)
		}
	}
}

func TestMainOnlyWires(t *testing.T) {
	mains, err := filepath.Glob(filepath.Join(root, "functions", "*", "main.go"))
	if err != nil || len(mains) != 4 {
		t.Fatalf("found %d of the four functions: %v", len(mains), err)
	}
	for _, file := range mains {
		text, err := os.ReadFile(file) //nolint:gosec // our own file
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n > 40 {
			t.Errorf("%s has %d lines, want 40 at most: it wires, and nothing else", file, n)
		}
	}
}
