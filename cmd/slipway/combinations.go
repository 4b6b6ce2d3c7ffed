package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/cloud/cluster"
	"slipway/internal/compatible"
	"slipway/internal/compatible/declared"
	"slipway/internal/config"
	"slipway/internal/config/compile"
	"slipway/internal/run"
)

// combinations are the mistakes of jobs, and of services of templates, that ECS would refuse.
func (o *options) combinations(ctx context.Context, c config.Config, f checkFlags) ([]compile.Problem, error) {
	text, err := os.ReadFile(o.file)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	values, err := o.deployTime(f.values)
	if err != nil {
		return nil, err
	}
	s := surroundings{definitions: map[string]compatible.Definition{}, kinds: map[string]compatible.Kind{}}
	if err := o.readTemplates(&s, f.templates, values); err != nil {
		return nil, err
	}
	if f.live {
		if err := o.readLive(ctx, &s, c, values); err != nil {
			return nil, err
		}
	}
	var found []compile.Problem
	for _, j := range c.Jobs {
		found = append(found, s.job(j, text)...)
	}
	found = append(found, s.problems...)
	for _, p := range s.alone {
		if !slices.ContainsFunc(found, func(f compile.Problem) bool { return f.Message == p.Message }) {
			found = append(found, p)
		}
	}
	return ordered(found), nil
}

// alone are the mistakes of the task definitions of a template where they say that they may run: ECS refuses to register
// them.
func alone(file string, text []byte, stack declared.Stack) []compile.Problem {
	var found []compile.Problem
	for _, id := range stack.Names() {
		d := stack.Definitions[id]
		if d.Name != id {
			continue // by its family; it comes by its ID
		}
		for _, r := range compatible.Alone(d) {
			found = append(found, refused(compile.Problem{File: file, Line: lineOf(text, id), Column: 3, Path: "Resources." + id}, r))
		}
	}
	return found
}

// surroundings are what is known beside slipway.yaml.
type surroundings struct {
	definitions map[string]compatible.Definition // by logical ID, family, or what a job says
	kinds       map[string]compatible.Kind       // of capacity providers
	providers   map[string][]string              // of a job's cluster, where AWS was asked
	problems    []compile.Problem                // of the services of templates
	alone       []compile.Problem                // of task definitions, whoever uses them
}

// readTemplates reads what templates declare: the named ones, or template.yaml where there is one.
func (o *options) readTemplates(s *surroundings, files []string, values map[string]string) error {
	given := len(files) > 0
	if !given {
		files = []string{o.beside("template.yaml")}
	}
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // a file that the user names
		if errors.Is(err, fs.ErrNotExist) && !given {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a template: %w", err)
		}
		stack, err := declared.Read(text, values)
		if err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
		for _, name := range stack.Names() {
			s.definitions[name] = stack.Definitions[name]
		}
		for name, kind := range stack.Providers {
			s.kinds[name] = kind
		}
		s.problems = append(s.problems, services(file, text, stack)...)
		s.alone = append(s.alone, alone(file, text, stack)...)
	}
	return nil
}

// services are the mistakes of the services of a template.
func services(file string, text []byte, stack declared.Stack) []compile.Problem {
	var found []compile.Problem
	for _, service := range stack.Services {
		for _, use := range service.Uses {
			for _, r := range compatible.Examine(use) {
				found = append(found, refused(compile.Problem{File: file, Line: lineOf(text, service.ID), Column: 3, Path: "Resources." + service.ID}, r))
			}
		}
	}
	return found
}

// lineOf is the line of a resource.
func lineOf(text []byte, id string) int {
	at := regexp.MustCompile(`(?m)^[ ]+"?` + regexp.QuoteMeta(id) + `"?:`).FindIndex(text)
	if at == nil {
		return 1
	}
	return 1 + bytes.Count(text[:at[0]], []byte("\n"))
}

var (
	placeholder = regexp.MustCompile(`^\$\{([A-Za-z0-9]+)\}$`)
	revision    = regexp.MustCompile(`^(?:arn:.*:task-definition/)?([A-Za-z0-9_-]+)(?::[0-9]+)?$`)
)

// definition is what a job's task.definition names, when that is known.
func (s surroundings) definition(name string) (compatible.Definition, bool) {
	if d, ok := s.definitions[name]; ok {
		return d, true
	}
	for _, form := range []*regexp.Regexp{placeholder, revision} {
		if m := form.FindStringSubmatch(name); m != nil {
			d, ok := s.definitions[m[1]]
			return d, ok
		}
	}
	return compatible.Definition{}, false
}

// job are the mistakes of a job.
func (s surroundings) job(j run.Job, text []byte) []compile.Problem {
	found := s.strangers(j, text)
	d, ok := s.definition(j.Task.Definition)
	if !ok {
		return found
	}
	for i, step := range j.Task.Capacity {
		for _, r := range compatible.Examine(useOf(j, d, step, s.kinds[step])) {
			found = append(found, refused(compile.Locate(text, pathOf(j.Name, r.At, i)), r))
		}
	}
	return found
}

