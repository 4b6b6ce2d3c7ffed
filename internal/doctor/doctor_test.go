package doctor_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slipway/internal/compatible"
	"slipway/internal/config"
	"slipway/internal/doctor"
	"slipway/internal/run"
)

const (
	taskRole = "arn:aws:iam::111122223333:role/task"
	execRole = "arn:aws:iam::111122223333:role/start"
	image    = "111122223333.dkr.ecr.eu-north-1.amazonaws.com/photos:1"
	queue    = "https://sqs.eu-north-1.amazonaws.com/111122223333/work"
	topic    = "arn:aws:sns:eu-north-1:111122223333:slipway"
	key      = "arn:aws:kms:eu-north-1:111122223333:key/1"
)

// healthy are facts of a stack with which nothing is wrong, each time new.
func healthy() doctor.Facts {
	yes, enough := true, 4000.0
	return doctor.Facts{
		Stack: "slipway-dev", Account: "111122223333", Region: "eu-north-1", File: "slipway.yaml",
		Config: config.Config{
			Jobs: []run.Job{{
				Name: "photos", Trigger: run.JobTrigger{S3: &run.S3Trigger{Bucket: "photos"}}, Concurrency: run.Concurrency{Max: 50},
				Task: run.TaskSpec{
					Cluster: "main", Definition: "photos", Capacity: []string{"FARGATE_SPOT", "FARGATE"},
					Subnets: []string{"subnet-1"}, SecurityGroups: []string{"sg-1"}, PublicIP: true, Roles: []string{taskRole, execRole},
				},
			}},
			Scalers: []config.Scaler{{Name: "work", Cluster: "main", Service: "worker", Queues: []string{queue}, Max: 10, ServiceTime: time.Minute}},
		},
		Buckets:   map[string]doctor.Bucket{"photos": {Standing: doctor.Owned, EventBridge: true, Key: &doctor.Key{ARN: key, State: "Enabled"}}},
		Clusters:  map[string]doctor.Cluster{"main": {Found: true, Providers: []string{"FARGATE", "FARGATE_SPOT", "own"}, Strategy: []string{"capacityProvider=own,weight=1"}}},
		Providers: map[string]bool{"FARGATE": true, "FARGATE_SPOT": true},
		Definitions: map[string]doctor.Definition{"photos": {
			Found: true, Active: true, ARN: "arn:aws:ecs:eu-north-1:111122223333:task-definition/photos:7", Containers: []string{"main"}, Images: []string{image},
			TaskRole: taskRole, Roles: []string{taskRole, execRole}, Architecture: "ARM64", CPU: 512,
		}},
		Images: map[string]doctor.Image{image: {Found: true, Architectures: []string{"amd64", "arm64"}}},
		Roles: map[string]doctor.Role{
			taskRole: {Found: true, Trusted: []string{"ecs-tasks.amazonaws.com"}}, execRole: {Found: true, Trusted: []string{"lambda.amazonaws.com", "ecs-tasks.amazonaws.com"}},
		},
		Passing:     map[string][]string{taskRole: nil, execRole: nil},
		Services:    map[string]doctor.Service{"main/worker": {Found: true, CPU: 256, OnFargate: true}},
		Queues:      map[string]doctor.Queue{queue: {Found: true, Visibility: time.Minute}},
		DeadLetters: []doctor.DeadLetters{{Queue: "launch", URL: "https://sqs/launch-dead", Ours: true}},
		Subnets:     map[string]doctor.Subnet{"subnet-1": {Found: true, VPC: "vpc-1", Block: "10.0.1.0/24", Way: doctor.Gateway, Table: "rtb-1"}},
		Groups:      map[string]doctor.Group{"sg-1": {Found: true, Out: true}, "sg-2": {Found: true, In: []string{"10.0.0.0/16"}}},
		Endpoints: map[string][]doctor.Endpoint{"vpc-1": {
			{ID: "vpce-1", Service: "logs", Interface: true, PrivateDNS: true, Available: true, Groups: []string{"sg-2"}},
		}},
		Topics:     map[string]doctor.Topic{topic: {Found: true, Confirmed: []string{"ops@example.com"}, Expected: "ops@example.com"}},
		Mail:       &doctor.Mail{Sender: "slipway@example.com", Identity: "example.com", Sandbox: true, To: []string{"ops@example.com", "dev@example.org"}},
		Identities: map[string]bool{"example.com": true, "dev@example.org": true}, ServiceRole: &yes,
		VCPU: doctor.Quotas{OnDemand: &enough, Spot: &enough}, Concurrent: &doctor.Concurrency{Limit: 1000, Needs: 10},
		Ticks:  map[string]int{"SchedulerFunction": 15, "SqsScalerFunction": 1},
		Alarms: []doctor.Alarm{{Name: "slipway-dev-Ticks", Says: "scheduler has not been called."}},
	}
}

