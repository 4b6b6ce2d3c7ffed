package wiring_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"slipway/internal/config"
	"slipway/internal/config/compile"
	"slipway/internal/config/wiring"
	"slipway/internal/run"
)

var update = flag.Bool("update", false, "write the golden files anew")

func configuration(t *testing.T, path string) config.Config {
	t.Helper()
	text, err := os.ReadFile(path) //nolint:gosec // A file of the repository.
	if err != nil {
		t.Fatal(err)
	}
	c, problems := compile.Compile(text)
	if len(problems) > 0 {
		t.Fatalf("%s: %v", path, problems)
	}
	return c
}

func generate(t *testing.T, c config.Config) []byte {
	t.Helper()
	out, err := wiring.Generate(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheCommittedWiringIsCurrent(t *testing.T) {
	want := generate(t, configuration(t, "../../../slipway.yaml"))
	got, err := os.ReadFile("../../../wiring.yaml")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("wiring.yaml is stale (%v): run make generate\n%s", err, strings.Join(wiring.Changes(got, want), "\n"))
	}
}

// TestWholeTemplates shows the template for a configuration that names nothing of the examples, and for every policy.
func TestWholeTemplates(t *testing.T) {
	for _, name := range []string{"own", "policies"} {
		t.Run(name, func(t *testing.T) {
			golden := "testdata/" + name + ".golden.yaml"
			got := generate(t, configuration(t, "../compile/testdata/"+name+".good.yaml"))
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden) //nolint:gosec // A file of testdata.
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("got\n%s\nwant what is in %s (%v)", got, golden, err)
			}
		})
	}
}

// TestRightsOfPoliciesNeedAJobThatHasThem gives one job each policy alone.
func TestRightsOfPoliciesNeedAJobThatHasThem(t *testing.T) {
	actions := []string{"ecs:TagResource", "ecs:CreateAction", "ecs:StopTask", "s3:PutObject", "s3:GetObject", "s3:ListBucket"}
	for name, tc := range map[string]struct {
		give func(*run.Job)
		want []int // how often each of the actions is there
	}{
		"no policy":                    {func(*run.Job) {}, []int{0, 0, 1, 0, 0, 0}},
		"tags":                         {func(j *run.Job) { j.Task.Tags = map[string]string{"a": "b"} }, []int{2, 2, 1, 0, 0, 0}},
		"tags of the task definition":  {func(j *run.Job) { j.Task.PropagateTags = "TASK_DEFINITION" }, []int{2, 2, 1, 0, 0, 0}},
		"tags of ECS":                  {func(j *run.Job) { j.Task.EnableECSManagedTags = true }, []int{2, 2, 1, 0, 0, 0}},
		"a new run replaces the first": {func(j *run.Job) { j.Concurrency = run.Concurrency{Max: 1, WhenFull: run.WhenFullReplace} }, []int{0, 0, 2, 0, 0, 0}},
		"a new run is skipped":         {func(j *run.Job) { j.Concurrency = run.Concurrency{Max: 1, WhenFull: run.WhenFullSkip} }, []int{0, 0, 1, 0, 0, 0}},
		"a batch":                      {func(j *run.Job) { j.Batch = &run.Batch{MaxObjects: 100} }, []int{0, 0, 1, 2, 2, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			j := run.Job{Name: "j", Task: run.TaskSpec{Cluster: "c", Definition: "d"}}
			tc.give(&j)
			text := string(generate(t, config.Config{Jobs: []run.Job{j}}))
			for i, action := range actions {
				if got := strings.Count(text, action); got != tc.want[i] {
					t.Errorf("%s: got it %d times, want %d", action, got, tc.want[i])
				}
			}
		})
	}
}

func TestTheSameConfigurationGivesTheSameBytes(t *testing.T) {
	c := configuration(t, "../compile/testdata/own.good.yaml")
	first := generate(t, c)
	slices.Reverse(c.Jobs)
	slices.Reverse(c.Scalers)
	for range 20 {
		if again := generate(t, c); !bytes.Equal(first, again) {
			t.Fatalf("got another template:\n%s", strings.Join(wiring.Changes(first, again), "\n"))
		}
	}
}

// typed is a parameter or a resource as far as the tests look at it.
type typed struct {
	Type string `yaml:"Type"`
}

// template is a template as far as the tests look at it.
type template struct {
	Parameters map[string]typed     `yaml:"Parameters"`
	Resources  map[string]typed     `yaml:"Resources"`
	Outputs    map[string]yaml.Node `yaml:"Outputs"`
}

