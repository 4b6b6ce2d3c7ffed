package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"slipway/tasks/internal/container"
)

// defaultPixels is how many pixels a picture may have unless PIXELS_MAX says otherwise. The hungriest pictures take 16
// bytes a pixel while they are decoded.
const defaultPixels = 50_000_000

// source is one object, with its key as S3 knows it. An empty version means the newest.
type source struct{ bucket, key, version string }

// String is the object as a URL for people, quoted when it holds unusual characters.
func (s source) String() string {
	url := "s3://" + s.bucket + "/" + s.key
	if quoted := strconv.Quote(url); len(quoted) != len(url)+2 || strings.Contains(url, " ") {
		return quoted
	}
	return url
}

// settings is what the command line and the environment say.
type settings struct {
	source    source
	manifest  string        // SLIPWAY_MANIFEST; empty: source is the one object
	report    source        // SLIPWAY_REPORT of a manifest; zero: none is written
	results   string        // RESULTS_BUCKET
	maxPixels int           // PIXELS_MAX
	delay     time.Duration // PROCESS_DELAY

	stack, job, runID string
	attempt           int // zero when it was not started by Slipway
}

// readSettings reads everything at once and names every mistake.
func readSettings(args []string, getenv func(string) string) (settings, error) {
	s := settings{
		results: getenv("RESULTS_BUCKET"), maxPixels: defaultPixels,
		stack: getenv("SLIPWAY_STACK"), job: getenv("SLIPWAY_JOB"), runID: getenv("SLIPWAY_RUN_ID"),
	}
	var problems []error
	note := func(err error) { problems = append(problems, err) }
	s.readWork(args, getenv, note)
	var err error
	if s.results == "" {
		note(errors.New("RESULTS_BUCKET is not set"))
	}
	if text := getenv("PIXELS_MAX"); text != "" {
		if s.maxPixels, err = strconv.Atoi(text); err != nil || s.maxPixels < 1 {
			note(fmt.Errorf("PIXELS_MAX is %q: want a number of pixels above zero", text))
		}
	}
	if text := getenv("PROCESS_DELAY"); text != "" {
		if s.delay, err = time.ParseDuration(text); err != nil || s.delay < 0 {
			note(fmt.Errorf("PROCESS_DELAY is %q: want a duration such as 5s", text))
		}
	}
	if text := getenv("SLIPWAY_ATTEMPT"); text != "" {
		if s.attempt, err = strconv.Atoi(text); err != nil {
			note(fmt.Errorf("SLIPWAY_ATTEMPT is %q: want a number", text))
		}
	}
	return s, container.Problems(problems)
}

// readWork finds the one object, or the batch. An object that is named counts more than a manifest.
func (s *settings) readWork(args []string, getenv func(string) string, note func(error)) {
	if text := getenv("SLIPWAY_MANIFEST"); text != "" && len(withoutCommand(args)) == 0 {
		s.manifest, s.report = text, readBatch(text, getenv("SLIPWAY_REPORT"), note)
		return
	}
	var err error
	if s.source, err = readSource(args, getenv); err != nil {
		note(err)
	}
}

// readBatch checks where the manifest and the report of a batch are.
func readBatch(manifest, report string, note func(error)) (to source) {
	if _, err := parseURL(manifest); err != nil && !strings.HasPrefix(manifest, "{") {
		note(fmt.Errorf("SLIPWAY_MANIFEST is %.40q: want JSON that begins with \"{\", or s3://bucket/key", manifest))
	}
	if report == "" {
		return source{}
	}
	to, err := parseURL(report)
	if err != nil {
		note(fmt.Errorf("SLIPWAY_REPORT is %.40q: want s3://bucket/key", report))
	}
	return to
}

func withoutCommand(args []string) []string {
	if len(args) > 0 && args[0] == "process" {
		return args[1:]
	}
	return args
}

// readSource finds the object: in the argument, or in the environment. The version of the environment counts for the
// object of the environment only.
func readSource(args []string, getenv func(string) string) (source, error) {
	args = withoutCommand(args)
	fromEnv := source{getenv("S3_BUCKET"), getenv("S3_KEY"), getenv("S3_VERSION_ID")}
	if len(args) == 0 {
		if fromEnv.bucket == "" || fromEnv.key == "" {
			return source{}, errors.New("no object named: give s3://bucket/key, or S3_BUCKET and S3_KEY")
		}
		return fromEnv, nil
	}
	if len(args) > 1 {
		return source{}, errors.New("wrong usage: want process [s3://bucket/key]")
	}
	named, err := parseURL(args[0])
	if named.bucket == fromEnv.bucket && named.key == fromEnv.key {
		return fromEnv, err
	}
	return named, err
}

func parseURL(text string) (source, error) {
	rest, ok := strings.CutPrefix(text, "s3://")
	bucket, key, _ := strings.Cut(rest, "/")
	if !ok || bucket == "" || key == "" {
		return source{}, fmt.Errorf("argument %q: want s3://bucket/key", text)
	}
	return source{bucket: bucket, key: key}, nil
}