func change[V any](m map[string]V, name string, edit func(*V)) {
	v := m[name]
	edit(&v)
	m[name] = v
}

// faults is one planted fault of each kind.
var faults = map[string]func(f *doctor.Facts){
	"bucket-missing":   func(f *doctor.Facts) { f.Buckets["photos"] = doctor.Bucket{Standing: doctor.Missing} },
	"bucket-elsewhere": func(f *doctor.Facts) { f.Buckets["photos"] = doctor.Bucket{Standing: doctor.Elsewhere} },
	"bucket-foreign":   func(f *doctor.Facts) { f.Buckets["photos"] = doctor.Bucket{Standing: doctor.Forbidden} },
	"bucket-eventbridge": func(f *doctor.Facts) {
		change(f.Buckets, "photos", func(b *doctor.Bucket) { b.EventBridge = false })
	},
	"key-disabled": func(f *doctor.Facts) { f.Buckets["photos"].Key.State = "PendingDeletion" },
	"key-grant": func(f *doctor.Facts) {
		change(f.Buckets, "photos", func(b *doctor.Bucket) { b.Unable = []string{taskRole} })
	},
	"cluster-missing": func(f *doctor.Facts) { f.Clusters["main"] = doctor.Cluster{} },
	"provider-missing": func(f *doctor.Facts) {
		change(f.Clusters, "main", func(c *doctor.Cluster) { c.Providers = []string{"own"} })
	},
	"spot-region":        func(f *doctor.Facts) { f.Providers["FARGATE_SPOT"] = false },
	"definition-missing": func(f *doctor.Facts) { f.Definitions["photos"] = doctor.Definition{} },
	"definition-inactive": func(f *doctor.Facts) {
		change(f.Definitions, "photos", func(d *doctor.Definition) { d.Active = false })
	},
	"container-missing": func(f *doctor.Facts) { f.Config.Jobs[0].Task.Container = "web" },
	"combination": func(f *doctor.Facts) {
		f.Refused = map[string][]compatible.Refusal{"photos": {{Rule: "fargate-mode", What: "it has the network mode bridge", Remedy: "use awsvpc", Page: "https://docs.aws.amazon.com/"}}}
	},
	"image-missing":      func(f *doctor.Facts) { f.Images[image] = doctor.Image{} },
	"image-architecture": func(f *doctor.Facts) { f.Images[image] = doctor.Image{Found: true, Architectures: []string{"amd64"}} },
	"role-missing":       func(f *doctor.Facts) { f.Roles[execRole] = doctor.Role{} },
	"role-trust": func(f *doctor.Facts) {
		f.Roles[execRole] = doctor.Role{Found: true, Trusted: []string{"ec2.amazonaws.com"}}
	},
	"role-pass":           func(f *doctor.Facts) { f.Passing[execRole] = []string{"s3-trigger", "scheduler"} },
	"service-linked-role": func(f *doctor.Facts) { *f.ServiceRole = false },
	"subnet-missing":      func(f *doctor.Facts) { f.Subnets["subnet-1"] = doctor.Subnet{} },
	"subnet-way":          func(f *doctor.Facts) { f.Config.Jobs[0].Task.PublicIP = false },
	"endpoint-dns": func(f *doctor.Facts) {
		closed(f)
		f.Endpoints["vpc-1"][1].PrivateDNS = false
	},
	"endpoint-closed": func(f *doctor.Facts) {
		f.Groups["sg-2"] = doctor.Group{Found: true, In: []string{"10.0.2.0/24", "sg-9"}}
	},
	"group-missing":   func(f *doctor.Facts) { f.Groups["sg-1"] = doctor.Group{} },
	"group-closed":    func(f *doctor.Facts) { f.Groups["sg-1"] = doctor.Group{Found: true} },
	"service-missing": func(f *doctor.Facts) { f.Services["main/worker"] = doctor.Service{} },
	"service-scaled-twice": func(f *doctor.Facts) {
		f.Scaled = []string{"main/worker"}
	},
	"queue-missing":    func(f *doctor.Facts) { f.Queues[queue] = doctor.Queue{} },
	"queue-visibility": func(f *doctor.Facts) { f.Queues[queue] = doctor.Queue{Found: true, Visibility: 30 * time.Second} },
	"dead-letters":     func(f *doctor.Facts) { f.DeadLetters[0].Count = 1 },
	"topic-missing":    func(f *doctor.Facts) { f.Topics[topic] = doctor.Topic{} },
	"subscription-pending": func(f *doctor.Facts) {
		f.Topics[topic] = doctor.Topic{Found: true, Pending: []string{"ops@example.com"}, Expected: "ops@example.com"}
	},
	"subscription-missing": func(f *doctor.Facts) { f.Topics[topic] = doctor.Topic{Found: true, Expected: "ops@example.com"} },
	"ses-sandbox":          func(f *doctor.Facts) { f.Identities["dev@example.org"], f.Identities["example.org"] = false, false },
	"ses-identity":         func(f *doctor.Facts) { f.Mail.Sandbox = false; f.Identities["example.com"] = false },
	"ses-paused":           func(f *doctor.Facts) { f.Mail.Paused = true },
	"vcpu-quota":           func(f *doctor.Facts) { *f.VCPU.Spot = 6; few := 6000.0; f.VCPU.OnDemand = &few },
	"lambda-quota":         func(f *doctor.Facts) { f.Concurrent.Limit = 9 },
	"ticks-late":           func(f *doctor.Facts) { f.Ticks["SqsScalerFunction"] = 0 },
	"alarm-ringing":        func(f *doctor.Facts) { f.Alarms[0].Ringing = true },
	"alarm-stopped":        func(f *doctor.Facts) { f.Alarms[0].Stopped = true },
	"wiring-old":           func(f *doctor.Facts) { f.Stale.Wiring = "wiring.yaml" },
	"configuration-old":    func(f *doctor.Facts) { f.Stale.Functions = []string{"s3-trigger"} },
	"could-not-look": func(f *doctor.Facts) {
		f.Unread = []doctor.Unread{{What: "the quotas", Why: "AccessDenied", Needs: "servicequotas:GetServiceQuota", How: doctor.Denied}, {What: "SES", Why: "no answer", How: doctor.Failed}}
	},
}

