package stack

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Environment is what a program needs to use the stack as it would use AWS.
func (r Record) Environment() map[string]string {
	env := map[string]string{
		"AWS_ENDPOINT_URL": r.Endpoint(), "AWS_ENDPOINT_URL_ECS": r.ECSEndpoint(),
		"AWS_REGION": Region, "AWS_DEFAULT_REGION": Region, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": key,
		"SLIPWAY_STACK": r.Name,
	}
	for name, value := range r.Outputs {
		env["SLIPWAY_"+name] = value
	}
	return env
}

// writeEnvironment writes the file that a shell sources.
func (r Record) writeEnvironment(state string) error {
	if err := os.WriteFile(filepath.Join(state, "env"), []byte(exports(r.Environment())), 0o600); err != nil {
		return fmt.Errorf("write the environment: %w", err)
	}
	return nil
}

func exports(env map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(env)) {
		fmt.Fprintf(&b, "export %s='%s'\n", name, strings.ReplaceAll(env[name], "'", `'\''`))
	}
	return b.String()
}
