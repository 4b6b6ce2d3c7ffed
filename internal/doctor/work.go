package doctor

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"slipway/internal/run"
)

func (r *report) scalers() {
	for _, s := range r.Config.Scalers {
		at := s.Cluster + "/" + s.Service
		if service, known := r.Services[at]; known && !service.Found {
			r.add(serviceMissing, "scaler "+s.Name, "cluster "+s.Cluster+" has no active service "+s.Service, "name one that exists under service", shell("aws", "ecs", "list-services", "--cluster", s.Cluster))
		}
		if slices.Contains(r.Scaled, at) {
			r.add(serviceTwice, "scaler "+s.Name, "Application Auto Scaling manages service "+at+" too", "or remove the scaler",
				shell("aws", "application-autoscaling", "deregister-scalable-target", "--service-namespace", "ecs", "--scalable-dimension", "ecs:service:DesiredCount", "--resource-id", "service/"+nameOf(s.Cluster)+"/"+s.Service))
		}
		for _, url := range s.Queues {
			q, known := r.Queues[url]
			switch {
			case !known:
			case !q.Found:
				r.add(queueMissing, "scaler "+s.Name, "there is no queue "+url, "name one that exists under queues", "aws sqs list-queues")
			case s.ServiceTime > q.Visibility:
				r.add(queueShort, "queue "+nameOf(url), fmt.Sprintf("queue %s shows a message again after %s, and serviceTime of scaler %s is %s", url, q.Visibility, s.Name, s.ServiceTime), "",
					shell("aws", "sqs", "set-queue-attributes", "--queue-url", url, "--attributes", "VisibilityTimeout="+strconv.Itoa(int(min(6*s.ServiceTime, 12*time.Hour)/time.Second))))
			}
		}
	}
}

func (r *report) deadLetters() {
	for _, d := range r.DeadLetters {
		if d.Count == 0 {
			continue
		}
		command := []string{"slipway", "dead-letters", "--stack", r.Stack}
		if !d.Ours {
			command = append(command, "--queue", d.URL)
		}
		noun := " dead letters"
		if d.Count == 1 {
			noun = " dead letter"
		}
		r.add(letters, "queue "+d.Queue, "queue "+d.Queue+" holds about "+strconv.Itoa(d.Count)+noun, "the command says why each is there and how to send it back", shell(command...))
	}
}

func (r *report) topics() {
	each(r.Topics, func(arn string, t Topic) {
		subject := "topic " + nameOf(arn)
		if !t.Found {
			r.add(topicMissing, subject, "there is no topic "+arn, "name one that exists under notifications", "aws sns list-topics")
			return
		}
		again := func(address string) string {
			return shell("aws", "sns", "subscribe", "--topic-arn", arn, "--protocol", "email", "--notification-endpoint", address)
		}
		for _, address := range t.Pending {
			r.add(unconfirmed, subject, address+" has not confirmed its subscription to topic "+arn, "open the link in the mail from AWS Notifications; the command sends another", again(address))
		}
		if t.Expected != "" && !slices.Contains(t.Pending, t.Expected) && !slices.Contains(t.Confirmed, t.Expected) {
			r.add(unsubscribed, subject, t.Expected+" is not subscribed to topic "+arn, "then open the link in the mail from AWS Notifications", again(t.Expected))
		}
	})
}

func (r *report) mail() {
	m := r.Mail
	if m == nil {
		return
	}
	verify := func(identity string) string {
		return shell("aws", "sesv2", "create-email-identity", "--email-identity", identity)
	}
	if m.Paused {
		r.add(sendingOff, "SES", "SES may not send for account "+r.Account+" in "+r.Region, "AWS pauses sending after bounces and complaints; its mails say what it wants", "aws sesv2 get-account")
	}
	if verified, known := r.verified(m.Identity); known && !verified {
		r.add(unverified, "sender "+m.Sender, m.Identity+" is not verified in SES in "+r.Region, "then open the link in the mail, or set the DNS records of a domain", verify(m.Identity))
	}
	if !m.Sandbox {
		return
	}
	for _, address := range m.To {
		if verified, known := r.verified(address); known && !verified {
			r.add(sandbox, "address "+address, "SES is in its sandbox, and "+address+" is not verified", "open the link in the mail that follows the command, or ask AWS for production access", verify(address))
		}
	}
}

// verified reports whether an address, or its domain, is a verified identity. That it is not is known only when both
// were asked for.
func (r *report) verified(address string) (verified, known bool) {
	own, asked := r.Identities[address]
	domain, both := r.Identities[address[strings.LastIndexByte(address, '@')+1:]]
	return own || domain, own || domain || asked && both
}

