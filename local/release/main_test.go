package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAnArchiveDependsOnWhatIsInItAlone(t *testing.T) {
	pack := func(at time.Time) []byte {
		folder := t.TempDir()
		program, license := filepath.Join(folder, "slipway"), filepath.Join(folder, "LICENSE")
		for path, text := range map[string]string{program: "program", license: "licence"} {
			if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, at, at)); err != nil {
				t.Fatal(err)
			}
		}
		archive, err := pressed(map[string]int64{program: 0o755, license: 0o644})
		if err != nil {
			t.Fatal(err)
		}
		return archive
	}
	first := pack(time.Unix(1, 0))
	if !bytes.Equal(first, pack(time.Unix(1e9, 0))) {
		t.Error("two archives of the same files differ")
	}
	z, err := gzip.NewReader(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for files := tar.NewReader(z); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.FileInfo().Mode().String()+" "+h.Name)
	}
	if want := []string{"-rw-r--r-- LICENSE", "-rwxr-xr-x slipway"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

// TestTheListNamesEveryModuleOfAProgram reads this very program.
func TestTheListNamesEveryModuleOfAProgram(t *testing.T) {
	text, err := bill(os.Args[0], "v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		BomFormat  string
		Metadata   struct{ Component component }
		Components []component
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	if list.BomFormat != "CycloneDX" || list.Metadata.Component.Version != "v1.2.3" {
		t.Errorf("got %+v", list)
	}
	if !slices.ContainsFunc(list.Components, func(c component) bool { return c.Name == "std" && strings.HasPrefix(c.PURL, "pkg:golang/std@1.") }) {
		t.Errorf("got %+v, want the standard library among them", list.Components)
	}
	if !slices.ContainsFunc(list.Components, func(c component) bool {
		return c.PURL == "pkg:golang/"+c.Name+"@"+c.Version && c.Name == "github.com/aws/aws-lambda-go"
	}) {
		t.Errorf("got %+v, want aws-lambda-go among them, which telemetry links", list.Components)
	}
}

// TestAReleaseIsTheSameWhoeverBuildsIt builds one archive twice, the second time with settings of somebody's own, and runs
// what is in it.
func TestAReleaseIsTheSameWhoeverBuildsIt(t *testing.T) {
	if testing.Short() {
		t.Skip("nothing is compiled with -short")
	}
	t.Chdir("../..")
	here, made := platform{runtime.GOOS, runtime.GOARCH}, source{"v1.2.3", "0123abc"}
	first, list, err := pack(t.Context(), here, made)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"GOFLAGS": "-buildvcs=true -tags=theirs", "GOAMD64": "v3", "GOARM64": "v8.2", "CGO_ENABLED": "1"} {
		t.Setenv(name, value)
	}
	second, again, err := pack(t.Context(), here, made)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) || !bytes.Equal(list, again) {
		t.Error("two builds of one source differ")
	}
	program := filepath.Join(t.TempDir(), "slipway")
	if err := os.WriteFile(program, unpack(t, first)["slipway"], 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program, "version", "--json").Output() //nolint:gosec // our own program
	if err != nil {
		t.Fatal(err)
	}
	var says struct{ Release, Commit string }
	if err := json.Unmarshal(out, &says); err != nil || says.Release != "v1.2.3" || says.Commit != "0123abc" {
		t.Errorf("slipway version says %s (%v)", out, err)
	}
}

// unpack returns the files of an archive.
func unpack(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for files := tar.NewReader(z); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err == nil {
			out[h.Name], err = io.ReadAll(files)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
