package templates_test

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"slipway/internal/emulator"
	"slipway/internal/template"
)

// model is what AWS publishes of the API of a service, as far as it is looked at here.
type model struct {
	Operations map[string]struct{ Input struct{ Shape string } }
	Shapes     map[string]struct {
		Members map[string]any
		Enum    []string
	}
}

// modelOf reads the model that comes with the emulator's botocore.
func modelOf(t *testing.T, service string) model {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(emulator.Root(), ".tools/ministack/lib/python3*/site-packages/botocore/data", service, "*/service-2.json.gz"))
	if err != nil || len(found) == 0 {
		t.Fatalf("there is no model of %s; run make tools", service)
	}
	f, err := os.Open(found[len(found)-1])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var m model
	if err := json.NewDecoder(z).Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestInstanceTypesExist goes through all hardware in all sizes.
func TestInstanceTypesExist(t *testing.T) {
	known := modelOf(t, "ec2").Shapes["InstanceType"].Enum
	if len(known) < 500 {
		t.Fatalf("the model knows %d instance types", len(known))
	}
	parsed := parse(t, text(t, "ec2-capacity.yaml"))
	sizes := template.List(template.At(parsed.Section("Parameters")["InstanceSize"], "AllowedValues"))
	for hardware := range architectures {
		for _, size := range sizes {
			s, err := parsed.Expand(template.Example(), with(placed, "Hardware", hardware, "InstanceSize", size.(string))) //nolint:forcetypeassert // words of the template
			if err != nil && hardware == "gpu" && size == "large" {
				continue // a rule of the template refuses it
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range template.List(groupOf(s).Get("MixedInstancesPolicy", "LaunchTemplate", "Overrides")) {
				if name, _ := template.At(o, "InstanceType").(string); !slices.Contains(known, name) {
					t.Errorf("EC2 has no %s", name)
				}
			}
		}
	}
}

var (
	awsCommand = regexp.MustCompile(`(?m)^aws (\w+) ([a-z-]+)(.*)$`)
	awsOption  = regexp.MustCompile(`--([a-z-]+)`)
)

// everywhere are the options that every command of the AWS CLI has.
var everywhere = []string{"region", "query", "output", "profile"}

// TestCommandsOfTheAWSCLIExist holds each command of the guides, and of the outputs, to the API that it calls.
func TestCommandsOfTheAWSCLIExist(t *testing.T) {
	s, err := parse(t, text(t, "anywhere.yaml")).Expand(template.Example(), map[string]string{"ClusterName": "main"})
	if err != nil {
		t.Fatal(err)
	}
	script := s.Outputs["CreateActivation"] + "\n"
	for page := range guides {
		for _, b := range blocks(t, page) {
			if b.language == "sh" {
				script += joined.Replace(b.body)
			}
		}
	}
	models := map[string]model{}
	commands := awsCommand.FindAllStringSubmatch(script, -1)
	if len(commands) < 4 {
		t.Fatalf("found %d commands", len(commands))
	}
	for _, c := range commands {
		service, operation := c[1], camel(c[2])
		if _, ok := models[service]; !ok {
			models[service] = modelOf(t, service)
		}
		input := models[service].Shapes[models[service].Operations[operation].Input.Shape].Members
		if input == nil {
			t.Errorf("%s: %s has no %s", c[0], service, operation)
		}
		for _, o := range awsOption.FindAllStringSubmatch(c[3], -1) {
			name := strings.ToLower(strings.ReplaceAll(o[1], "-", ""))
			if !slices.Contains(everywhere, o[1]) && !has(input, name) {
				t.Errorf("%s: %s takes no --%s", c[0], operation, o[1])
			}
		}
	}
}

func camel(kebab string) string {
	var b strings.Builder
	for _, word := range strings.Split(kebab, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

func has(members map[string]any, name string) bool {
	for m := range members {
		if strings.ToLower(m) == name {
			return true
		}
	}
	return false
}
