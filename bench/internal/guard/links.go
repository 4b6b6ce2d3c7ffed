package guard

import (
	"fmt"
	"os/exec"
	"strings"
)

// forbidden are packages that no function may link, with the reason.
var forbidden = map[string]string{
	"github.com/aws/aws-sdk-go-v2/config":    "LoadDefaultConfig links four more services; use internal/cloud/awsconf",
	"go.yaml.in/yaml/v3":                     "configuration is compiled to JSON at build time",
	"slipway/internal/config/compile":        "configuration is compiled to JSON at build time",
	"slipway/internal/fake":                  "fakes are for tests and the local stack",
	"github.com/spf13/cobra":                 "a function has no command line",
	"text/template":                          "a template keeps every method of every type in the binary",
	"html/template":                          "a template keeps every method of every type in the binary",
	"net/http/pprof":                         "a profiler is no part of what is deployed",
	"expvar":                                 "it serves variables over HTTP, and links what that needs",
	"net/rpc":                                "build with -tags lambda.norpc: the RPC mode of old runtimes links text/template",
	"encoding/gob":                           "build with -tags lambda.norpc: the RPC mode of old runtimes links it",
	"testing":                                "tests are not deployed",
	"golang.org/x/crypto/x509roots/fallback": "it parses its certificates at each cold start",
}

// Forbidden lists what a function links and must not. Flags are more ones for go list; dir is the folder of go.mod.
func Forbidden(dir, function string, flags ...string) ([]string, error) {
	args := append([]string{"list", "-deps", "-tags", "lambda.norpc"}, flags...)
	cmd := exec.Command("go", append(args, "./functions/"+function)...) //nolint:gosec,noctx // our own folders
	cmd.Dir = dir
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list what functions/%s links: %w", function, err)
	}
	var out []string
	for _, dep := range strings.Fields(string(text)) {
		if why, found := forbidden[dep]; found {
			out = append(out, fmt.Sprintf("functions/%s links %s: %s", function, dep, why))
		}
	}
	return out, nil
}