// closed is a subnet without a default route, that has the four VPC endpoints.
func closed(f *doctor.Facts) {
	change(f.Subnets, "subnet-1", func(s *doctor.Subnet) { s.Way = doctor.Nowhere })
	f.Endpoints["vpc-1"] = []doctor.Endpoint{
		{ID: "vpce-0", Service: "s3", Available: true, Tables: []string{"rtb-1"}},
		{ID: "vpce-1", Service: "ecr.api", Interface: true, PrivateDNS: true, Available: true, Groups: []string{"sg-2"}},
		{ID: "vpce-2", Service: "ecr.dkr", Interface: true, PrivateDNS: true, Available: true, Groups: []string{"sg-2"}},
		{ID: "vpce-3", Service: "logs", Interface: true, PrivateDNS: true, Available: true, Groups: []string{"sg-2"}},
	}
}

func TestNothingIsFoundOnAHealthyStack(t *testing.T) {
	private := func(way doctor.Way) func(*doctor.Facts) {
		return func(f *doctor.Facts) {
			f.Config.Jobs[0].Task.PublicIP = false
			change(f.Subnets, "subnet-1", func(s *doctor.Subnet) { s.Way = way })
		}
	}
	for name, edit := range map[string]func(*doctor.Facts){
		"with everything":             func(*doctor.Facts) {},
		"that nothing was read of":    func(f *doctor.Facts) { *f = doctor.Facts{Config: f.Config, Stack: f.Stack} },
		"behind NAT":                  private(doctor.Through),
		"behind VPC endpoints":        closed,
		"whose groups were not read":  func(f *doctor.Facts) { closed(f); f.Groups = nil },
		"with a key that AWS manages": func(f *doctor.Facts) { change(f.Buckets, "photos", func(b *doctor.Bucket) { b.Key = nil }) },
		"out of the sandbox":          func(f *doctor.Facts) { f.Mail.Sandbox = false; f.Identities["dev@example.org"] = false },
		"whose quota is just enough":  func(f *doctor.Facts) { *f.VCPU.Spot = 27.5 },
		"on External instances": func(f *doctor.Facts) {
			f.Config.Jobs[0].Task.Capacity = []string{"EXTERNAL"}
			f.Clusters["main"] = doctor.Cluster{Found: true}
			f.Subnets["subnet-1"] = doctor.Subnet{}
		},
		"with something that cannot be looked at here": func(f *doctor.Facts) {
			f.Unread = []doctor.Unread{{What: "the quotas", Why: "the emulator has none", How: doctor.Absent}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := healthy()
			edit(&f)
			if got := doctor.Examine(f); len(got) > 0 {
				t.Errorf("found %+v", got)
			}
		})
	}
}

