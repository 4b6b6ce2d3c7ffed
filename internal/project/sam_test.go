package project_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"
)

// TestTheRepositoryOfApplications checks what the Serverless Application Repository wants of the metadata.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-template-publishing-applications-metadata-properties.html
func TestTheRepositoryOfApplications(t *testing.T) {
	s, err := source(t).parse()
	if err != nil {
		t.Fatal(err)
	}
	m := at(s.root, "Metadata", "AWS::ServerlessRepo::Application")
	for key, pattern := range map[string]string{
		"Name": `^[a-zA-Z0-9-]{1,140}$`, "Description": `^.{1,256}$`, "Author": `^[a-z0-9](([a-z0-9]|-[a-z0-9])*)?$`,
		"SemanticVersion": `^\d+\.\d+\.\d+$`, "SpdxLicenseId": `^Apache-2\.0$`,
	} {
		if got, _ := at(m, key).(string); !regexp.MustCompile(pattern).MatchString(got) {
			t.Errorf("%s = %q, want %s", key, got, pattern)
		}
	}
	for _, key := range []string{"LicenseUrl", "ReadmeUrl"} {
		file, _ := at(m, key).(string)
		if _, err := os.Stat(filepath.Join(root, file)); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	labels := words(at(m, "Labels"))
	for _, l := range labels {
		if !regexp.MustCompile(`^[a-zA-Z0-9+\-_:/@]{1,127}$`).MatchString(l) {
			t.Errorf("label %q", l)
		}
	}
	if len(labels) == 0 || len(labels) > 10 {
		t.Errorf("%d labels, want 1 to 10", len(labels))
	}
}

// TestEnvironmentsOfSamconfig checks that no environment lacks what sam does not inherit from another.
func TestEnvironmentsOfSamconfig(t *testing.T) {
	var file map[string]any
	if err := toml.Unmarshal([]byte(read(t, "samconfig.toml")), &file); err != nil {
		t.Fatal(err)
	}
	s, err := source(t).parse()
	if err != nil {
		t.Fatal(err)
	}
	if got := words(at(s.root, "Transform")); len(got) == 0 {
		t.Error("the template is not one of SAM")
	}
	for env, stack := range map[string]string{"default": "slipway", "dev": "slipway-dev", "prod": "slipway-prod"} {
		if got := at(file[env], "global", "parameters", "stack_name"); got != stack {
			t.Errorf("%s: stack_name = %v, want %s, as `make deploy` calls it", env, got, stack)
		}
		if got := words(at(file[env], "deploy", "parameters", "capabilities")); !slices.Contains(got, "CAPABILITY_AUTO_EXPAND") || !slices.Contains(got, "CAPABILITY_IAM") {
			t.Errorf("%s: capabilities = %v: the wiring is a nested stack with roles", env, got)
		}
		if at(file[env], "build", "parameters", "build_in_source") != true {
			t.Errorf("%s: builds a copy, which has no version", env)
		}
	}
	for _, env := range []string{"default", "dev"} {
		if at(file[env], "sync", "parameters", "code") != true {
			t.Errorf("%s: sync would deploy the template, with all its parameters", env)
		}
	}
	if at(file["prod"], "sync") != nil {
		t.Error("prod has a sync: it goes past CloudFormation")
	}
}

// pinned is an action at a commit, with its release as a comment.
var pinned = regexp.MustCompile(`^[\w.-]+/[\w.-]+@[0-9a-f]{40}$`)

// TestWorkflowsArePinnedAndLeast checks what actionlint does not: who could change what runs, and with which rights.
func TestWorkflowsArePinnedAndLeast(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	if err != nil || len(files) < 2 {
		t.Fatalf("workflows = %v, %v", files, err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		text := read(t, ".github", "workflows", name)
		var w struct {
			Permissions map[string]string
			Jobs        map[string]struct {
				Permissions map[string]string
				Steps       []struct{ Uses, Run string }
			}
		}
		if err := yaml.Unmarshal([]byte(text), &w); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := "map[contents:read]"
		if name == "deploy.yml" {
			want = "map[contents:read id-token:write]"
		}
		if got := fmt.Sprint(w.Permissions); got != want {
			t.Errorf("%s: permissions = %s, want %s", name, got, want)
		}
		for _, id := range slices.Sorted(maps.Keys(w.Jobs)) {
			for _, step := range w.Jobs[id].Steps {
				if step.Uses != "" && !pinned.MatchString(step.Uses) {
					t.Errorf("%s: %s is not pinned to a commit: who owns it can move a tag", name, step.Uses)
				}
				if strings.Contains(step.Run, "${{") {
					t.Errorf("%s: %q is put together from text that is not ours: pass it in env", name, step.Run)
				}
				for _, target := range regexp.MustCompile(`(?m)\bmake (\S+)`).FindAllStringSubmatch(step.Run, -1) {
					if !strings.Contains(read(t, "Makefile"), "\n"+target[1]+":") {
						t.Errorf("%s: there is no make %s", name, target[1])
					}
				}
			}
		}
		for _, line := range regexp.MustCompile(`(?m)^.*uses: .*$`).FindAllString(text, -1) {
			if !regexp.MustCompile(` # v\d+\.\d+\.\d+$`).MatchString(line) {
				t.Errorf("%s: %s: say which release it is", name, strings.TrimSpace(line))
			}
		}
	}
	if deploy := read(t, ".github", "workflows", "deploy.yml"); !strings.Contains(deploy, "role-to-assume:") || strings.Contains(deploy, "secrets.") {
		t.Error("deploy.yml has a secret, or no role to assume")
	}
}
