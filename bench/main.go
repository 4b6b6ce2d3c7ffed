package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"slipway/bench/internal/measure"
)

// The rounds of an interleaved run.
const (
	fullRounds  = 21
	quickRounds = 5
)

// bench is one run of everything.
type bench struct {
	root   string // the folder of go.mod
	work   string // where programs are built, removed afterwards
	quick  bool
	rounds int
	python string // the interpreter of the peer; empty: left out
	node   string // empty: left out
	built  map[string]string
}

// section is what one part measures.
type section struct {
	name string
	run  func(*bench) ([]measure.Table, error)
}

var sections = []section{{"cold", (*bench).cold}, {"tls", (*bench).tls}, {"warm", (*bench).warm}, {"throughput", (*bench).throughput}}

func main() {
	quick := flag.Bool("quick", false, "five rounds instead of twenty-one, and short throughput")
	only := flag.String("only", "", "one of "+strings.Join(names(), ", "))
	asJSON := flag.Bool("json", false, "print JSON with every figure instead of Markdown")
	flag.Parse()
	if flag.NArg() > 0 || *only != "" && !slices.Contains(names(), *only) {
		flag.Usage()
		os.Exit(2)
	}
	if err := printAll(*quick, *only, *asJSON); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func names() []string {
	var out []string
	for _, s := range sections {
		out = append(out, s.name)
	}
	return out
}

// report is what --json prints.
type report struct {
	Machine []string        `json:"machine"`
	Missing []string        `json:"missing,omitempty"`
	Tables  []measure.Table `json:"tables"`
}

func printAll(quick bool, only string, asJSON bool) (err error) {
	b, err := prepare(quick)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.work)) }()
	out := report{Machine: machine(), Missing: b.missing()}
	if !asJSON {
		out.writeHead(b.rounds)
	}
	for _, s := range sections {
		if only != "" && s.name != only {
			continue
		}
		tables, err := s.run(b)
		if err != nil {
			return fmt.Errorf("measure %s: %w", s.name, err)
		}
		out.Tables = append(out.Tables, tables...)
		if !asJSON {
			if err := write(tables); err != nil {
				return err
			}
		}
	}
	if asJSON {
		return json.NewEncoder(os.Stdout).Encode(out)
	}
	return nil
}

func (r report) writeHead(rounds int) {
	fmt.Printf("Measured on %s; %d rounds.\n", strings.Join(r.Machine, ", "), rounds)
	for _, m := range r.Missing {
		fmt.Printf("\n**Left out:** %s.\n", m)
	}
}

func write(tables []measure.Table) error {
	for _, t := range tables {
		if err := t.Write(os.Stdout); err != nil {
			return err
		}
	}
	return nil
}

func prepare(quick bool) (*bench, error) {
	root, err := findRoot()
	if err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "slipway-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{root: root, work: work, quick: quick, rounds: fullRounds, built: map[string]string{}}
	if quick {
		b.rounds = quickRounds
	}
	b.findPeers()
	return b, nil
}

// findRoot is the folder of go.mod, here or above.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "template.yaml")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("find template.yaml in %s or above: run it in the folder of Slipway", dir) //nolint:err113 // for a person
		}
	}
}

// say tells how far it is.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
