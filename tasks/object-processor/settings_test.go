package main

import (
	"errors"
	"strings"
	"testing"

	"slipway/tasks/internal/container"
)

func TestWhichObject(t *testing.T) {
	env := map[string]string{"RESULTS_BUCKET": "r", "S3_BUCKET": "b", "S3_KEY": "in/a b", "S3_VERSION_ID": "v"}
	for name, tc := range map[string]struct {
		args []string
		want source
	}{
		"no argument: that of the environment":       {nil, source{"b", "in/a b", "v"}},
		"only the command":                           {[]string{"process"}, source{"b", "in/a b", "v"}},
		"the same object keeps its version":          {[]string{"process", "s3://b/in/a b"}, source{"b", "in/a b", "v"}},
		"another object has no version":              {[]string{"process", "s3://b/c"}, source{"b", "c", ""}},
		"a key with slashes at both ends":            {[]string{"s3://b//x/"}, source{"b", "/x/", ""}},
		"a key that looks encoded is taken as it is": {[]string{"s3://b/a%20b+c"}, source{"b", "a%20b+c", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readSettings(tc.args, func(n string) string { return env[n] })
			if err != nil || got.source != tc.want {
				t.Errorf("got %+v %v, want %+v", got.source, err, tc.want)
			}
		})
	}
}

func TestEveryMistakeIsNamedAtOnce(t *testing.T) {
	env := map[string]string{"PIXELS_MAX": "-1", "PROCESS_DELAY": "5", "SLIPWAY_ATTEMPT": "x"}
	_, err := readSettings([]string{"process", "b/key"}, func(n string) string { return env[n] })
	var usage *container.UsageError
	if !errors.As(err, &usage) {
		t.Fatalf("got %v, want a usage error", err)
	}
	for _, part := range []string{`"b/key"`, "RESULTS_BUCKET", "PIXELS_MAX", "PROCESS_DELAY", "SLIPWAY_ATTEMPT"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %q, want it to name %s", err, part)
		}
	}
}

func TestTooManyOrNoArguments(t *testing.T) {
	for name, args := range map[string][]string{
		"none, and nothing in the environment": nil,
		"two objects":                          {"process", "s3://b/a", "s3://b/c"},
		"no key":                               {"s3://b/"},
		"no bucket":                            {"s3:///a"},
		"another command":                      {"shrink"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := readSource(args, func(string) string { return "" }); err == nil {
				t.Errorf("got %v, want an error", got)
			}
		})
	}
}
