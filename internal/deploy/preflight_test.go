package deploy_test

import (
	"maps"
	"strings"
	"testing"

	"slipway/internal/config"
	"slipway/internal/config/compile"
	"slipway/internal/deploy"
)

const own = `version: 1
jobs:
  invoices:
    trigger: {s3: {bucket: their-invoices}}
    task:
      cluster: "${ClusterName}"
      definition: invoices
      container: main
      roles: ["arn:aws:iam::123456789012:role/task", "arn:aws:iam::123456789012:role/start"]
      capacity: [FARGATE_SPOT, FARGATE]
scalers:
  orders: {queues: "https://sqs.eu-north-1.amazonaws.com/123456789012/orders", service: shared/orders, tasks: {max: 3}, messagesPerTask: 1}
`

const clusterARN = "arn:aws:ecs:eu-north-1:123456789012:cluster/shared"

func configuration(t *testing.T, text string) config.Config {
	t.Helper()
	c, problems := compile.Compile([]byte(text))
	if problems != nil {
		t.Fatal(problems)
	}
	return c
}

func environment(t *testing.T, text string) deploy.Environment {
	t.Helper()
	e, problems := deploy.Read(text, parameters(t))
	if problems != nil {
		t.Fatal(problems)
	}
	return e
}

// healthy is an account in which everything is there.
func healthy() deploy.Facts {
	roles := []string{"arn:aws:iam::123456789012:role/task", "arn:aws:iam::123456789012:role/start"}
	return deploy.Facts{
		Account: "123456789012", Region: "eu-north-1", Spot: true,
		Subnets: map[string]string{"subnet-1": "vpc-1"}, Buckets: map[string]string{"their-invoices": ""},
		Providers: map[string][]string{clusterARN: {"FARGATE", "FARGATE_SPOT"}},
		Tasks:     map[string]deploy.Definition{"invoices": {Containers: []string{"main", "proxy"}, Roles: roles}},
		Services:  map[string]bool{"shared/orders": true},
		Queues:    map[string]bool{"https://sqs.eu-north-1.amazonaws.com/123456789012/orders": true},
		Roles:     map[string]string{roles[0]: "", roles[1]: ""},
	}
}

func TestEachFaultIsFoundAndNothingElse(t *testing.T) {
	c := configuration(t, own)
	e := environment(t, "Examples=false\nSubnets=subnet-1\nClusterArn="+clusterARN+"\n")
	for name, tc := range map[string]struct {
		spoil func(*deploy.Facts)
		wants []string // empty: nothing is found
	}{
		"nothing is wrong":             {func(*deploy.Facts) {}, nil},
		"a region without Spot":        {func(f *deploy.Facts) { f.Spot = false }, []string{"eu-north-1 has no Fargate Spot", "another region"}},
		"a bucket of another account":  {func(f *deploy.Facts) { f.Buckets["their-invoices"] = "belongs to another account" }, []string{"jobs.invoices.trigger.s3.bucket", "their-invoices belongs to another account", "123456789012"}},
		"no such container":            {func(f *deploy.Facts) { f.Tasks["invoices"] = deploy.Definition{Containers: []string{"mian"}} }, []string{"jobs.invoices.task.container", "no container main", "did you mean mian?"}},
		"no such task definition":      {func(f *deploy.Facts) { clear(f.Tasks) }, []string{"jobs.invoices.task.definition", "list-task-definitions"}},
		"a role that cannot be passed": {func(f *deploy.Facts) { f.Roles["arn:aws:iam::123456789012:role/task"] = "it trusts nobody" }, []string{"jobs.invoices.task.roles", "cannot be passed to a task: it trusts nobody"}},
		"a role that slipway.yaml forgets": {func(f *deploy.Facts) {
			f.Tasks["invoices"] = deploy.Definition{Containers: []string{"main"}, Roles: []string{"arn:aws:iam::123456789012:role/other"}}
		}, []string{"role/other", "slipway generate"}},
		"no such subnet":         {func(f *deploy.Facts) { clear(f.Subnets) }, []string{"no subnet subnet-1 in eu-north-1", "describe-subnets"}},
		"no such cluster":        {func(f *deploy.Facts) { clear(f.Providers) }, []string{"no active cluster", "list-clusters"}},
		"a cluster without Spot": {func(f *deploy.Facts) { f.Providers[clusterARN] = []string{"FARGATE"} }, []string{"jobs.invoices.task.capacity", "no capacity provider FARGATE_SPOT"}},
		"no such service":        {func(f *deploy.Facts) { f.Services["shared/orders"] = false }, []string{"scalers.orders.service", "list-services"}},
		"no such queue": {func(f *deploy.Facts) {
			f.Queues = maps.Clone(f.Queues)
			f.Queues["https://sqs.eu-north-1.amazonaws.com/123456789012/orders"] = false
		}, []string{"scalers.orders.queues", "list-queues"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := healthy()
			tc.spoil(&f)
			got, err := deploy.Findings(c, e, f)
			if err != nil {
				t.Fatal(err)
			}
			if want := min(1, len(tc.wants)); len(got) != want {
				t.Fatalf("got %v, want %d findings", got, want)
			}
			for _, want := range tc.wants {
				if !strings.Contains(got[0].String(), want) {
					t.Errorf("got %q, want it to say %q", got[0], want)
				}
			}
		})
	}
}

func TestWithoutTheExamplesTheirNamesAreEmpty(t *testing.T) {
	c := configuration(t, strings.ReplaceAll(own, "their-invoices", `"${UploadsBucket}"`))
	if got := deploy.Without(c, environment(t, "Examples=true\n")); got != nil {
		t.Errorf("got %v with the examples", got)
	}
	got := deploy.Without(c, environment(t, "Examples=false\n"))
	if len(got) != 1 || !strings.Contains(got[0].String(), "jobs.invoices.trigger.s3.bucket: ${UploadsBucket} is empty") {
		t.Errorf("got %v, want the bucket", got)
	}
}
