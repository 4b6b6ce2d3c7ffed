package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/smithy-go"

	"slipway/internal/cloud/autoscaling"
	"slipway/internal/cloud/bucket"
	"slipway/internal/cloud/cloudformation"
	"slipway/internal/cloud/cloudwatch"
	"slipway/internal/cloud/cluster"
	"slipway/internal/cloud/ecr"
	"slipway/internal/cloud/iam"
	"slipway/internal/cloud/identity"
	"slipway/internal/cloud/lambda"
	"slipway/internal/cloud/mailaccount"
	"slipway/internal/cloud/servicequotas"
	"slipway/internal/cloud/topic"
	"slipway/internal/compatible"
	"slipway/internal/config"
	"slipway/internal/doctor"
	"slipway/internal/run"
)

// emulated is the account of emulators, which AWS gives to nobody.
const emulated = "000000000000"

// examination reads the facts for the doctor.
type examination struct {
	*deployed
	compiled  config.Config // as slipway.yaml says it
	state     cloudformation.State
	resources map[string]cloudformation.Resource // by logical ID
	facts     doctor.Facts
	read      int // readings that were answered
}

// newExamination finds the stack and fills the configuration in. Without any credentials, or without the stack, there is
// nothing to examine.
func (o *options) newExamination(ctx context.Context) (*examination, error) {
	c, err := o.valid()
	if err != nil {
		return nil, err
	}
	d, err := o.reach(ctx)
	if err != nil {
		return nil, err
	}
	arn, err := identity.Caller(ctx, d.cfg, d.endpoint("STS"))
	if err != nil {
		return nil, err
	}
	r := &examination{deployed: d, compiled: c, resources: map[string]cloudformation.Resource{}}
	r.facts = doctor.Facts{Stack: d.name, Region: d.cfg.Region, File: o.file}
	if parts := strings.Split(arn, ":"); len(parts) > 4 {
		r.facts.Account = parts[4]
	}
	if err := r.stackOf(ctx); err != nil {
		return nil, err
	}
	return r, r.fill()
}

// stackOf reads the stack. Who may not read it goes on with what the environment says.
func (r *examination) stackOf(ctx context.Context) (err error) {
	stacks := cloudformation.New(r.cfg, r.endpoint("CLOUDFORMATION"))
	var none error
	r.try("stack "+r.name, "cloudformation:DescribeStacks", func() error {
		r.state, err = stacks.State(ctx, r.name)
		if errors.Is(err, cloudformation.ErrNoStack) {
			none = err
			return nil
		}
		return err
	})
	if none != nil {
		return none
	}
	r.output = func(name string) string { return cmp.Or(r.state.Outputs[name], r.environment(name)) }
	r.try("the resources of stack "+r.name, "cloudformation:ListStackResources", func() error {
		all, err := stacks.Resources(ctx, r.name)
		for _, resource := range all {
			r.resources[resource.LogicalID] = resource
		}
		return err
	})
	return nil
}

// environment is an output as .local/env has it.
func (r *examination) environment(name string) string {
	if r.getenv("SLIPWAY_STACK") != r.name {
		return ""
	}
	return r.getenv("SLIPWAY_" + name)
}

// fill fills the configuration in with what the stack says.
func (r *examination) fill() error {
	values, err := r.values(nil, r.output, r.getenv("SLIPWAY_STACK") == r.name)
	if err != nil {
		return err
	}
	for _, v := range config.Values() {
		if values[v.Name] == "" && r.resources[v.Name].PhysicalID != "" {
			values[v.Name] = r.resources[v.Name].PhysicalID
		}
	}
	values["NotificationEmail"] = r.state.Parameters["NotificationEmail"]
	c, err := r.compiled.Fill(values)
	if err != nil {
		return err
	}
	r.facts.Config = c.WithNetwork(config.Network{
		Subnets: split(r.state.Parameters["Subnets"]), SecurityGroups: split(r.state.Parameters["SecurityGroups"]),
		PublicIP: r.state.Parameters["PublicIp"] == "ENABLED",
	})
	return nil
}

