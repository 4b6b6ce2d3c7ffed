package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"slipway/internal/run"
)

// Finding is something that is wrong.
type Finding struct {
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	Subject  string   `json:"subject"` // what it is about, such as bucket photos
	What     string   `json:"what"`
	Why      string   `json:"why"`
	Do       string   `json:"do,omitempty"` // what no command can do
	// Command repairs it, or shows what there is to choose from. It may have several lines. What comes from elsewhere is
	// quoted for a shell.
	Command string `json:"command"`
	Page    string `json:"page"`
}

// report gathers findings.
type report struct {
	Facts
	found []Finding
}

// Examine are the findings, the worst first, otherwise in the order of Kinds.
func Examine(f Facts) []Finding {
	r := &report{Facts: f}
	for _, look := range []func(){
		r.buckets, r.clusters, r.definitions, r.images, r.roles, r.networks, r.scalers, r.deadLetters, r.topics, r.mail, r.quotas, r.health, r.unread,
	} {
		look()
	}
	kinds := Kinds()
	rank := func(f Finding) int {
		at := slices.IndexFunc(kinds, func(k Kind) bool { return k.ID == f.ID })
		if f.Severity != Error {
			at += len(kinds)
		}
		return at
	}
	slices.SortStableFunc(r.found, func(a, b Finding) int { return rank(a) - rank(b) })
	return r.found
}

// add reports a finding, once.
func (r *report) add(k Kind, subject, what, do, command string) {
	f := Finding{k.ID, k.Severity, line(subject), line(what), k.Why, line(do), command, k.Page}
	if !slices.Contains(r.found, f) {
		r.found = append(r.found, f)
	}
}

// each visits a map in the order of its names.
func each[V any](m map[string]V, visit func(name string, v V)) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		visit(name, m[name])
	}
}

func (r *report) buckets() {
	each(r.Buckets, func(name string, b Bucket) {
		subject := "bucket " + name
		switch b.Standing {
		case Missing:
			r.add(bucketMissing, subject, "there is no bucket "+name, "name one that exists under trigger.s3.bucket", "aws s3api list-buckets --query 'Buckets[].Name' --output text")
			return
		case Elsewhere:
			r.add(bucketElsewhere, subject, "bucket "+name+" is not in "+r.Region, "name a bucket of "+r.Region+", or deploy a stack where this one is", shell("aws", "s3api", "get-bucket-location", "--bucket", name))
			return
		case Forbidden:
			r.add(bucketForeign, subject, "bucket "+name+" is not account "+r.Account+"'s, or these credentials may not read it", "name a bucket of this account, or ask for s3:ListBucket on this one",
				shell("aws", "s3api", "head-bucket", "--bucket", name, "--expected-bucket-owner", r.Account))
			return
		case Owned:
		}
		if !b.EventBridge {
			r.add(bucketSilent, subject, "bucket "+name+" sends no events to EventBridge", "", shell("slipway", "doctor", "--stack", r.Stack, "--fix", "eventbridge"))
		}
		r.key(name, b)
	})
}

func (r *report) key(bucket string, b Bucket) {
	if b.Key == nil {
		return
	}
	if b.Key.State != "Enabled" {
		command := shell("aws", "kms", "enable-key", "--key-id", b.Key.ARN)
		if b.Key.State == "PendingDeletion" {
			command = shell("aws", "kms", "cancel-key-deletion", "--key-id", b.Key.ARN) + "\n" + command
		}
		r.add(keyDisabled, "bucket "+bucket, "key "+b.Key.ARN+" of bucket "+bucket+" is "+b.Key.State, "", command)
		return
	}
	for _, role := range b.Unable {
		r.add(keyGrant, "role "+nameOf(role), "role "+role+" may not decrypt with key "+b.Key.ARN+" of bucket "+bucket, "",
			shell("aws", "kms", "create-grant", "--key-id", b.Key.ARN, "--grantee-principal", role, "--operations", "Decrypt", "DescribeKey"))
	}
}

// launchTypes are steps that need no capacity provider.
func launchType(step string) bool { return step == "EC2" || step == "EXTERNAL" }

// lacks reports whether a cluster that is there has no capacity provider of a step that needs one.
func (c Cluster) lacks(step string) bool {
	return c.Found && !launchType(step) && !slices.Contains(c.Providers, step)
}

func (r *report) clusters() {
	each(r.Clusters, func(name string, c Cluster) {
		if !c.Found {
			r.add(clusterMissing, "cluster "+nameOf(name), "there is no active cluster "+name+" in "+r.Region, "name one that exists", "aws ecs list-clusters")
		}
	})
	missing := map[string][]string{}
	for _, j := range r.Config.Jobs {
		c, known := r.Clusters[j.Task.Cluster]
		for _, step := range j.Task.Capacity {
			if has, asked := r.Providers[step]; asked && !has {
				r.add(spotRegion, "capacity "+step, "region "+r.Region+" has no "+step+", which job "+j.Name+" asks for", "take it out of capacity in slipway.yaml",
					shell("aws", "ecs", "describe-capacity-providers", "--capacity-providers", step))
				continue
			}
			if known && c.lacks(step) && !slices.Contains(missing[j.Task.Cluster], step) {
				missing[j.Task.Cluster] = append(missing[j.Task.Cluster], step)
			}
		}
	}
	each(missing, func(cluster string, steps []string) {
		c := r.Clusters[cluster]
		args := append([]string{"aws", "ecs", "put-cluster-capacity-providers", "--cluster", cluster, "--capacity-providers"}, c.Providers...)
		args = append(append(args, steps...), "--default-capacity-provider-strategy")
		args = append(args, c.Strategy...)
		if len(c.Strategy) == 0 {
			args = append(args, "[]")
		}
		r.add(providerMissing, "cluster "+nameOf(cluster), "cluster "+cluster+" has no capacity provider "+strings.Join(steps, ", "),
			"where a stack makes the cluster, name it in AdditionalCapacityProviders instead; the command replaces the whole list, so it names what is there", shell(args...))
	})
}

