package deploy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"slipway/internal/config"
	"slipway/internal/config/compile"
	"slipway/internal/run"
)

// Finding is something that stands against a deployment, with what to do about it.
type Finding struct {
	About string `json:"about"` // as in jobs.images.task.definition, or the name of a parameter
	What  string `json:"what"`
	Do    string `json:"do"`
}

// String is the finding in one line.
func (f Finding) String() string { return f.About + ": " + f.What + "; " + f.Do }

// Facts are what the account says of the things that a configuration and an environment name. A name without an entry
// was not looked for.
type Facts struct {
	Account   string
	Region    string
	Spot      bool                  // FARGATE_SPOT is to be had in the region
	Subnets   map[string]string     // the VPC of each that exists
	Buckets   map[string]string     // "" is right; else what is wrong
	Providers map[string][]string   // of each cluster that exists
	Tasks     map[string]Definition // of each task definition that exists
	Services  map[string]bool       // CLUSTER/SERVICE
	Queues    map[string]bool       // URLs
	Roles     map[string]string     // "" may be passed to tasks; else why not
	Images    map[string]bool       // those of ECR that exist
}

// Definition is what matters of a task definition here.
type Definition struct{ Containers, Roles []string }

// values are the deploy-time values that are known before a deployment; those of the examples are empty without them.
func values(e Environment) map[string]string {
	out := map[string]string{}
	if arn, _ := e.Value("ClusterArn"); arn != "" {
		out["ClusterName"] = arn[strings.LastIndexByte(arn, '/')+1:]
	}
	if address, ok := e.Value("NotificationEmail"); ok {
		out["NotificationEmail"] = address
	}
	return out
}

// fromStack are the deploy-time values that do not come from the examples.
var fromStack = []string{"ClusterName", "BatchBucket", "NotificationEmail"}

// Without are the findings about values that are empty because the examples are not deployed.
func Without(c config.Config, e Environment) []Finding {
	if examples, _ := e.Value("Examples"); examples != "false" {
		return nil
	}
	var out []Finding
	check := func(about, text string) {
		_, names := config.Expand(text, func(string) (string, bool) { return "", false })
		for _, name := range names {
			if !slices.Contains(fromStack, name) {
				out = append(out, Finding{
					about, fmt.Sprintf("${%s} is empty, because Examples=false leaves the examples out", name),
					"name something of your own there, or set Examples=true",
				})
			}
		}
	}
	for _, j := range c.Jobs {
		if j.Trigger.S3 != nil {
			check("jobs."+j.Name+".trigger.s3.bucket", j.Trigger.S3.Bucket)
		}
		check("jobs."+j.Name+".task.definition", j.Task.Definition)
		check("jobs."+j.Name+".task.cluster", j.Task.Cluster)
	}
	for _, s := range c.Scalers {
		check("scalers."+s.Name+".queues", strings.Join(s.Queues, ","))
		check("scalers."+s.Name+".service", s.Cluster+"/"+s.Service)
	}
	for _, l := range c.Logs {
		check("logs."+l.Name+".group", l.Group)
	}
	return out
}

// Named are the things that a configuration and an environment name, as they are before a deployment. What the
// deployment itself makes is not among them.
type Named struct {
	Subnets, Buckets, Clusters, Definitions, Services, Queues, Roles, Images []string
	Spot                                                                     bool
}

// names gathers names, each once, without what the deployment itself fills in.
type names map[string]bool

func (n names) add(all ...string) {
	for _, name := range all {
		if name != "" && !strings.Contains(name, "${") {
			n[name] = true
		}
	}
}

func (n names) sorted() []string { return slices.Sorted(maps.Keys(n)) }

// Names are what is to be looked for.
func Names(c config.Config, e Environment) (Named, error) {
	c, err := c.Fill(values(e))
	if err != nil {
		return Named{}, err
	}
	subnets, buckets, clusters, definitions, services, queues, roles := names{}, names{}, names{}, names{}, names{}, names{}, names{}
	text, _ := e.Value("Subnets")
	subnets.add(strings.Split(text, ",")...)
	arn, _ := e.Value("ClusterArn")
	clusters.add(arn)
	usesSpot := arn == "" // the cluster that the stack makes is given both
	for _, j := range c.Jobs {
		if j.Trigger.S3 != nil {
			buckets.add(j.Trigger.S3.Bucket)
		}
		clusters.add(clusterName(j.Task.Cluster, arn))
		definitions.add(j.Task.Definition)
		roles.add(j.Task.Roles...)
		subnets.add(j.Task.Subnets...)
		usesSpot = usesSpot || slices.Contains(j.Task.Capacity, spot)
	}
	images := names{}
	if examples, _ := e.Value("Examples"); examples != "false" {
		for _, parameter := range ImageParameters() {
			image, _ := e.Value(parameter)
			images.add(image)
		}
	}
	for _, s := range c.Scalers {
		services.add(s.Cluster + "/" + s.Service)
		queues.add(s.Queues...)
	}
	return Named{
		Subnets: subnets.sorted(), Buckets: buckets.sorted(), Clusters: clusters.sorted(), Definitions: definitions.sorted(),
		Services: services.sorted(), Queues: queues.sorted(), Roles: roles.sorted(), Images: images.sorted(), Spot: usesSpot,
	}, nil
}

// ImageParameters are the parameters that name the images of the reference tasks.
func ImageParameters() []string {
	return []string{"ObjectProcessorImage", "HourlyBatchImage", "QueueWorkerImage"}
}