// TestEachFaultIsFoundAndNamed plants one fault of each kind: exactly its kind is found, and everything that helps is
// said.
func TestEachFaultIsFoundAndNamed(t *testing.T) {
	for _, k := range doctor.Kinds() {
		t.Run(k.ID, func(t *testing.T) {
			plant, ok := faults[k.ID]
			if !ok {
				t.Fatal("no fault is planted")
			}
			f := healthy()
			plant(&f)
			found := doctor.Examine(f)
			if len(found) == 0 {
				t.Fatal("nothing is found")
			}
			for _, got := range found {
				if got.ID != k.ID || got.Severity != k.Severity || got.Why != k.Why || got.Subject == "" || got.What == "" || got.Command == "" || got.Page == "" {
					t.Errorf("found %+v", got)
				}
			}
		})
	}
	if len(faults) != len(doctor.Kinds()) {
		t.Errorf("%d faults for %d kinds", len(faults), len(doctor.Kinds()))
	}
}

func TestWaysOutOfASubnet(t *testing.T) {
	for name, tc := range map[string]struct {
		edit    func(*doctor.Facts)
		command string
	}{
		"no route and no endpoint": {func(f *doctor.Facts) {
			change(f.Subnets, "subnet-1", func(s *doctor.Subnet) { s.Way = doctor.Nowhere })
			f.Endpoints["vpc-1"] = nil
		}, "--service-name com.amazonaws.eu-north-1.s3 --route-table-ids rtb-1"},
		"a route that leads nowhere": {func(f *doctor.Facts) {
			change(f.Subnets, "subnet-1", func(s *doctor.Subnet) { s.Way = doctor.Blackhole })
		}, "describe-route-tables --route-table-ids rtb-1"},
		"one endpoint of four is missing": {func(f *doctor.Facts) {
			closed(f)
			f.Endpoints["vpc-1"] = f.Endpoints["vpc-1"][:3]
		}, "com.amazonaws.eu-north-1.logs --subnet-ids subnet-1"},
		"the gateway for S3 is in another table": {func(f *doctor.Facts) {
			closed(f)
			f.Endpoints["vpc-1"][0].Tables = []string{"rtb-2"}
		}, "com.amazonaws.eu-north-1.s3"},
		"an endpoint is being made": {func(f *doctor.Facts) {
			closed(f)
			f.Endpoints["vpc-1"][2].Available = false
		}, "com.amazonaws.eu-north-1.ecr.dkr"},
	} {
		t.Run(name, func(t *testing.T) {
			f := healthy()
			tc.edit(&f)
			got := doctor.Examine(f)
			if len(got) != 1 || got[0].ID != "subnet-way" || !strings.Contains(got[0].Command, tc.command) {
				t.Errorf("found %+v, want the command %s", got, tc.command)
			}
		})
	}
}

