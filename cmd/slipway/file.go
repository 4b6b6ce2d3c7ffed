package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"slipway/internal/config"
	"slipway/internal/config/compile"
)

// read compiles the configuration file. An error is of the file itself.
func (o *options) read() (config.Config, []compile.Problem, error) {
	text, err := os.ReadFile(o.file)
	if errors.Is(err, fs.ErrNotExist) {
		return config.Config{}, nil, fmt.Errorf("there is no file %s; run this where slipway.yaml is, or name the file with -f", o.file)
	}
	if err != nil {
		return config.Config{}, nil, fmt.Errorf("read the configuration: %w", err)
	}
	c, problems := compile.Compile(text)
	return c, problems, nil
}

// valid compiles the configuration file for a command that needs a good one. Mistakes are printed.
func (o *options) valid() (config.Config, error) {
	c, problems, err := o.read()
	if err != nil {
		return config.Config{}, err
	}
	if len(problems) > 0 {
		o.print(problems)
		return config.Config{}, errFound
	}
	return c, nil
}

// print shows mistakes as editors and compilers do.
func (o *options) print(problems []compile.Problem) {
	for _, p := range problems {
		say(o.err, "%s:%s\n", cmp.Or(p.File, o.file), p)
	}
	say(o.err, "%s in %s; every key is described in docs/reference/configuration.md.\n", count(len(problems), "mistake"), o.file)
}

// beside is the path of a file in the folder of the configuration.
func (o *options) beside(name string) string { return filepath.Join(filepath.Dir(o.file), name) }

// store replaces a file as a whole, so that nobody ever reads half of it.
func store(path string, text []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make the folder of %s: %w", path, err)
	}
	f, err := os.CreateTemp(dir, ".slipway-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %s", n, strings.TrimSuffix(word, "y")+map[bool]string{true: "ies", false: "s"}[strings.HasSuffix(word, "y")])
}