func split(text string) []string {
	return slices.DeleteFunc(strings.Split(text, ","), func(s string) bool { return s == "" })
}

// filledIn reports whether a name is filled in.
func filledIn(name string) bool { return name != "" && !strings.Contains(name, "${") }

// refusedCodes are the codes with which services deny a call.
var refusedCodes = []string{
	"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "AuthorizationErrorException", "NotAuthorized", "Forbidden",
}

// try does one reading, and keeps why it could not be done.
func (r *examination) try(what, needs string, read func() error) {
	err := read()
	if err == nil {
		r.read++
		return
	}
	u := doctor.Unread{What: what, Needs: needs, How: doctor.Failed, Why: err.Error()}
	var api smithy.APIError
	switch {
	case errors.As(err, &api) && slices.Contains(refusedCodes, api.ErrorCode()):
		u.How, u.Why = doctor.Denied, api.ErrorCode()
	case r.facts.Account == emulated:
		u.How, u.Why = doctor.Absent, "the emulator does not answer that"
	}
	r.facts.Unread = append(r.facts.Unread, u)
}

// absent notes what there is nothing to look at for.
func (r *examination) absent(what, why string) {
	r.facts.Unread = append(r.facts.Unread, doctor.Unread{What: what, Why: why, How: doctor.Absent})
}

// readAll reads everything. What a reading needs of another comes before it.
func (r *examination) readAll(ctx context.Context) {
	for _, read := range []func(context.Context){
		r.definitions, r.clusters, r.images, r.roles, r.buckets, r.services, r.deadLetters, r.network, r.topics, r.mail, r.quotas, r.health, r.stale,
	} {
		if ctx.Err() != nil {
			return
		}
		read(ctx)
	}
}

func (r *examination) definitions(ctx context.Context) {
	r.facts.Definitions, r.facts.Refused = map[string]doctor.Definition{}, map[string][]compatible.Refusal{}
	client := cluster.New(r.cfg, r.endpoint("ECS"))
	tasks := map[string]cluster.Task{}
	for _, j := range r.facts.Config.Jobs {
		name := j.Task.Definition
		if !filledIn(name) {
			continue
		}
		r.try("task definition "+name, "ecs:DescribeTaskDefinition", func() error {
			t, known := tasks[name]
			if !known {
				var found bool
				var err error
				if t, found, err = client.Task(ctx, name); err != nil {
					return err
				}
				tasks[name], r.facts.Definitions[name] = t, ofTask(t, found)
			}
			if !t.Active {
				return nil
			}
			for _, step := range j.Task.Capacity {
				r.facts.Refused[j.Name] = append(r.facts.Refused[j.Name], compatible.Examine(useOf(j, t.Declared, step, compatible.Unknown))...)
			}
			return nil
		})
	}
}

// ofTask is what the doctor asks of a task definition. One that names no architecture is for X86_64.
func ofTask(t cluster.Task, found bool) doctor.Definition {
	d := doctor.Definition{
		Found: found, Active: t.Active, ARN: t.ARN, Containers: t.Declared.ContainerNames(), TaskRole: t.TaskRole, Roles: t.Roles,
		CPU: t.Declared.CPU,
	}
	if found {
		d.Architecture = cmp.Or(t.Declared.Architecture, "X86_64")
	}
	for _, c := range t.Declared.Containers {
		d.Images = append(d.Images, c.Image)
	}
	return d
}

