package templates_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"slipway/internal/emulator"
	"slipway/internal/template"
)

// webStack is a stack in the emulator.
type webStack struct {
	endpoint string
	ids      map[string]string // physical IDs of resources, by logical ID
	outputs  map[string]string
}

// createStack creates a stack of the template, and waits until CloudFormation is done with it.
func createStack(t *testing.T, name, body string, parameters map[string]string) webStack {
	t.Helper()
	cfg, endpoint := emulator.Config(t)
	client := cloudformation.NewFromConfig(cfg, func(o *cloudformation.Options) { o.BaseEndpoint = endpoint })
	in := &cloudformation.CreateStackInput{StackName: &name, TemplateBody: &body, Capabilities: []types.Capability{types.CapabilityCapabilityIam}}
	for k, v := range parameters {
		in.Parameters = append(in.Parameters, types.Parameter{ParameterKey: aws.String(k), ParameterValue: aws.String(v)})
	}
	if _, err := client.CreateStack(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = client.DeleteStack(context.Background(), &cloudformation.DeleteStackInput{StackName: &name})
	})
	waiter := cloudformation.NewStackCreateCompleteWaiter(client, func(o *cloudformation.StackCreateCompleteWaiterOptions) {
		o.MinDelay, o.MaxDelay = 100*time.Millisecond, time.Second
	})
	done, err := waiter.WaitForOutput(t.Context(), &cloudformation.DescribeStacksInput{StackName: &name}, time.Minute)
	if err != nil {
		events, _ := client.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: &name})
		for _, e := range events.StackEvents {
			if aws.ToString(e.ResourceStatusReason) != "" {
				t.Logf("%s: %s", aws.ToString(e.LogicalResourceId), *e.ResourceStatusReason)
			}
		}
		t.Fatal(err)
	}
	out := webStack{endpoint: *endpoint, ids: map[string]string{}, outputs: map[string]string{}}
	for _, o := range done.Stacks[0].Outputs {
		out.outputs[*o.OutputKey] = *o.OutputValue
	}
	resources, err := client.DescribeStackResources(t.Context(), &cloudformation.DescribeStackResourcesInput{StackName: &name})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range resources.StackResources {
		out.ids[*r.LogicalResourceId] = aws.ToString(r.PhysicalResourceId)
	}
	return out
}

// balancing is what Elastic Load Balancing answers, as far as it is looked at here.
type balancing struct {
	Ports   []string `xml:"DescribeListenersResult>Listeners>member>Port"`
	Targets []string `xml:"DescribeTargetHealthResult>TargetHealthDescriptions>member>Target>Id"`
}

// balancing describes something of the load balancer by the ARN that a parameter names.
func (d webStack) balancing(t *testing.T, operation, parameter, arn string) balancing {
	t.Helper()
	var out balancing
	ask(t, "elasticloadbalancing", "2015-12-01", operation, map[string]string{parameter: arn}, &out)
	return out
}

// page asks the load balancer for a page, as a client that follows no redirect.
func (d webStack) page(t *testing.T, name string) (status int, location, body string) {
	t.Helper()
	in, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.endpoint+"/page", nil)
	if err != nil {
		t.Fatal(err)
	}
	in.Host = name
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(in)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Location"), string(text)
}

// known is web-service.yaml as the emulator can take it: without the one resource whose type it does not know, a rule of a
// security group, and with numbers where a parameter gives one, since it takes them for texts. TestWebService looks at
// the whole.
func known(t *testing.T, parameters map[string]string) string {
	t.Helper()
	source := text(t, "web-service.yaml")
	for name, of := range parse(t, source).Section("Parameters") {
		if template.At(of, "Type") == "Number" || name == "EphemeralStorage" {
			value := given(parameters, name, fmt.Sprint(template.At(of, "Default")))
			source = regexp.MustCompile(`!Ref `+name+`\b`).ReplaceAllLiteralString(source, value)
		}
	}
	before, rest, found := strings.Cut(source, "  LoadBalancerToTasks:\n")
	_, after, ends := strings.Cut(rest, "  TaskGroup:\n")
	if !found || !ends {
		t.Fatal("web-service.yaml is in another order: adapt this test")
	}
	return before + "  TaskGroup:\n" + after
}