// strangers are steps of a job that its cluster does not have.
func (s surroundings) strangers(j run.Job, text []byte) []compile.Problem {
	has, asked := s.providers[j.Name]
	var found []compile.Problem
	for i, step := range j.Task.Capacity {
		if !asked || step == "EC2" || step == "EXTERNAL" || slices.Contains(has, step) {
			continue
		}
		found = append(found, refused(compile.Locate(text, pathOf(j.Name, compatible.AtStep, i)), compatible.Refusal{
			Rule: "cluster-provider", What: fmt.Sprintf("the cluster has no capacity provider %s, it has %s", step, orNone(has)),
			Remedy: "add it to AdditionalCapacityProviders of the stack, or to your own cluster with aws ecs put-cluster-capacity-providers, which replaces the whole list",
			Page:   "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutClusterCapacityProviders.html",
		}))
	}
	return found
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// refused is a mistake at a place: what ECS would refuse there, and by which rule.
func refused(at compile.Problem, r compatible.Refusal) compile.Problem {
	at.Message, at.Rule, at.Remedy, at.Page = r.String(), r.Rule, r.Remedy, r.Page
	return at
}

// pathOf is where a job says what is wrong.
func pathOf(job string, at compatible.At, step int) string {
	switch at {
	case compatible.AtStep:
		return fmt.Sprintf("jobs.%s.task.capacity[%d]", job, step)
	case compatible.AtSizes:
		return "jobs." + job + ".resources"
	}
	return "jobs." + job + ".task." + string(at)
}

// useOf is a job's use of its definition on one step.
func useOf(j run.Job, d compatible.Definition, step string, kind compatible.Kind) compatible.Use {
	t := j.Task
	u := compatible.Use{
		Definition: d, Step: step, Provider: kind, Container: t.Container, Subnets: len(t.Subnets) > 0, Groups: len(t.SecurityGroups) > 0,
		PublicIP: t.PublicIP, PlatformVersion: t.PlatformVersion, Placement: len(t.Placement.Strategy)+len(t.Placement.Constraints) > 0,
		Exec: t.EnableExecuteCommand,
	}
	for _, r := range j.Resources {
		u.Sizes = append(u.Sizes, compatible.Size{CPU: r.CPU, Memory: r.Memory, Storage: r.EphemeralStorage})
	}
	return u
}

// ordered leaves out what is said twice at one place, as of FARGATE and FARGATE_SPOT, and puts all in order.
func ordered(found []compile.Problem) []compile.Problem {
	var out []compile.Problem
	for _, p := range found {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b compile.Problem) int {
		if a.File != b.File {
			return strings.Compare(a.File, b.File)
		}
		return a.Line - b.Line
	})
	return out
}

// readLive asks ECS for the definitions that no template declares, and for the capacity providers of clusters.
func (o *options) readLive(ctx context.Context, s *surroundings, c config.Config, values map[string]string) error {
	cfg, err := o.connect(ctx, o.region, o.profile)
	if err != nil {
		return err
	}
	client := cluster.New(cfg, awsconf.Endpoint(o.getenv, "ECS"))
	s.providers = map[string][]string{}
	offers := map[string]cluster.Offer{}
	for _, j := range c.Jobs {
		if err := o.readOffer(ctx, client, s, j, values, offers); err != nil {
			return err
		}
		if err := o.readDefinition(ctx, client, s, j, values); err != nil {
			return err
		}
	}
	return nil
}

// readOffer asks ECS for the capacity providers of a job's cluster, once for each cluster.
func (o *options) readOffer(ctx context.Context, client *cluster.ECS, s *surroundings, j run.Job, values map[string]string, offers map[string]cluster.Offer) error {
	name, err := o.fillIn(ctx, j.Task.Cluster, values)
	if err != nil {
		return fmt.Errorf("job %s: %w", j.Name, err)
	}
	offer, known := offers[name]
	if !known {
		var found bool
		offer, found, err = client.Offer(ctx, name)
		if err == nil && !found {
			err = fmt.Errorf("describe cluster %s: there is none", name) //nolint:err113 // for a person
		}
		if err != nil {
			return refusal{err, "Look whether the cluster exists, and whether the credentials may call ecs:DescribeClusters."}
		}
		offers[name] = offer
	}
	s.providers[j.Name] = offer.Providers
	return nil
}

// readDefinition asks ECS for a job's task definition, unless it is known.
func (o *options) readDefinition(ctx context.Context, client *cluster.ECS, s *surroundings, j run.Job, values map[string]string) error {
	if _, known := s.definition(j.Task.Definition); known {
		return nil
	}
	name, err := o.fillIn(ctx, j.Task.Definition, values)
	if err != nil {
		return fmt.Errorf("job %s: %w", j.Name, err)
	}
	t, found, err := client.Task(ctx, name)
	if err == nil && !found {
		err = fmt.Errorf("describe task definition %s: there is none", name) //nolint:err113 // for a person
	}
	if err != nil {
		return refusal{err, "Look whether the task definition exists, and whether the credentials may call ecs:DescribeTaskDefinition."}
	}
	s.definitions[j.Task.Definition] = t.Declared
	return nil
}
