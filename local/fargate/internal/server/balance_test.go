package server_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/internal/cloud/query"
	"slipway/internal/emulator"
)

// balancer is a load balancer of the emulator, with a target group.
type balancer struct {
	s           *stand
	api         query.Service
	host, group string
}

func (s *stand) balancer() balancer {
	s.t.Helper()
	cfg := aws.Config{Region: region, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	url := emulator.Endpoint(s.t)
	b := balancer{s: s, api: query.New(cfg, &url, "elasticloadbalancing", "elasticloadbalancing")}
	var out struct {
		Host  string `xml:"CreateLoadBalancerResult>LoadBalancers>member>DNSName"`
		ARN   string `xml:"CreateLoadBalancerResult>LoadBalancers>member>LoadBalancerArn"`
		Group string `xml:"CreateTargetGroupResult>TargetGroups>member>TargetGroupArn"`
	}
	b.call("CreateLoadBalancer", &out, "Name", s.name, "Subnets.member.1", "subnet-1", "Subnets.member.2", "subnet-2")
	b.call("CreateTargetGroup", &out, "Name", s.name, "Protocol", "HTTP", "Port", "18080", "VpcId", "vpc-1", "TargetType", "ip")
	b.call("CreateListener", &out, "LoadBalancerArn", out.ARN, "Protocol", "HTTP", "Port", "80",
		"DefaultActions.member.1.Type", "forward", "DefaultActions.member.1.TargetGroupArn", out.Group)
	b.host, b.group = out.Host, out.Group
	return b
}

func (b balancer) call(operation string, into any, pairs ...string) {
	b.s.t.Helper()
	parameters := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		parameters[pairs[i]] = pairs[i+1]
	}
	b.s.must(b.api.Query(b.s.t.Context(), operation, "2015-12-01", parameters, into))
}

// targets are the addresses that are registered.
func (b balancer) targets() []string {
	b.s.t.Helper()
	var out struct {
		IDs []string `xml:"DescribeTargetHealthResult>TargetHealthDescriptions>member>Target>Id"`
	}
	b.call("DescribeTargetHealth", &out, "TargetGroupArn", b.group)
	slices.Sort(out.IDs)
	return out.IDs
}

// ask asks the load balancer for a page. The emulator looks for it in the region of a signature, and without one in its own.
func (b balancer) ask() (status int, text string) {
	b.s.t.Helper()
	req, err := http.NewRequestWithContext(b.s.t.Context(), http.MethodGet, emulator.Endpoint(b.s.t)+"/page", nil)
	b.s.must(err)
	req.Host = b.host
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/"+region+"/elasticloadbalancing/aws4_request, SignedHeaders=host, Signature=0")
	res, err := http.DefaultClient.Do(req)
	b.s.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	b.s.must(err)
	return res.StatusCode, string(body)
}

// TestTasksOfAServiceAnswerThroughItsLoadBalancer: both tasks do, each from its own address; those that are scaled in are
// taken out of the target group before they end.
func TestTasksOfAServiceAnswerThroughItsLoadBalancer(t *testing.T) {
	for _, engine := range engines(t) {
		t.Run(engine, func(t *testing.T) {
			s := newStand(t, engine)
			b := s.balancer()
			s.web80(b.group, 2)
			s.until("two tasks are registered", func() bool { return len(b.targets()) == 2 })
			answers := map[string]int{}
			for range 40 {
				status, text := b.ask()
				if status != http.StatusOK || !strings.HasSuffix(text, " answers /page for http") {
					t.Fatalf("the load balancer answers %d: %s", status, text)
				}
				answers[text]++
			}
			if len(answers) != 2 {
				t.Errorf("forty requests are answered by %v, want two tasks", answers)
			}
			s.scale(1)
			s.until("one task is left in the target group", func() bool { return len(b.targets()) == 1 })
			for range 10 {
				if status, text := b.ask(); status != http.StatusOK || answers[text] == 0 {
					t.Errorf("after scaling in the load balancer answers %d: %s", status, text)
				}
			}
			s.scale(0)
			s.until("no task is left in the target group", func() bool { return len(b.targets()) == 0 })
			if status, _ := b.ask(); status != http.StatusServiceUnavailable {
				t.Errorf("without a task the load balancer answers %d", status)
			}
		})
	}
}

// web80 creates a service whose tasks serve pages behind a target group.
func (s *stand) web80(group string, desired int32) {
	s.t.Helper()
	family := s.name + "-web"
	_, err := s.ecs.RegisterTaskDefinition(s.t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: &family, NetworkMode: types.NetworkModeAwsvpc, RequiresCompatibilities: []types.Compatibility{"FARGATE"},
		Cpu: aws.String("256"), Memory: aws.String("512"),
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: aws.String("web"), Image: aws.String("slipway/probe:test"), Command: []string{"serve=18080", "wait"},
			PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(18080)}},
		}},
	})
	s.must(err)
	_, err = s.ecs.CreateService(s.t.Context(), &ecs.CreateServiceInput{
		Cluster: &s.name, ServiceName: aws.String("web"), TaskDefinition: &family, DesiredCount: &desired, LaunchType: types.LaunchTypeFargate,
		LoadBalancers:        []types.LoadBalancer{{TargetGroupArn: &group, ContainerName: aws.String("web"), ContainerPort: aws.Int32(18080)}},
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-1"}}},
	})
	s.must(err)
}

func (s *stand) scale(desired int32) {
	s.t.Helper()
	_, err := s.ecs.UpdateService(s.t.Context(), &ecs.UpdateServiceInput{Cluster: &s.name, Service: aws.String("web"), DesiredCount: &desired})
	s.must(err)
}