const perVCPU = 1024

// demand is what tasks at their most take of Fargate's quotas, in vCPU. A job without a maximum counts with one task.
func (r *report) demand() (onDemand, spot float64) {
	r.jobs(func(j run.Job, d Definition) {
		cpu := d.CPU
		for _, size := range j.Resources {
			cpu = max(cpu, size.CPU)
		}
		most := float64(max(j.Concurrency.Max, 1)*cpu) / perVCPU
		if slices.Contains(j.Task.Capacity, "FARGATE") {
			onDemand += most
		}
		if slices.Contains(j.Task.Capacity, "FARGATE_SPOT") {
			spot += most
		}
	})
	for _, s := range r.Config.Scalers {
		service := r.Services[s.Cluster+"/"+s.Service]
		switch most := float64(s.Max*service.CPU) / perVCPU; {
		case !service.OnFargate:
		case service.Spot:
			spot += most
		default:
			onDemand += most
		}
	}
	return onDemand, spot
}

func (r *report) quotas() {
	onDemand, spot := r.demand()
	for _, q := range []struct {
		name, code string
		has        *float64
		needs      float64
	}{{"Fargate On-Demand vCPU", "L-3032A538", r.VCPU.OnDemand, onDemand}, {"Fargate Spot vCPU", "L-36FBB829", r.VCPU.Spot, spot}} {
		if q.has == nil || q.needs <= *q.has {
			continue
		}
		r.add(vcpuQuota, "quota "+q.name, fmt.Sprintf("all tasks at their most take %g vCPU, and the quota %s is %g", q.needs, q.name, *q.has), "or lower concurrency.max and tasks.max",
			increase("fargate", q.code, int(math.Ceil(q.needs))))
	}
	if c := r.Concurrent; c != nil && c.Limit < c.Needs {
		r.add(lambdaQuota, "quota Lambda concurrent executions", fmt.Sprintf("the stack runs up to %d functions at once, and account %s in %s may run %d", c.Needs, r.Account, r.Region, c.Limit), "", increase("lambda", "L-B99A9384", usualLimit))
	}
}

// usualLimit is how many functions an account may run at once unless AWS has lowered it.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const usualLimit = 1000

func increase(service, code string, to int) string {
	return shell("aws", "service-quotas", "request-service-quota-increase", "--service-code", service, "--quota-code", code, "--desired-value", strconv.Itoa(to))
}

func (r *report) health() {
	each(r.Ticks, func(function string, n int) {
		if n == 0 {
			r.add(ticksLate, "function "+function, function+" has not been called for a quarter of an hour", "its schedule may be disabled, or the function throttled",
				shell("aws", "scheduler", "list-schedules", "--name-prefix", r.Stack+"-", "--query", "Schedules[].[Name,State]", "--output", "text"))
		}
	})
	for _, a := range r.Alarms {
		if a.Ringing {
			r.add(alarmRings, "alarm "+a.Name, "alarm "+a.Name+" rings: "+a.Says, "", shell("aws", "cloudwatch", "describe-alarm-history", "--alarm-name", a.Name, "--max-items", "5"))
		}
		if a.Stopped {
			r.add(alarmStopped, "alarm "+a.Name, "the actions of alarm "+a.Name+" are disabled", "", shell("aws", "cloudwatch", "enable-alarm-actions", "--alarm-names", a.Name))
		}
	}
	if r.Stale.Wiring != "" {
		r.add(wiringOld, r.Stale.Wiring, r.Stale.Wiring+" is not what "+r.File+" gives", "then deploy", shell(r.slipway("generate")...))
	}
	if len(r.Stale.Functions) > 0 {
		env, ours := strings.CutPrefix(r.Stack, "slipway-")
		args := []string{"deploy", "--env", env}
		if !ours {
			args = []string{"deploy", "--stack", r.Stack}
		}
		r.add(functionsOld, "stack "+r.Stack, strings.Join(r.Stale.Functions, ", ")+" run with another configuration than "+r.File, "", shell(r.slipway(args...)...))
	}
}

func (r *report) unread() {
	for _, u := range r.Unread {
		what := "could not look at " + u.What + ": " + u.Why
		switch u.How {
		case Denied:
			r.add(notLooked, u.What, what, "ask for "+u.Needs+", or use other credentials with --profile", "aws sts get-caller-identity")
		case Failed:
			r.add(notLooked, u.What, what, "look again; what AWS says may tell why", shell(r.slipway("doctor", "--stack", r.Stack)...))
		case Absent:
		}
	}
}
