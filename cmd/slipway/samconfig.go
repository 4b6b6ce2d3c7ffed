package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/pelletier/go-toml/v2"
)

const samconfigFile = "samconfig.toml"

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
	found, err := readSamconfig(text, env)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if found == nil && o.configEnv != "" {
		return nil, fmt.Errorf("%s has no environment %s: write [%s.deploy.parameters] with stack_name there, or name the stack with --stack", path, env, env)
	}
	return found, nil
}

// readSamconfig reads the tables of one environment; those of deploy win over the global ones. It is nil when there are
// none.
func readSamconfig(text []byte, env string) (map[string]string, error) {
	var file map[string]any
	if err := toml.Unmarshal(text, &file); err != nil {
		var bad *toml.DecodeError
		if errors.As(err, &bad) {
			line, column := bad.Position()
			return nil, fmt.Errorf("line %d, column %d: %w", line, column, err)
		}
		return nil, err
	}
	var out map[string]string
	for _, command := range []string{"global", "deploy"} {
		for key, value := range table(file, env, command, "parameters") {
			if out == nil {
				out = map[string]string{}
			}
			if text, ok := value.(string); ok {
				out[key] = text
			}
		}
	}
	return out, nil
}

// table is the table at a path, or nil.
func table(file map[string]any, path ...string) map[string]any {
	for _, name := range path {
		file, _ = file[name].(map[string]any)
	}
	return file
}
