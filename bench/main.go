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
	"time"

	"slipway/bench/internal/measure"
)

// The rounds of an interleaved run.
const (
	fullRounds  = 21
	quickRounds = 3
)

// bench is one run of everything.
type bench struct {
	root   string // the folder of go.mod
	work   string // where programs are built, removed afterwards
	quick  bool
	rounds int
	lasts  time.Duration // of the uploads at each rate
	python string        // the interpreter of the peer; empty: left out
	node   string        // empty: left out
	built  map[string]string
}

// section is what one part measures. One that is slow is left out of a quick run, unless it is asked for.
type section struct {
	name string
	run  func(*bench) ([]measure.Table, error)
	slow bool
}

var sections = []section{
	{"scaling", (*bench).scaling, false},
	{"money", (*bench).money, false},
	{"cold", (*bench).cold, false},
	{"tls", (*bench).tls, false},
	{"warm", (*bench).warm, false},
	{"throughput", (*bench).throughput, false},
	{"end-to-end", (*bench).endToEnd, true},
}

func main() {
	quick := flag.Bool("quick", false, "three rounds instead of twenty-one, and the least of what takes minutes")
	only := flag.String("only", "", "one of "+strings.Join(names(), ", "))
	lasts := flag.Duration("for", 10*time.Second, "how long objects are uploaded at each rate, end to end")
	asJSON := flag.Bool("json", false, "print JSON with every figure instead of Markdown")
	flag.Parse()
	if flag.NArg() > 0 || *lasts <= 0 || *only != "" && !slices.Contains(names(), *only) {
		flag.Usage()
		os.Exit(2)
	}
	if err := printAll(options{*quick, *only, *lasts, *asJSON}); err != nil {
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

// options are what the flags say.
type options struct {
	quick  bool
	only   string // a section; empty: all
	lasts  time.Duration
	asJSON bool
}

// wanted are the sections to measure.
func (o options) wanted() []section {
	var out []section
	for _, s := range sections {
		leftOut := o.quick && s.slow
		if s.name == o.only || o.only == "" && !leftOut {
			out = append(out, s)
		}
	}
	return out
}

func printAll(o options) (err error) {
	b, err := prepare(o.quick)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.work)) }()
	b.lasts = o.lasts
	out := report{Machine: machine(), Missing: append(b.missing(), o.missing()...)}
	if !o.asJSON {
		out.writeHead(b.rounds)
	}
	for _, s := range o.wanted() {
		tables, err := s.run(b)
		if err != nil {
			return fmt.Errorf("measure %s: %w", s.name, err)
		}
		out.Tables = append(out.Tables, tables...)
		if !o.asJSON {
			if err := write(tables); err != nil {
				return err
			}
		}
	}
	if o.asJSON {
		return json.NewEncoder(os.Stdout).Encode(out)
	}
	return nil
}

// missing says what a run of this kind leaves out.
func (o options) missing() []string {
	var out []string
	if o.quick && o.only == "" {
		out = append(out, "what takes minutes: end to end, most fleets of the scaling policies, first calls by TLS of all functions but s3-trigger, and in the warm tables ten things by a near service, and Python and Node by a far one")
	}
	if os.Getenv("SLIPWAY_TRACES") == "" && (o.only == "" || o.only == "scaling") {
		out = append(out, "recorded arrivals, because SLIPWAY_TRACES names no folder of them (docs/benchmarks.md says where they are)")
	}
	return out
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

// began is when this program did.
var began = time.Now()

// say tells how far it is.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: %3.0f s: "+format+"\n", append([]any{time.Since(began).Seconds()}, args...)...)
}