func parse(t *testing.T, text []byte) template {
	t.Helper()
	var out template
	if err := yaml.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestParametersAndOutputsAreAlwaysTheSame(t *testing.T) {
	for name, c := range map[string]config.Config{
		"nothing": {}, "the shipped file": configuration(t, "../../../slipway.yaml"),
		"one's own": configuration(t, "../compile/testdata/own.good.yaml"),
	} {
		got := parse(t, generate(t, c))
		for _, p := range wiring.Parameters() {
			if got.Parameters[p.Name].Type != p.Type {
				t.Errorf("%s: parameter %s is %q, want %s", name, p.Name, got.Parameters[p.Name].Type, p.Type)
			}
		}
		if len(got.Parameters) != len(wiring.Parameters()) || len(got.Outputs) != 4 {
			t.Errorf("%s: got %d parameters and %d outputs", name, len(got.Parameters), len(got.Outputs))
		}
	}
}

func TestNothingNamedNeedsNoRuleAndNoRight(t *testing.T) {
	got := generate(t, config.Config{Version: 1})
	for id, r := range parse(t, got).Resources {
		if r.Type != "AWS::IAM::ManagedPolicy" {
			t.Errorf("got %s, a %s", id, r.Type)
		}
	}
	if bytes.Contains(got, []byte("ecs:")) || !bytes.Contains(got, []byte("sts:GetCallerIdentity")) {
		t.Errorf("got rights:\n%s", got)
	}
}

// TestAWildcardStandsOnlyWhereAWSTakesNothingElse reads the actions beside every "*".
func TestAWildcardStandsOnlyWhereAWSTakesNothingElse(t *testing.T) {
	allowed := []string{"ecs:DescribeTaskDefinition", "ecs:ListTasks", "sts:GetCallerIdentity"}
	text := string(generate(t, configuration(t, "../compile/testdata/own.good.yaml"))) +
		string(generate(t, configuration(t, "../compile/testdata/policies.good.yaml")))
	for _, statement := range strings.Split(text, "- Effect: Allow")[1:] {
		statement, _, _ = strings.Cut(statement, "- Effect")
		if !strings.Contains(statement, "Resource: '*'") {
			continue
		}
		if !slices.ContainsFunc(allowed, func(action string) bool { return strings.Contains(statement, "['"+action+"']") }) {
			t.Errorf("got a wildcard in %s", statement)
		}
	}
}

func TestBucketsWithLikeNamesHaveTheirOwnRules(t *testing.T) {
	var c config.Config
	for i, bucket := range []string{"a-b", "a.b", "ab", "${UploadsBucket}", "x-${UploadsBucket}"} {
		c.Jobs = append(c.Jobs, run.Job{
			Name: fmt.Sprint(i), Trigger: run.JobTrigger{S3: &run.S3Trigger{Bucket: bucket}},
			Task: run.TaskSpec{Cluster: "c", Definition: "d"},
		})
	}
	rules := 0
	for _, r := range parse(t, generate(t, c)).Resources {
		if r.Type == "AWS::Events::Rule" {
			rules++
		}
	}
	if rules != 5+3 {
		t.Errorf("got %d rules, want one for each bucket and three for the cluster", rules)
	}
}

func TestAPolicyThatIAMWouldRefuseIsRefused(t *testing.T) {
	var c config.Config
	for i := range 80 {
		c.Jobs = append(c.Jobs, run.Job{Name: fmt.Sprint(i), Task: run.TaskSpec{Cluster: "c", Definition: fmt.Sprintf("family-%d", i)}})
	}
	if _, err := wiring.Generate(c); err == nil || !strings.Contains(err.Error(), "S3TriggerPolicy") {
		t.Errorf("got %v", err)
	}
}

func TestChanges(t *testing.T) {
	shipped := configuration(t, "../../../slipway.yaml")
	fewer := shipped
	fewer.Jobs = shipped.Jobs[:1]
	more, less := generate(t, shipped), generate(t, fewer)
	got := strings.Join(wiring.Changes(less, more), "\n")
	for _, want := range []string{"+ ObjectsInUploadsBucket", "+ LaunchQueuePolicy", "~ S3TriggerPolicy", "    + Resource: !Ref ObjectProcessorRoleArns"} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant it to say %q", got, want)
		}
	}
	if got := wiring.Changes(more, more); len(got) != 0 {
		t.Errorf("without a change got %q", got)
	}
	if got := wiring.Changes([]byte("\t"), more); len(got) == 0 {
		t.Error("a file that is not YAML gives no changes")
	}
}
