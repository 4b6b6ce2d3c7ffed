package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"slipway/internal/telemetry"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	output := flag.String("output", "dist", "the folder to write")
	flag.Parse()
	if err := release(ctx, *output, os.Getenv("VERSION")); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to stop
	}
}

// platform is an operating system and an architecture in the words of Go.
type platform struct{ system, architecture string }

func platforms() []platform {
	return []platform{{"darwin", "amd64"}, {"darwin", "arm64"}, {"linux", "amd64"}, {"linux", "arm64"}}
}

func release(ctx context.Context, output, version string) error {
	if version == "" {
		version = "dev"
	}
	if err := os.MkdirAll(output, 0o750); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	made := source{version, commit(ctx)}
	var sums strings.Builder
	write := func(name string, text []byte) error {
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(text), name)
		return os.WriteFile(filepath.Join(output, name), text, 0o644) //nolint:gosec // everybody may read a release
	}
	for _, p := range platforms() {
		name := fmt.Sprintf("slipway_%s_%s_%s", version, p.system, p.architecture)
		archive, list, err := pack(ctx, p, made)
		if err != nil {
			return err
		}
		if err := write(name+".tar.gz", archive); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		if err := write(name+".cdx.json", list); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		fmt.Println(filepath.Join(output, name+".tar.gz"))
	}
	return os.WriteFile(filepath.Join(output, "SHA256SUMS"), []byte(sums.String()), 0o644) //nolint:gosec // as above
}

// source is what a release is made from, as the program says it.
type source struct{ version, commit string }

// commit is the commit that is checked out, or empty where git knows none. What the Go tool notes by itself depends on how
// the clone was made and on GOFLAGS, and so would the bytes of the program.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "rev-parse", "HEAD").Output()
	if err != nil {
		return ""
	}
	text := strings.TrimSpace(string(out))
	if changed, err := exec.CommandContext(ctx, "git", "status", "--porcelain").Output(); err != nil || len(changed) > 0 {
		text += "+changes"
	}
	return text
}

// flags are those of the linker.
func (s source) flags() string {
	return "-s -w -X " + reflect.TypeFor[telemetry.Metric]().PkgPath() + ".Version=" + s.version + " -X main.built=" + s.commit
}

// environment is that of the compiler: what somebody has set for their own programs would make another one.
func (p platform) environment(own []string) []string {
	return append(slices.Clone(own), "GOFLAGS=", "GOAMD64=", "GOARM64=", "GOEXPERIMENT=", "GOFIPS140=", "GOWORK=off", "CGO_ENABLED=0", "GOOS="+p.system, "GOARCH="+p.architecture)
}

// pack builds slipway for a platform and returns its archive and the list of what is in it.
func pack(ctx context.Context, p platform, made source) (archive, list []byte, err error) {
	folder, err := os.MkdirTemp("", "slipway-release")
	if err != nil {
		return nil, nil, fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(folder)
	program := filepath.Join(folder, "slipway")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags="+made.flags(), "-o", program, "./cmd/slipway") //nolint:gosec // our own program
	build.Env = p.environment(os.Environ())
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, nil, fmt.Errorf("build for %s/%s: %w", p.system, p.architecture, err)
	}
	if list, err = bill(program, made.version); err != nil {
		return nil, nil, err
	}
	archive, err = pressed(map[string]int64{program: 0o755, "LICENSE": 0o644})
	return archive, list, err
}

// pressed is a compressed archive of files with their modes. Times, owners and the order are always the same.
func pressed(files map[string]int64) ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	t := tar.NewWriter(z)
	var paths []string
	for path := range files {
		paths = append(paths, path)
	}
	slices.SortFunc(paths, func(a, b string) int { return strings.Compare(filepath.Base(a), filepath.Base(b)) })
	for _, path := range paths {
		text, err := os.ReadFile(path) //nolint:gosec // what was built, and the licence
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", path, err)
		}
		h := &tar.Header{Name: filepath.Base(path), Mode: files[path], Size: int64(len(text)), ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}
		if err := t.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("pack %s: %w", path, err)
		}
		if _, err := t.Write(text); err != nil {
			return nil, fmt.Errorf("pack %s: %w", path, err)
		}
	}
	if err := t.Close(); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	return out.Bytes(), nil
}

// component is one part of a CycloneDX bill of materials.
// https://cyclonedx.org/docs/1.5/json/
type component struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl,omitempty"`
}

// bill lists the modules that the linker has noted in a program: what is in it, not what is in go.mod.
func bill(program, version string) ([]byte, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("read what is in the program: %w", err)
	}
	parts := []component{{"library", "std", strings.TrimPrefix(info.GoVersion, "go"), "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go")}}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		parts = append(parts, component{"library", m.Path, m.Version, "pkg:golang/" + m.Path + "@" + m.Version})
	}
	text, err := json.MarshalIndent(map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
		"metadata":   map[string]any{"component": component{Type: "application", Name: "slipway", Version: version}},
		"components": parts,
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the list: %w", err)
	}
	return append(text, '\n'), nil
}
