package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	"slipway/internal/cloud/bucket"
	"slipway/internal/cloud/iam"
	"slipway/internal/cloud/kms"
	"slipway/internal/cloud/vpc"
	"slipway/internal/doctor"
)

func (r *examination) buckets(ctx context.Context) {
	r.facts.Buckets = map[string]doctor.Bucket{}
	for _, name := range r.bucketNames() {
		b := r.bucket(name)
		var standing bucket.Standing
		r.try("bucket "+name, "s3:ListBucket", func() (err error) {
			standing, err = b.Standing(ctx, r.facts.Account)
			return err
		})
		switch standing {
		case "":
			continue
		case bucket.Forbidden:
			r.read-- // S3 says no more to those whom it denies everything
		case bucket.Owned, bucket.Missing, bucket.Elsewhere:
		}
		facts := doctor.Bucket{Standing: doctor.Standing(standing), EventBridge: true}
		if standing == bucket.Owned {
			r.try("the notifications of bucket "+name, "s3:GetBucketNotification", func() error {
				on, err := b.EventBridge(ctx)
				facts.EventBridge = on || err != nil // what is not known is no fault
				return err
			})
			r.key(ctx, b, name, &facts)
		}
		r.facts.Buckets[name] = facts
	}
}

// key looks whether the tasks of a bucket may use the key that it is encrypted with.
func (r *examination) key(ctx context.Context, b *bucket.Bucket, name string, into *doctor.Bucket) {
	id := ""
	r.try("the encryption of bucket "+name, "s3:GetEncryptionConfiguration", func() (err error) {
		id, err = b.Key(ctx)
		return err
	})
	if id == "" {
		return
	}
	keys := kms.New(r.cfg, r.endpoint("KMS"))
	var key kms.Key
	r.try("key "+id, "kms:DescribeKey", func() (err error) {
		key, err = keys.Key(ctx, id)
		return err
	})
	if !key.Own {
		return
	}
	into.Key = &doctor.Key{ARN: key.ARN, State: key.State}
	asked := map[string]bool{"": true}
	for _, j := range r.jobsOf(name) {
		role := r.facts.Definitions[j.Task.Definition].TaskRole
		if asked[role] {
			continue
		}
		asked[role] = true
		r.try("who may use key "+key.ARN, "kms:GetKeyPolicy, kms:ListGrants and iam:SimulatePrincipalPolicy", func() error {
			able, err := r.decrypts(ctx, keys, key.ARN, role)
			if err == nil && !able {
				into.Unable = append(into.Unable, role)
			}
			return err
		})
	}
}

// decrypts reports whether a role may decrypt with a key: by the key's policy or a grant, or by its own policies where the
// key's policy leaves it to those.
// https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
func (r *examination) decrypts(ctx context.Context, keys *kms.KMS, key, role string) (bool, error) {
	a, err := keys.Access(ctx, key, role)
	if err != nil || a.Named || !a.Delegates {
		return a.Named, err
	}
	return iam.New(r.cfg, r.endpoint("IAM")).May(ctx, role, "kms:Decrypt", key, "")
}

// network reads the subnets of jobs on Fargate, and what leads out of them.
func (r *examination) network(ctx context.Context) {
	subnets, groups := map[string]bool{}, map[string]bool{}
	for _, j := range r.facts.Config.Jobs {
		if !slices.ContainsFunc(j.Task.Capacity, func(step string) bool { return strings.HasPrefix(step, "FARGATE") }) {
			continue
		}
		for _, id := range j.Task.Subnets {
			subnets[id] = subnets[id] || filledIn(id)
		}
		for _, id := range j.Task.SecurityGroups {
			groups[id] = groups[id] || filledIn(id)
		}
	}
	if len(subnets) == 0 {
		return
	}
	client := vpc.New(r.cfg, r.endpoint("EC2"))
	r.facts.Endpoints = map[string][]doctor.Endpoint{}
	r.subnets(ctx, client, slices.Sorted(maps.Keys(subnets)))
	for _, endpoints := range r.facts.Endpoints {
		for _, e := range endpoints {
			for _, id := range e.Groups {
				groups[id] = true
			}
		}
	}
	r.groups(ctx, client, slices.Sorted(maps.Keys(groups)))
}

func (r *examination) subnets(ctx context.Context, client *vpc.VPC, ids []string) {
	var all []vpc.Subnet
	read := false
	r.try("subnets", "ec2:DescribeSubnets", func() (err error) {
		all, err = client.Subnets(ctx, ids)
		read = err == nil
		return err
	})
	if !read {
		return
	}
	r.facts.Subnets = map[string]doctor.Subnet{}
	for _, id := range ids {
		r.facts.Subnets[id] = doctor.Subnet{}
	}
	tables := map[string][]vpc.Table{}
	for _, s := range all {
		if _, ok := tables[s.VPC]; !ok {
			tables[s.VPC] = nil
			r.try("the route tables of "+s.VPC, "ec2:DescribeRouteTables", func() (err error) {
				tables[s.VPC], err = client.Tables(ctx, s.VPC)
				return err
			})
			r.endpoints(ctx, client, s.VPC, len(tables[s.VPC]) > 0)
		}
		facts := doctor.Subnet{Found: true, VPC: s.VPC, Zone: s.Zone, Block: s.Block}
		if t, ok := vpc.TableOf(tables[s.VPC], s); ok {
			facts.Table, facts.Way = t.ID, wayOf(t)
		}
		r.facts.Subnets[s.ID] = facts
	}
}

// wayOf is where the default route of a table leads.
func wayOf(t vpc.Table) doctor.Way {
	route, ok := t.Default()
	switch {
	case !ok:
		return doctor.Nowhere
	case route.State == "blackhole":
		return doctor.Blackhole
	case strings.HasPrefix(route.Gateway, "igw-"):
		return doctor.Gateway
	}
	return doctor.Through
}

// endpoints reads the endpoints of a VPC. Without its route tables nobody can tell whether they are needed.
func (r *examination) endpoints(ctx context.Context, client *vpc.VPC, id string, routes bool) {
	r.try("the endpoints of "+id, "ec2:DescribeVpcEndpoints", func() error {
		all, err := client.Endpoints(ctx, id)
		if err != nil || !routes {
			return err
		}
		out := []doctor.Endpoint{}
		for _, e := range all {
			_, service, _ := strings.Cut(e.Service, "."+r.facts.Region+".")
			out = append(out, doctor.Endpoint{
				ID: e.ID, Service: service, Interface: e.Type == "Interface", PrivateDNS: e.PrivateDNS,
				Available: strings.EqualFold(e.State, "available"), Groups: e.Groups, Tables: e.Tables,
			})
		}
		r.facts.Endpoints[id] = out
		return nil
	})
}

func (r *examination) groups(ctx context.Context, client *vpc.VPC, ids []string) {
	if len(ids) == 0 {
		return
	}
	r.try("security groups", "ec2:DescribeSecurityGroups", func() error {
		all, err := client.Groups(ctx, ids)
		if err != nil {
			return err
		}
		r.facts.Groups = map[string]doctor.Group{}
		for _, id := range ids {
			r.facts.Groups[id] = doctor.Group{}
		}
		for _, g := range all {
			facts := doctor.Group{Found: true, Out: slices.ContainsFunc(g.Out, vpc.Permission.HTTPS)}
			for _, p := range g.In {
				if p.HTTPS() {
					facts.In = append(append(facts.In, p.Blocks...), p.Groups...)
				}
			}
			r.facts.Groups[g.ID] = facts
		}
		return nil
	})
}