func TestCommands(t *testing.T) {
	for id, want := range map[string]string{
		"provider-missing":  "aws ecs put-cluster-capacity-providers --cluster main --capacity-providers own FARGATE_SPOT FARGATE --default-capacity-provider-strategy capacityProvider=own,weight=1",
		"vcpu-quota":        "aws service-quotas request-service-quota-increase --service-code fargate --quota-code L-36FBB829 --desired-value 25",
		"queue-visibility":  "aws sqs set-queue-attributes --queue-url " + queue + " --attributes VisibilityTimeout=360",
		"key-disabled":      "aws kms cancel-key-deletion --key-id " + key + "\naws kms enable-key --key-id " + key,
		"configuration-old": "slipway deploy --env dev",
		"service-scaled-twice": "aws application-autoscaling deregister-scalable-target --service-namespace ecs --scalable-dimension ecs:service:DesiredCount " +
			"--resource-id service/main/worker",
	} {
		f := healthy()
		faults[id](&f)
		if got := doctor.Examine(f)[0].Command; got != want {
			t.Errorf("%s: command %s, want %s", id, got, want)
		}
	}
}

func TestErrorsComeFirst(t *testing.T) {
	f := healthy()
	for _, id := range []string{"alarm-ringing", "lambda-quota", "dead-letters", "ticks-late", "bucket-eventbridge"} {
		faults[id](&f)
	}
	var got []string
	for _, found := range doctor.Examine(f) {
		got = append(got, found.ID)
	}
	if want := []string{"bucket-eventbridge", "dead-letters", "ticks-late", "lambda-quota", "alarm-ringing"}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}

// TestCommandsCarryTextAsItIs has a shell read what a name from outside becomes in a command.
func TestCommandsCarryTextAsItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringOfN(rapid.RuneFrom([]rune("a'\"$`\\;|&<>(){}[]*?~!# ä\n")), 1, 20, -1).Draw(t, "name")
		f := healthy()
		f.Alarms = []doctor.Alarm{{Name: name, Stopped: true}}
		found := doctor.Examine(f)
		if len(found) != 1 {
			t.Fatalf("found %v", found)
		}
		words, ok := strings.CutPrefix(found[0].Command, "aws cloudwatch enable-alarm-actions --alarm-names ")
		read, err := exec.Command("sh", "-c", "printf %s "+words).CombinedOutput() //nolint:gosec,noctx // what is tried
		if want := strings.ReplaceAll(name, "\n", "?"); !ok || err != nil || string(read) != want {
			t.Fatalf("a shell reads %q and %v, want %q", read, err, want)
		}
	})
}

func TestPageHasEachKind(t *testing.T) {
	page := string(doctor.Page())
	for _, k := range doctor.Kinds() {
		if !strings.Contains(page, "| `"+k.ID+"` |") || !strings.HasSuffix(k.Says, ".") || !strings.HasSuffix(k.Why, ".") {
			t.Errorf("kind %+v", k)
		}
	}
}