const spot = "FARGATE_SPOT"

// clusterName is the cluster as it is asked for: the ARN of the environment where the name is the same.
func clusterName(name, arn string) string {
	if arn != "" && strings.HasSuffix(arn, ":cluster/"+name) {
		return arn
	}
	return name
}

// Findings are everything that stands against a deployment, by the facts.
func Findings(c config.Config, e Environment, f Facts) ([]Finding, error) {
	out := Without(c, e)
	filled, err := c.Fill(values(e))
	if err != nil {
		return nil, err
	}
	named, err := Names(c, e)
	if err != nil {
		return nil, err
	}
	add := func(about, what, do string) { out = append(out, Finding{about, what, do}) }
	if named.Spot && !f.Spot {
		add("capacity", "region "+f.Region+" has no Fargate Spot", "choose another region, or give an existing cluster as ClusterArn and leave FARGATE_SPOT out of every capacity in slipway.yaml")
	}
	f.network(named, add)
	f.images(e, add)
	f.passed(filled, add)
	for _, j := range filled.Jobs {
		f.job(j, e, add)
	}
	f.scalers(filled.Scalers, add)
	return out, nil
}

func (f Facts) scalers(all []config.Scaler, add func(about, what, do string)) {
	for _, s := range all {
		if at := s.Cluster + "/" + s.Service; known(f.Services, at) && !f.Services[at] {
			add("scalers."+s.Name+".service", "cluster "+s.Cluster+" has no active service "+s.Service, `name one of "aws ecs list-services --cluster `+s.Cluster+`"`)
		}
		for _, q := range s.Queues {
			if known(f.Queues, q) && !f.Queues[q] {
				add("scalers."+s.Name+".queues", "there is no queue "+q+" that these credentials may read", `name one of "aws sqs list-queues"`)
			}
		}
	}
}

func known[V any](m map[string]V, name string) bool { _, ok := m[name]; return ok }

func (f Facts) network(n Named, add func(about, what, do string)) {
	for _, id := range n.Subnets {
		if f.Subnets[id] == "" {
			add("Subnets", "there is no subnet "+id+" in "+f.Region, `name subnets of "aws ec2 describe-subnets", or remove the line to be offered those of the default VPC`)
		}
	}
}

func (f Facts) images(e Environment, add func(about, what, do string)) {
	for _, parameter := range ImageParameters() {
		image, _ := e.Value(parameter)
		if known(f.Images, image) && !f.Images[image] {
			add(parameter, "there is no image "+image, "push it, or remove the line to have it built and pushed")
		}
	}
}

// job checks what one job names. What still has ${…} in it is made by the deployment.
func (f Facts) job(j run.Job, e Environment, add func(about, what, do string)) {
	at := "jobs." + j.Name
	if s3 := j.Trigger.S3; s3 != nil && f.Buckets[s3.Bucket] != "" {
		add(at+".trigger.s3.bucket", "bucket "+s3.Bucket+" "+f.Buckets[s3.Bucket], "name a bucket of account "+f.Account+" in "+f.Region)
	}
	arn, _ := e.Value("ClusterArn")
	f.capacity(j, clusterName(j.Task.Cluster, arn), add)
	if strings.Contains(j.Task.Definition, "${") {
		return
	}
	d, ok := f.Tasks[j.Task.Definition]
	switch {
	case !ok:
		add(at+".task.definition", "ECS knows no active task definition "+j.Task.Definition+" in "+f.Region, `name one of "aws ecs list-task-definitions"`)
		return
	case j.Task.Container != "" && !slices.Contains(d.Containers, j.Task.Container):
		add(at+".task.container", "task definition "+j.Task.Definition+" has no container "+j.Task.Container, compile.Suggest(j.Task.Container, d.Containers))
	}
	for _, role := range d.Roles {
		if !slices.Contains(j.Task.Roles, role) {
			add(at+".task.roles", "task definition "+j.Task.Definition+" uses "+role+", which Slipway would not be allowed to pass", `add it to task.roles and run "slipway generate"`)
		}
	}
}

func (f Facts) capacity(j run.Job, cluster string, add func(about, what, do string)) {
	if strings.Contains(cluster, "${") {
		return // it is made, with what the parameters say
	}
	providers, ok := f.Providers[cluster]
	if !ok {
		add("jobs."+j.Name+".task.cluster", "there is no active cluster "+cluster+" in "+f.Region, `name one of "aws ecs list-clusters"`)
		return
	}
	for _, step := range j.Task.Capacity {
		if step != "FARGATE" && step != "EC2" && step != "EXTERNAL" && !slices.Contains(providers, step) { // those three are launch types too
			add("jobs."+j.Name+".task.capacity", "cluster "+cluster+" has no capacity provider "+step,
				`add it with "aws ecs put-cluster-capacity-providers" (which replaces the whole list), or take it out of capacity`)
		}
	}
}

// passed checks the roles that jobs name.
func (f Facts) passed(c config.Config, add func(about, what, do string)) {
	for _, j := range c.Jobs {
		for _, role := range j.Task.Roles {
			if why := f.Roles[role]; why != "" {
				add("jobs."+j.Name+".task.roles", role+" cannot be passed to a task: "+why, "name the task role and the execution role of the task definition, which trust ecs-tasks.amazonaws.com")
			}
		}
	}
}