func (r *examination) clusters(ctx context.Context) {
	r.facts.Clusters = map[string]doctor.Cluster{}
	client := cluster.New(r.cfg, r.endpoint("ECS"))
	fargate := false
	for _, j := range r.facts.Config.Jobs {
		fargate = fargate || slices.ContainsFunc(j.Task.Capacity, func(step string) bool { return strings.HasPrefix(step, "FARGATE") })
		name := j.Task.Cluster
		if _, ok := r.facts.Clusters[name]; ok || !filledIn(name) {
			continue
		}
		r.try("cluster "+name, "ecs:DescribeClusters", func() error {
			o, found, err := client.Offer(ctx, name)
			if err == nil {
				r.facts.Clusters[name] = doctor.Cluster{Found: found, Providers: o.Providers, Strategy: o.Strategy}
			}
			return err
		})
	}
	if fargate {
		r.try("whether the region has Fargate Spot", "ecs:DescribeCapacityProviders", func() (err error) {
			r.facts.Providers, err = client.Has(ctx)
			return err
		})
	}
}

// found are the task definitions that were found, in the order of their names.
func (r *examination) found() []doctor.Definition {
	var out []doctor.Definition
	for _, name := range slices.Sorted(maps.Keys(r.facts.Definitions)) {
		if d := r.facts.Definitions[name]; d.Found {
			out = append(out, d)
		}
	}
	return out
}

func (r *examination) images(ctx context.Context) {
	r.facts.Images = map[string]doctor.Image{}
	seen := map[string]bool{}
	for _, d := range r.found() {
		for _, uri := range d.Images {
			if seen[uri] {
				continue
			}
			seen[uri] = true
			name, ok := ecr.Parse(uri)
			if !ok {
				r.absent("image "+uri, "it is not in a private registry of ECR")
				continue
			}
			at := r.cfg
			at.Region = name.Region
			r.try("image "+uri, "ecr:BatchGetImage and ecr:GetDownloadUrlForLayer", func() error {
				architectures, found, err := ecr.New(at, r.endpoint("ECR")).Architectures(ctx, name)
				if err == nil {
					r.facts.Images[uri] = doctor.Image{Found: found, Architectures: architectures}
				}
				return err
			})
		}
	}
}

// passers are the functions that start tasks, by the logical IDs of their roles.
var passers = map[string]string{"S3TriggerRole": "s3-trigger", "SchedulerRole": "scheduler"}

func (r *examination) roles(ctx context.Context) {
	r.facts.Roles, r.facts.Passing = map[string]doctor.Role{}, map[string][]string{}
	client := iam.New(r.cfg, r.endpoint("IAM"))
	for _, d := range r.found() {
		for _, arn := range d.Roles {
			if _, ok := r.facts.Roles[arn]; ok {
				continue
			}
			r.try("role "+arn, "iam:GetRole", func() error {
				trusted, err := client.Trusted(ctx, arn)
				if err == nil || errors.Is(err, iam.ErrNoRole) {
					r.facts.Roles[arn] = doctor.Role{Found: err == nil, Trusted: trusted}
					return nil
				}
				return err
			})
			r.passing(ctx, client, arn)
		}
	}
	r.serviceRole(ctx, client)
}

// serviceRole looks for the role that ECS makes for itself. Emulators have none of these.
func (r *examination) serviceRole(ctx context.Context, client *iam.IAM) {
	const role = "AWSServiceRoleForECS"
	if r.facts.Account == emulated {
		r.absent("role "+role, "the emulator has no such roles")
		r.absent("who may pass roles", "the emulator does not simulate conditions")
		return
	}
	r.try("role "+role, "iam:GetRole", func() error {
		_, err := client.Trusted(ctx, role)
		if there := err == nil; there || errors.Is(err, iam.ErrNoRole) {
			r.facts.ServiceRole = &there
			return nil
		}
		return err
	})
}