func (r *report) definitions() {
	for _, j := range r.Config.Jobs {
		name := j.Task.Definition
		d, known := r.Definitions[name]
		list := shell("aws", "ecs", "list-task-definitions", "--family-prefix", family(name), "--sort", "DESC", "--max-items", "5")
		switch {
		case !known:
			continue
		case !d.Found:
			r.add(defMissing, "job "+j.Name, "there is no task definition "+name+" in "+r.Region, "name one that exists under task.definition", list)
			continue
		case !d.Active:
			r.add(defInactive, "job "+j.Name, "task definition "+name+" is inactive", "name an active revision under task.definition, or the family alone for the newest", list)
			continue
		}
		r.container(j, d)
		for _, refused := range r.Refused[j.Name] {
			if refused.Rule == "container-named" {
				continue // has its own kind
			}
			k := combination
			k.Page = refused.Page
			r.add(k, "job "+j.Name, refused.What, refused.Remedy, shell("aws", "ecs", "describe-task-definition", "--task-definition", name))
		}
	}
}

func (r *report) container(j run.Job, d Definition) {
	what := ""
	switch c := j.Task.Container; {
	case c == "" && len(d.Containers) > 1:
		what = "job " + j.Name + " names no container, and task definition " + j.Task.Definition + " has several"
	case c != "" && !slices.Contains(d.Containers, c):
		what = "task definition " + j.Task.Definition + " has no container " + c
	default:
		return
	}
	r.add(noContainer, "job "+j.Name, what, "name one of "+strings.Join(d.Containers, ", ")+" under task.container",
		shell("aws", "ecs", "describe-task-definition", "--task-definition", j.Task.Definition, "--query", "taskDefinition.containerDefinitions[].name"))
}

// platforms are the architectures of images by those of task definitions.
var platforms = map[string]string{"X86_64": "amd64", "ARM64": "arm64"}

func (r *report) images() {
	r.jobs(func(j run.Job, d Definition) {
		for _, uri := range d.Images {
			i, known := r.Images[uri]
			want := platforms[d.Architecture]
			build := shell("docker", "buildx", "build", "--platform", "linux/"+want, "--tag", untagged(uri), "--push", ".")
			switch {
			case !known:
			case !i.Found:
				r.add(imageMissing, "image "+uri, "image "+uri+" of task definition "+j.Task.Definition+" is not there", "push it, and name it with its tag or digest in the task definition", build)
			case len(i.Architectures) > 0 && !slices.Contains(i.Architectures, want):
				r.add(imageOther, "image "+uri, fmt.Sprintf("image %s is built for %s, and task definition %s asks for %s", uri, strings.Join(i.Architectures, ", "), j.Task.Definition, d.Architecture),
					"build it for "+want+" where its Dockerfile is, or give the task definition the runtimePlatform of the image", build)
			}
		}
	})
}

func (r *report) roles() {
	r.jobs(func(j run.Job, d Definition) {
		for _, arn := range d.Roles {
			role, known := r.Roles[arn]
			show := shell("aws", "iam", "get-role", "--role-name", nameOf(arn), "--query", "Role.AssumeRolePolicyDocument")
			switch {
			case known && !role.Found:
				r.add(roleMissing, "role "+nameOf(arn), "there is no role "+arn+", which task definition "+j.Task.Definition+" names", "register the task definition with a role that exists", "aws iam list-roles --query 'Roles[].Arn'")
				continue
			case known && !slices.Contains(role.Trusted, "ecs-tasks.amazonaws.com"):
				r.add(roleTrust, "role "+nameOf(arn), "role "+arn+" does not trust ecs-tasks.amazonaws.com", "add it as a principal of sts:AssumeRole to the trust policy", show)
			}
			if functions := r.Passing[arn]; len(functions) > 0 {
				r.add(rolePass, "role "+nameOf(arn), strings.Join(functions, " and ")+" may not pass role "+arn+" of task definition "+j.Task.Definition,
					"add it under task.roles of job "+j.Name+"; the command writes the right into wiring.yaml, and a deployment brings it", shell(r.slipway("generate")...))
			}
		}
	})
	if r.ServiceRole != nil && !*r.ServiceRole {
		r.add(serviceRole, "role AWSServiceRoleForECS", "the account has no role AWSServiceRoleForECS", "", "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com")
	}
}

// slipway is a command of this program about the configuration that is looked at.
func (r *report) slipway(args ...string) []string {
	if r.File != "" && r.File != "slipway.yaml" {
		args = append(args, "-f", r.File)
	}
	return append([]string{"slipway"}, args...)
}
