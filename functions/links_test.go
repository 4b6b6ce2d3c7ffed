package functions_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Each service of the SDK builds its whole schema when a program starts, which the linker cannot drop.
func TestFunctionsLinkOnlyTheServicesThatTheyCall(t *testing.T) {
	for folder, want := range map[string][]string{
		"s3-trigger":         {"dynamodb", "ecs", "sqs"},
		"scheduler":          {"dynamodb", "ecs"},
		"sqs-scaler":         {"dynamodb", "ecs", "sqs"},
		"lifecycle-notifier": {"cloudwatchlogs", "dynamodb", "eventbridge", "sesv2", "sns", "sqs"},
	} {
		t.Run(folder, func(t *testing.T) {
			got := services(t, folder)
			if !slices.Equal(got, want) {
				t.Errorf("links %v, want %v: one adapter package for each service, imported only where it is called", got, want)
			}
		})
	}
}

func services(t *testing.T, folder string) []string {
	t.Helper()
	var out []string
	for _, dep := range deps(t, folder) {
		name, found := strings.CutPrefix(dep, "github.com/aws/aws-sdk-go-v2/service/")
		if found && !strings.Contains(name, "/") {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func deps(t *testing.T, folder string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", "lambda.norpc", "./"+folder).Output() //nolint:gosec // our own folders
	if err != nil {
		t.Fatalf("list what functions/%s links: %v", folder, err)
	}
	return strings.Fields(string(out))
}