// passing asks whether the functions may pass a role to tasks. The emulator leaves out the condition of that right.
func (r *examination) passing(ctx context.Context, client *iam.IAM, arn string) {
	if r.facts.Account == emulated {
		return
	}
	for _, logical := range slices.Sorted(maps.Keys(passers)) {
		function := r.resources[logical].PhysicalID
		if function == "" {
			continue
		}
		r.try("who may pass role "+arn, "iam:SimulatePrincipalPolicy", func() error {
			may, err := client.May(ctx, r.roleARN(function), "iam:PassRole", arn, "ecs-tasks.amazonaws.com")
			if err == nil && !may {
				r.facts.Passing[arn] = append(r.facts.Passing[arn], passers[logical])
			}
			return err
		})
	}
}

// roleARN is the ARN of a role of the account by its name.
func (r *examination) roleARN(name string) string {
	partition := "aws"
	for prefix, other := range map[string]string{"cn-": "aws-cn", "us-gov-": "aws-us-gov"} {
		if strings.HasPrefix(r.facts.Region, prefix) {
			partition = other
		}
	}
	return "arn:" + partition + ":iam::" + r.facts.Account + ":role/" + name
}

func (r *examination) services(ctx context.Context) {
	r.facts.Services, r.facts.Queues = map[string]doctor.Service{}, map[string]doctor.Queue{}
	client := cluster.New(r.cfg, r.endpoint("ECS"))
	var targets []string
	byTarget := map[string]string{}
	for _, s := range r.facts.Config.Scalers {
		if at := s.Cluster + "/" + s.Service; filledIn(at) {
			r.try("service "+at, "ecs:DescribeServices and ecs:DescribeTaskDefinition", func() error { return r.service(ctx, client, s) })
			target := "service/" + clusterOf(s.Cluster) + "/" + s.Service
			targets, byTarget[target] = append(targets, target), at
		}
		for _, url := range s.Queues {
			if filledIn(url) {
				r.queue(ctx, url)
			}
		}
	}
	if len(targets) == 0 {
		return
	}
	r.try("what Application Auto Scaling manages", "application-autoscaling:DescribeScalableTargets", func() error {
		managed, err := autoscaling.New(r.cfg, r.endpoint("APPLICATION_AUTO_SCALING"), time.Now).Managed(ctx, targets)
		for _, target := range managed {
			r.facts.Scaled = append(r.facts.Scaled, byTarget[target])
		}
		return err
	})
}

func (r *examination) service(ctx context.Context, client *cluster.ECS, s config.Scaler) error {
	service, found, err := client.Service(ctx, s.Cluster, s.Service)
	if err != nil {
		return err
	}
	out := doctor.Service{Found: found, OnFargate: service.OnFargate, Spot: service.Spot}
	if found {
		t, _, err := client.Task(ctx, service.Definition)
		if err != nil {
			return err
		}
		out.CPU = t.Declared.CPU
	}
	r.facts.Services[s.Cluster+"/"+s.Service] = out
	return nil
}

func (r *examination) queue(ctx context.Context, url string) {
	r.try("queue "+url, "sqs:GetQueueAttributes", func() error {
		q, found, err := r.queues.Queue(ctx, url)
		if err != nil {
			return err
		}
		r.facts.Queues[url] = doctor.Queue{Found: found, Visibility: q.Visibility}
		if parts := strings.Split(q.DeadLetters, ":"); len(parts) == 6 {
			r.try("queue "+parts[5], "sqs:GetQueueUrl and sqs:GetQueueAttributes", func() error {
				dead, err := r.queues.URL(ctx, parts[5], parts[4])
				if err != nil {
					return err
				}
				return r.letters(ctx, parts[5], dead, false)
			})
		}
		return nil
	})
}

func (r *examination) letters(ctx context.Context, name, url string, ours bool) error {
	depth, err := r.queues.Depth(ctx, url)
	if err == nil {
		r.facts.DeadLetters = append(r.facts.DeadLetters, doctor.DeadLetters{Queue: name, URL: url, Ours: ours, Count: depth.Visible + depth.InFlight})
	}
	return err
}

