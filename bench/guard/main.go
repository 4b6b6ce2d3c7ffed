package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"slipway/bench/internal/guard"
	"slipway/bench/internal/hotpath"
)

var functions = []string{"s3-trigger", "scheduler", "sqs-scaler", "lifecycle-notifier"}

const baselineFile = "bench/baseline.json"

func main() {
	record := flag.Bool("record", false, "record a new baseline, on purpose")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	links, grown, err := check(*record)
	if err != nil {
		fmt.Fprintln(os.Stderr, "guard:", err)
		os.Exit(1)
	}
	tell("FORBIDDEN", links, "Take the import out, or what brings it along: no baseline permits it.")
	tell("GROWN", grown, "Make it smaller, or record on purpose what it costs: make baseline, in a commit that says why.")
	if len(links)+len(grown) > 0 {
		os.Exit(1)
	}
}

// tell lists problems of one kind, and what to do about them.
func tell(kind string, problems []string, remedy string) {
	for _, p := range problems {
		fmt.Println(kind+":", p)
	}
	if len(problems) > 0 {
		fmt.Println(remedy)
	}
}

// check returns what is linked and must not be, and what has grown.
func check(record bool) (links, grown []string, err error) {
	if _, err := os.Stat("template.yaml"); err != nil {
		return nil, nil, errors.New("run it in the folder of Slipway: make guard")
	}
	for _, f := range functions {
		more, err := guard.Forbidden(".", f)
		if err != nil {
			return nil, nil, err
		}
		links = append(links, more...)
	}
	now, err := measure()
	if err != nil {
		return nil, nil, err
	}
	if record {
		text, err := json.MarshalIndent(now, "", "  ")
		if err != nil {
			return nil, nil, err
		}
		fmt.Println("recorded", baselineFile)
		return links, nil, os.WriteFile(baselineFile, append(text, '\n'), 0o600)
	}
	text, err := os.ReadFile(baselineFile)
	if err != nil {
		return nil, nil, fmt.Errorf("read the baseline: %w; make baseline records one", err)
	}
	var then guard.Baseline
	if err := json.Unmarshal(text, &then); err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", baselineFile, err)
	}
	fmt.Printf("Work is compared by %s.\n", guard.How(then, now))
	for _, p := range hotpath.Paths() {
		a, b := then.Work[p.Name], now.Work[p.Name]
		fmt.Printf("%-18s instructions %.0f (was %.0f), allocations %.1f (%.1f), bytes %.0f (%.0f), of fixed work %.2f (%.2f)\n",
			p.Name, b.Instructions, a.Instructions, b.Allocations, a.Allocations, b.Bytes, a.Bytes, b.Ratio, a.Ratio)
	}
	for _, f := range functions {
		fmt.Printf("%-18s program over hello world %.3f (was %.3f), bytes before main %.0f (%.0f)\n", f, now.Sizes[f], then.Sizes[f], now.Init[f], then.Init[f])
	}
	return links, guard.Grown(then, now), nil
}

func measure() (guard.Baseline, error) {
	out := guard.Baseline{Go: runtime.Version(), Arch: runtime.GOARCH, Sizes: map[string]float64{}, Init: map[string]float64{}}
	dir, err := os.MkdirTemp("", "slipway-guard-")
	if err != nil {
		return out, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	hello, err := build(dir, "bench/peers/hello")
	if err != nil {
		return out, err
	}
	for _, f := range functions {
		path, err := build(dir, "functions/"+f)
		if err != nil {
			return out, err
		}
		if out.Sizes[f], err = sizeRatio(path, hello); err != nil {
			return out, err
		}
		if out.Init[f], err = initBytes(path); err != nil {
			return out, err
		}
	}
	hot, err := build(dir, "bench/hot")
	if err != nil {
		return out, err
	}
	text, err := exec.Command(hot).Output() //nolint:gosec,noctx // built above
	if err != nil {
		return out, fmt.Errorf("measure the hot paths: %w", err)
	}
	if err := json.Unmarshal(text, &out.Work); err != nil {
		return out, err
	}
	return out, count(hot, out.Work)
}

// build builds a program of this module as functions are built.
func build(dir, folder string) (string, error) {
	path := filepath.Join(dir, strings.ReplaceAll(folder, "/", "-"))
	cmd := exec.Command("go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags=-s -w", "-o", path, "./"+folder) //nolint:gosec,noctx // our own folders
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", folder, err, out)
	}
	return path, nil
}

func sizeRatio(path, hello string) (float64, error) {
	a, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	b, err := os.Stat(hello)
	if err != nil {
		return 0, err
	}
	return math.Round(1e4*float64(a.Size())/float64(b.Size())) / 1e4, nil
}

var initLine = regexp.MustCompile(`(?m)^init \S+ @.* (\d+) bytes, \d+ allocs$`)

// initBytes is what the packages of a function allocate before main, by the runtime's own trace. The function itself ends
// at once: it has no environment.
func initBytes(path string) (float64, error) {
	cmd := exec.Command(path) //nolint:noctx // built above
	cmd.Env = []string{"GODEBUG=inittrace=1", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:1"}
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	_ = cmd.Run() // it ends with an error, as it should
	sum := 0.0
	for _, m := range initLine.FindAllStringSubmatch(log.String(), -1) {
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	if sum == 0 {
		return 0, fmt.Errorf("trace the start of %s: nothing is told: %s", path, log.String()) //nolint:err113 // for a person
	}
	return sum, nil
}

// count adds the instructions of one repetition of each path, where valgrind is there: the difference of two counts.
func count(hot string, work map[string]guard.Work) error {
	if _, err := exec.LookPath("valgrind"); err != nil {
		return nil //nolint:nilerr // said by guard.How
	}
	const few, many = 20, 120
	for _, p := range hotpath.Paths() {
		a, err := instructions(hot, p.Name, few)
		if err != nil {
			return err
		}
		b, err := instructions(hot, p.Name, many)
		if err != nil {
			return err
		}
		w := work[p.Name]
		w.Instructions = (b - a) / (many - few)
		work[p.Name] = w
	}
	return nil
}

var collected = regexp.MustCompile(`Collected : (\d+)`)

func instructions(hot, path string, n int) (float64, error) {
	cmd := exec.Command("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", hot, "-path", path, "-n", strconv.Itoa(n)) //nolint:gosec,noctx // built above
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("count the instructions of %s: %w\n%s", path, err, out)
	}
	found := collected.FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("count the instructions of %s: valgrind tells none: %s", path, out) //nolint:err113 // for a person
	}
	return strconv.ParseFloat(string(found[1]), 64)
}
