package wiring

import (
	"maps"
	"slices"
	"strings"

	"slipway/internal/config"
	"slipway/internal/config/compile"
	"slipway/internal/run"
)

// plan is what a configuration names, each once and in alphabetical order, with the jobs or scalers that name it.
type plan struct {
	buckets     users
	clusters    users            // of jobs and scalers
	definitions map[string]users // by cluster
	passed      map[string]users // roles: the name of a parameter, or an ARN
	queues      users
	services    users // ARNs
	topics      users
	logs        users // streams of log groups, as ARNs
	tagged      users // clusters of jobs whose tasks get tags when they are started
	replacing   users // clusters of jobs that stop the oldest task for a new one
	batches     users // jobs with batch
}

// users are names with those who use them.
type users map[string][]string

func (u users) add(name, user string) {
	if !slices.Contains(u[name], user) {
		u[name] = append(u[name], user)
		slices.Sort(u[name])
	}
}

func (u users) names() []string { return slices.Sorted(maps.Keys(u)) }

func read(c config.Config) plan {
	p := plan{
		buckets: users{}, clusters: users{}, definitions: map[string]users{}, passed: map[string]users{}, queues: users{}, services: users{},
		topics: users{}, tagged: users{}, replacing: users{}, batches: users{}, logs: users{},
	}
	for _, j := range c.Jobs {
		if s3 := j.Trigger.S3; s3 != nil {
			p.buckets.add(s3.Bucket, j.Name)
		}
		t := j.Task
		p.clusters.add(t.Cluster, j.Name)
		if p.definitions[t.Cluster] == nil {
			p.definitions[t.Cluster] = users{}
		}
		p.definitions[t.Cluster].add(t.Definition, j.Name)
		if name, ok := compile.Whole(t.Definition); ok {
			p.pass(roles(name), "", j.Name)
		}
		for _, arn := range t.Roles {
			p.pass("", arn, j.Name)
		}
		p.policies(j)
	}
	for _, s := range c.Scalers {
		p.clusters.add(s.Cluster, s.Name)
		p.services.add(under(s.Cluster, "service", s.Service), s.Name)
		for _, q := range s.Queues {
			p.queues.add(q, s.Name)
		}
	}
	p.telling(c)
	return p
}

// telling notes what the mails need.
func (p plan) telling(c config.Config) {
	for _, l := range c.Logs {
		p.logs.add(logStreams(l.Group, l.Prefix), l.Name)
	}
	for _, n := range c.Notifications {
		for _, w := range n.Watch {
			p.clusters.add(w.Cluster, w.Service)
		}
		for _, to := range n.To {
			if strings.HasPrefix(to, "arn:") {
				p.topics.add(to, to)
			}
		}
	}
}

// policies notes those of a job that need rights.
func (p plan) policies(j run.Job) {
	t := j.Task
	if len(t.Tags) > 0 || t.PropagateTags != "" || t.EnableECSManagedTags {
		p.tagged.add(t.Cluster, j.Name)
	}
	if j.Concurrency.WhenFull == run.WhenFullReplace {
		p.replacing.add(t.Cluster, j.Name)
	}
	if j.Batch != nil {
		p.batches.add(j.Name, j.Name)
	}
}

// pass notes a role: roles of one parameter belong together, and so do all ARNs.
func (p plan) pass(parameter, arn, job string) {
	if p.passed[parameter] == nil {
		p.passed[parameter] = users{}
	}
	p.passed[parameter].add(arn, job)
}
