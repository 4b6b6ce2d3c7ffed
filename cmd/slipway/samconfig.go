package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"
)

const samconfigFile = "samconfig.toml"

var samconfigText = regexp.MustCompile(`^([A-Za-z0-9_-]+)\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*')\s*(?:#.*)?$`)

// samconfig is what samconfig.toml beside slipway.yaml says to `sam deploy` in the chosen environment: its texts, by
// key. Without a file there are none; an environment that was named must be there.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
func (o *options) samconfig() (map[string]string, error) {
	path, env := o.beside(samconfigFile), o.configEnv
	if env == "" {
		env = "default"
	}
	text, err := os.ReadFile(path) //nolint:gosec // beside the file that the user names
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	found := readSamconfig(string(text), env)
	if found == nil && o.configEnv != "" {
		return nil, fmt.Errorf("%s has no environment %s: write [%s.deploy.parameters] with stack_name there, or name the stack with --stack", path, env, env)
	}
	return found, nil
}

// readSamconfig reads the tables of one environment; those of deploy win over the global ones. It is nil when there are
// none.
func readSamconfig(text, env string) map[string]string {
	tables := map[string]map[string]string{}
	var table string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			table, _, _ = strings.Cut(name, "]")
			tables[table] = map[string]string{}
			continue
		}
		if m := samconfigText.FindStringSubmatch(line); m != nil && table != "" {
			tables[table][m[1]] = unquoted(m[2])
		}
	}
	var out map[string]string
	for _, command := range []string{"global", "deploy"} {
		for key, value := range tables[env+"."+command+".parameters"] {
			if out == nil {
				out = map[string]string{}
			}
			out[key] = value
		}
	}
	return out
}

func unquoted(s string) string {
	if strings.HasPrefix(s, "'") {
		return strings.Trim(s, "'")
	}
	if plain, err := strconv.Unquote(s); err == nil {
		return plain
	}
	return strings.Trim(s, `"`)
}
