package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
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