// TestWebServiceDeployed creates the stack in the emulator, and looks at what is there. The emulator starts no tasks, so
// local/fargate does; it knows no Application Auto Scaling, and no registry is there to pull nginxdemos/hello from.
func TestWebServiceDeployed(t *testing.T) {
	cfg, endpoint := emulator.Config(t)
	containers := ecs.NewFromConfig(cfg, func(o *ecs.Options) { o.BaseEndpoint = endpoint })
	if _, err := containers.CreateCluster(t.Context(), &ecs.CreateClusterInput{ClusterName: aws.String("main")}); err != nil {
		t.Fatal(err)
	}
	parameters := with(webParameters(), "Scaling", "none", "MinTasks", "3", "MinimumHealthyPercent", "60", "MaximumPercent", "150", "EphemeralStorage", "30",
		"Image", "slipway/hello:1", "ContainerPort", "18081")
	localECS(t)
	d := createStack(t, "web", known(t, parameters), parameters)

	services, err := containers.DescribeServices(t.Context(), &ecs.DescribeServicesInput{Cluster: aws.String("main"), Services: []string{d.outputs["ServiceName"]}})
	if err != nil {
		t.Fatal(err)
	}
	if len(services.Services) != 1 {
		t.Fatalf("%d services, want one", len(services.Services))
	}
	service := services.Services[0]
	how := service.DeploymentConfiguration
	if service.DesiredCount != 3 || aws.ToInt32(how.MinimumHealthyPercent) != 60 || aws.ToInt32(how.MaximumPercent) != 150 || how.DeploymentCircuitBreaker == nil || !how.DeploymentCircuitBreaker.Rollback {
		t.Errorf("the service wants %d tasks, and is updated by %+v", service.DesiredCount, how)
	}
	if len(service.LoadBalancers) != 1 || aws.ToString(service.LoadBalancers[0].TargetGroupArn) != d.outputs["TargetGroupArn"] {
		t.Errorf("the service registers in %+v, and the target group is %s", service.LoadBalancers, d.outputs["TargetGroupArn"])
	}
	definition, err := containers.DescribeTaskDefinition(t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: service.TaskDefinition})
	if err != nil {
		t.Fatal(err)
	}
	if got := definition.TaskDefinition; aws.ToString(got.ContainerDefinitions[0].Image) != "slipway/hello:1" || aws.ToInt32(got.ContainerDefinitions[0].PortMappings[0].ContainerPort) != 18081 {
		t.Errorf("the task runs %+v", got.ContainerDefinitions[0])
	}
	if ports := d.balancing(t, "DescribeListeners", "LoadBalancerArn", d.ids["LoadBalancer"]).Ports; len(ports) != 1 || ports[0] != "80" {
		t.Errorf("the load balancer listens on %v", ports)
	}
	spreads(t, d, 3)
}

// spreads expects that each task of the service answers a part of the requests.
func spreads(t *testing.T, d webStack, tasks int) {
	t.Helper()
	host := strings.TrimPrefix(d.outputs["Url"], "http://")
	registered := func() int {
		return len(d.balancing(t, "DescribeTargetHealth", "TargetGroupArn", d.outputs["TargetGroupArn"]).Targets)
	}
	for end := time.Now().Add(2 * time.Minute); registered() != tasks; time.Sleep(50 * time.Millisecond) { // other processes: there is no clock to pass
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %d tasks are in the target group; there are %d", tasks, registered())
		}
	}
	answers := map[string]int{}
	for range 60 {
		status, _, body := d.page(t, host)
		if status != http.StatusOK || !strings.HasPrefix(body, "Server address: ") || !strings.HasSuffix(body, ", for http") {
			t.Fatalf("the load balancer answers %d: %s", status, body)
		}
		answers[body]++
	}
	if len(answers) != tasks {
		t.Errorf("sixty requests are answered by %v, want %d tasks", answers, tasks)
	}
}

// localECS runs local/fargate in front of the emulator, with the program of testdata/hello for the image slipway/hello.
func localECS(t *testing.T) {
	t.Helper()
	bin := t.TempDir()
	for name, folder := range map[string]string{"fargate": "./local/fargate", "hello": "./templates/testdata/hello"} {
		build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, name), folder) //nolint:gosec // our own programs
		build.Dir, build.Env = emulator.Root(), append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	ctx, stop := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, filepath.Join(bin, "fargate"), "-listen", address, "-upstream", emulator.Endpoint(t), "-engine", "process", "-bin", bin, "-start", "100ms") //nolint:gosec // our own program
	server.Env = append(os.Environ(), "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test")
	server.Cancel = func() error { return server.Process.Signal(syscall.SIGTERM) }
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = server.Wait() })
}

// TestWebServiceWithACertificate leads HTTP to HTTPS.
func TestWebServiceWithACertificate(t *testing.T) {
	cfg, endpoint := emulator.Config(t)
	containers := ecs.NewFromConfig(cfg, func(o *ecs.Options) { o.BaseEndpoint = endpoint })
	if _, err := containers.CreateCluster(t.Context(), &ecs.CreateClusterInput{ClusterName: aws.String("main")}); err != nil {
		t.Fatal(err)
	}
	parameters := with(webParameters(), "Scaling", "none", "CertificateArn", "arn:aws:acm:us-east-1:000000000000:certificate/1")
	d := createStack(t, "web-https", known(t, parameters), parameters)
	name, secure := strings.CutPrefix(d.outputs["Url"], "https://")
	definition, err := containers.DescribeTaskDefinition(t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String(d.outputs["TaskDefinitionArn"])})
	if err != nil {
		t.Fatal(err)
	}
	if got := definition.TaskDefinition; aws.ToString(got.ContainerDefinitions[0].Image) != "nginxdemos/hello" || aws.ToInt32(got.ContainerDefinitions[0].PortMappings[0].ContainerPort) != 80 {
		t.Errorf("without a word about it the task runs %+v", got.ContainerDefinitions[0])
	}
	if status, location, _ := d.page(t, name); !secure || status != http.StatusMovedPermanently || !strings.HasPrefix(location, "https://") {
		t.Errorf("%s over HTTP answers %d and leads to %q", d.outputs["Url"], status, location)
	}
	if ports := d.balancing(t, "DescribeListeners", "LoadBalancerArn", d.ids["LoadBalancer"]).Ports; !slices.Contains(ports, "80") || !slices.Contains(ports, "443") {
		t.Errorf("the load balancer listens on %v", ports)
	}
}