func (r *examination) deadLetters(ctx context.Context) {
	for _, output := range []string{"LaunchDeadLetterQueueUrl", "LifecycleDeadLetterQueueUrl"} {
		if url := r.output(output); url != "" {
			name := url[strings.LastIndexByte(url, '/')+1:]
			r.try("queue "+name, "sqs:GetQueueAttributes", func() error { return r.letters(ctx, name, url, true) })
		}
	}
}

func (r *examination) topics(ctx context.Context) {
	r.facts.Topics = map[string]doctor.Topic{}
	email := r.state.Parameters["NotificationEmail"]
	expected := map[string]string{}
	if arn := r.output("TopicArn"); arn != "" {
		expected[arn] = email
	}
	for _, n := range r.facts.Config.Notifications {
		for _, to := range n.To {
			if _, ok := expected[to]; !ok && strings.HasPrefix(to, "arn:") && filledIn(to) {
				expected[to] = ""
			}
		}
	}
	for _, arn := range slices.Sorted(maps.Keys(expected)) {
		r.try("topic "+arn, "sns:ListSubscriptionsByTopic", func() error {
			s, found, err := topic.Read(ctx, r.cfg, r.endpoint("SNS"), arn)
			if err == nil {
				r.facts.Topics[arn] = doctor.Topic{Found: found, Pending: s.Pending, Confirmed: s.Confirmed, Expected: expected[arn]}
			}
			return err
		})
	}
}

// mail looks at SES where mails go through it.
func (r *examination) mail(ctx context.Context) {
	sender := r.state.Parameters["Sender"]
	if sender == "" {
		return
	}
	m := doctor.Mail{Sender: sender, Identity: cmp.Or(r.state.Parameters["SenderIdentity"], sender), To: r.recipients()}
	client := mailaccount.New(r.cfg, r.endpoint("SESV2"))
	r.try("SES", "ses:GetAccount", func() error {
		sandbox, sends, err := client.State(ctx)
		if err == nil {
			m.Sandbox, m.Paused = sandbox, !sends
			r.facts.Mail = &m
		}
		return err
	})
	identities := []string{m.Identity, domain(m.Identity)}
	if m.Sandbox {
		for _, to := range m.To {
			identities = append(identities, to, domain(to))
		}
	}
	r.facts.Identities = map[string]bool{}
	for _, identity := range identities {
		if _, ok := r.facts.Identities[identity]; ok {
			continue
		}
		r.try("identity "+identity, "ses:GetEmailIdentity", func() error {
			verified, err := client.Verified(ctx, identity)
			if err == nil {
				r.facts.Identities[identity] = verified
			}
			return err
		})
	}
}

// recipients are the addresses that notifications go to, each once.
func (r *examination) recipients() []string {
	var all []string
	for _, n := range r.facts.Config.Notifications {
		for _, to := range n.To {
			if strings.Contains(to, "@") && filledIn(to) && !slices.Contains(all, to) {
				all = append(all, to)
			}
		}
	}
	return all
}

func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// atPeak is how many functions of a stack run at once at most: those that queues invoke as often as their
// MaximumConcurrency in template.yaml says, and the three that are called each minute.
const atPeak = 4 + 4 + 3

func (r *examination) quotas(ctx context.Context) {
	for _, q := range []struct {
		code string
		into **float64
	}{{"L-3032A538", &r.facts.VCPU.OnDemand}, {"L-36FBB829", &r.facts.VCPU.Spot}} {
		r.try("quota "+q.code+" of Fargate", "servicequotas:GetServiceQuota", func() error {
			value, err := servicequotas.New(r.cfg, r.endpoint("SERVICE_QUOTAS")).Value(ctx, "fargate", q.code)
			if err == nil {
				*q.into = &value
			}
			return err
		})
	}
	r.try("the concurrency of Lambda", "lambda:GetAccountSettings", func() error {
		limit, err := lambda.New(r.cfg, r.endpoint("LAMBDA")).Limit(ctx)
		if err == nil {
			r.facts.Concurrent = &doctor.Concurrency{Limit: limit, Needs: atPeak}
		}
		return err
	})
}

