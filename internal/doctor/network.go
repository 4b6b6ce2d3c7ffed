package doctor

import (
	"slices"
	"strings"

	"slipway/internal/run"
)

// needed are the services that a task on Fargate calls before its container begins.
func needed() []string { return []string{"ecr.api", "ecr.dkr", "s3", "logs"} }

func onFargate(j run.Job) bool {
	return slices.Contains(j.Task.Capacity, "FARGATE") || slices.Contains(j.Task.Capacity, "FARGATE_SPOT")
}

// networks examines where tasks on Fargate are placed. Instances have networks of their own.
func (r *report) networks() {
	for _, j := range r.Config.Jobs {
		if !onFargate(j) {
			continue
		}
		for _, id := range j.Task.Subnets {
			s, known := r.Subnets[id]
			switch {
			case known && !s.Found:
				r.add(subnetMissing, "subnet "+id, "there is no subnet "+id+" in "+r.Region, "name one that exists, in environments/NAME.env or under task.network", "aws ec2 describe-subnets --query 'Subnets[].SubnetId' --output text")
			case known:
				r.way(j, id, s)
			}
		}
		r.groups(j)
	}
}

func (r *report) groups(j run.Job) {
	known, out := 0, false
	for _, id := range j.Task.SecurityGroups {
		g, ok := r.Groups[id]
		switch {
		case !ok:
			return
		case !g.Found:
			r.add(groupMissing, "security group "+id, "there is no security group "+id+" in "+r.Region, "name one that exists, in environments/NAME.env or under task.network", "aws ec2 describe-security-groups --query 'SecurityGroups[].GroupId' --output text")
			return
		}
		known, out = known+1, out || g.Out
	}
	if known > 0 && !out {
		id := j.Task.SecurityGroups[0]
		r.add(groupClosed, "security group "+id, "no security group of job "+j.Name+" lets HTTPS out", "",
			shell("aws", "ec2", "authorize-security-group-egress", "--group-id", id, "--protocol", "tcp", "--port", "443", "--cidr", "0.0.0.0/0"))
	}
}

// way examines how a task in a subnet reaches what it needs: through VPC endpoints, else the default route.
func (r *report) way(j run.Job, id string, s Subnet) {
	endpoints, asked := r.Endpoints[s.VPC]
	if !asked {
		return
	}
	var missing []string
	for _, service := range needed() {
		if !r.reaches(j, s, service, endpoints) {
			missing = append(missing, service)
		}
	}
	if len(missing) == 0 || s.Way == Through || s.Way == Gateway && j.Task.PublicIP {
		return
	}
	what := "a task in subnet " + id + " has no way to " + strings.Join(missing, ", ") + ": "
	switch s.Way {
	case Gateway:
		r.add(subnetWay, "subnet "+id, what+"the route to the internet gateway needs a public address, which job "+j.Name+" does not ask for",
			"set PublicIp=ENABLED in environments/NAME.env or publicIp under task.network; the command makes VPC endpoints instead, which cost money", r.endpointsFor(j, id, s, missing))
	case Blackhole:
		r.add(subnetWay, "subnet "+id, what+"its default route leads to what is not there any more", "replace the route; the command shows the table", shell("aws", "ec2", "describe-route-tables", "--route-table-ids", s.Table))
	case Nowhere, Through:
		r.add(subnetWay, "subnet "+id, what+"it has neither a default route nor the VPC endpoints", "choose a subnet with NAT, or run the command: VPC endpoints cost money", r.endpointsFor(j, id, s, missing))
	}
}

// leads reports whether a subnet has another way for a job than endpoints.
func (s Subnet) leads(j run.Job) bool { return s.Way == Through || s.Way == Gateway && j.Task.PublicIP }

// reaches reports whether there is a VPC endpoint for a service. One that is there and cannot be used is a finding of its
// own: with private DNS names it takes the traffic also where another way leads on.
func (r *report) reaches(j run.Job, s Subnet, service string, endpoints []Endpoint) bool {
	for _, e := range endpoints {
		switch {
		case e.Service != service || !e.Available:
		case !e.Interface:
			if slices.Contains(e.Tables, s.Table) {
				return true
			}
		case !e.PrivateDNS && (s.leads(j) || service == "s3"):
			// nobody finds it, nor has to
		case !e.PrivateDNS:
			r.add(endpointDNS, "VPC endpoint "+e.ID, "VPC endpoint "+e.ID+" for "+service+" has no private DNS names", "", shell("aws", "ec2", "modify-vpc-endpoint", "--vpc-endpoint-id", e.ID, "--private-dns-enabled"))
			return true
		default:
			r.open(j, s, e)
			return true
		}
	}
	return false
}

// open examines whether an endpoint lets a task in. Groups that were not read are not held against it.
func (r *report) open(j run.Job, s Subnet, e Endpoint) {
	for _, id := range e.Groups {
		g := r.Groups[id]
		if !g.Found {
			return
		}
		for _, source := range g.In {
			if covers(source, s.Block) || slices.Contains(j.Task.SecurityGroups, source) || len(j.Task.SecurityGroups) == 0 && strings.HasPrefix(source, "sg-") {
				return
			}
		}
	}
	if len(e.Groups) == 0 {
		return
	}
	r.add(endpointGroup, "VPC endpoint "+e.ID, "the security groups of VPC endpoint "+e.ID+" for "+e.Service+" let no HTTPS in from "+s.Block, "",
		shell("aws", "ec2", "authorize-security-group-ingress", "--group-id", e.Groups[0], "--protocol", "tcp", "--port", "443", "--cidr", s.Block))
}

// endpointsFor are the commands that make the endpoints that a subnet lacks.
func (r *report) endpointsFor(j run.Job, id string, s Subnet, services []string) string {
	prefix := "com.amazonaws."
	if strings.HasPrefix(r.Region, "cn-") {
		prefix = "cn.com.amazonaws."
	}
	var lines []string
	for _, service := range services {
		args := []string{"aws", "ec2", "create-vpc-endpoint", "--vpc-id", s.VPC}
		name := "com.amazonaws." + r.Region + "." + service
		if service == "ecr.api" || service == "ecr.dkr" {
			name = prefix + r.Region + "." + service
		}
		if service == "s3" {
			args = append(args, "--vpc-endpoint-type", "Gateway", "--service-name", name, "--route-table-ids", s.Table)
		} else {
			args = append(args, "--vpc-endpoint-type", "Interface", "--service-name", name, "--subnet-ids", id, "--private-dns-enabled")
			if len(j.Task.SecurityGroups) > 0 {
				args = append(append(args, "--security-group-ids"), j.Task.SecurityGroups...)
			}
		}
		lines = append(lines, shell(args...))
	}
	return strings.Join(lines, "\n")
}