// ticking are the functions that are called each minute.
var ticking = []config.Function{config.Scheduler, config.SqsScaler, config.LifecycleNotifier}

// ticksFor is how far back ticks are looked for. CloudWatch shows a call a few minutes later.
const ticksFor = 15 * time.Minute

func (r *examination) health(ctx context.Context) {
	client := cloudwatch.New(r.cfg, r.endpoint("CLOUDWATCH"))
	now := r.now()
	if now.Sub(r.state.Changed) < ticksFor {
		r.absent("ticks", "the stack was deployed less than a quarter of an hour ago")
	} else {
		r.facts.Ticks = map[string]int{}
		for _, f := range ticking {
			function := r.resources[string(f)].PhysicalID
			if function == "" {
				continue
			}
			r.try("the calls of "+function, "cloudwatch:GetMetricStatistics", func() error {
				n, err := client.Calls(ctx, function, now.Add(-ticksFor), now)
				if err == nil {
					r.facts.Ticks[function] = n
				}
				return err
			})
		}
	}
	var names []string
	for _, resource := range r.resources {
		if resource.Type == "AWS::CloudWatch::Alarm" {
			names = append(names, resource.PhysicalID)
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		return
	}
	r.try("the alarms of stack "+r.name, "cloudwatch:DescribeAlarms", func() error {
		alarms, err := client.Alarms(ctx, names)
		for _, a := range alarms {
			r.facts.Alarms = append(r.facts.Alarms, doctor.Alarm{Name: a.Name, Says: a.Says, Ringing: a.State == "ALARM", Stopped: a.Actions != nil && !*a.Actions})
		}
		return err
	})
}

// stale compares slipway.yaml with the wiring beside it, and with what the functions were deployed with.
func (r *examination) stale(ctx context.Context) {
	if wiring := r.beside(wiringFile); exists(wiring) {
		before, after, err := r.wiring(r.compiled, wiring)
		if err == nil && !bytes.Equal(before, after) {
			r.facts.Stale.Wiring = wiring
		}
	}
	want, err := compact(r.compiled)
	if err != nil {
		return
	}
	for _, f := range config.Functions() {
		function := r.resources[string(f)].PhysicalID
		if function == "" {
			continue
		}
		r.try("the configuration of "+function, "lambda:GetFunction", func() error {
			text, err := lambda.New(r.cfg, r.endpoint("LAMBDA")).File(ctx, function, config.FileName)
			if err != nil {
				return err
			}
			var c config.Config
			if err := json.Unmarshal(text, &c); err != nil {
				return fmt.Errorf("decode the configuration of %s: %w", function, err)
			}
			got, err := compact(c)
			if err == nil && !bytes.Equal(got, want) {
				r.facts.Stale.Functions = append(r.facts.Stale.Functions, function)
			}
			return err
		})
	}
}

// compact is a configuration in one form, however it was written.
func compact(c config.Config) ([]byte, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode the configuration: %w", err)
	}
	return text, nil
}

// jobsOf are the jobs that a bucket starts.
func (r *examination) jobsOf(name string) []run.Job {
	return slices.DeleteFunc(slices.Clone(r.facts.Config.Jobs), func(j run.Job) bool { return j.Trigger.S3 == nil || j.Trigger.S3.Bucket != name })
}

// bucketNames are the buckets that start jobs, each once.
func (r *examination) bucketNames() []string {
	names := map[string]bool{}
	for _, j := range r.facts.Config.Jobs {
		if j.Trigger.S3 != nil && filledIn(j.Trigger.S3.Bucket) {
			names[j.Trigger.S3.Bucket] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func (r *examination) bucket(name string) *bucket.Bucket {
	return bucket.New(r.cfg, r.endpoint("S3"), name)
}
