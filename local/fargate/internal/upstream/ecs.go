package upstream

import (
	"context"
	"encoding/json"
	"fmt"

	"slipway/internal/compatible/declared"
	"slipway/internal/fake"
)

const ecsTarget = "AmazonEC2ContainerServiceV20141113."

// TaskDefinition resolves a family, family:revision or ARN.
func (c *Client) TaskDefinition(ctx context.Context, name string) (fake.TaskDefinition, error) {
	var out struct {
		TaskDefinition map[string]any `json:"taskDefinition"`
		Tags           []fake.Tag     `json:"tags"`
	}
	in := map[string]any{"taskDefinition": name, "include": []string{"TAGS"}}
	if err := c.call(ctx, "ecs", ecsTarget+"DescribeTaskDefinition", in, &out); err != nil {
		return fake.TaskDefinition{}, err
	}
	for _, field := range []string{"cpu", "memory"} { // a template may have numbers where ECS has texts
		if v, ok := out.TaskDefinition[field].(float64); ok {
			out.TaskDefinition[field] = fmt.Sprint(v)
		}
	}
	text, err := json.Marshal(out.TaskDefinition)
	if err != nil {
		return fake.TaskDefinition{}, fmt.Errorf("task definition %s: %w", name, err)
	}
	var d fake.TaskDefinition
	if err := json.Unmarshal(text, &d); err != nil {
		return fake.TaskDefinition{}, fmt.Errorf("task definition %s: %w", name, err)
	}
	if d.Declared, err = declared.Definition(text); err != nil {
		return fake.TaskDefinition{}, fmt.Errorf("task definition %s: %w", name, err)
	}
	d.Tags = out.Tags
	return d, nil
}

// Cluster is a cluster that the emulator has stored.
type Cluster struct {
	Name      string   `json:"clusterName"`
	Status    string   `json:"status"`
	Providers []string `json:"capacityProviders"`
}

// Cluster returns a cluster by name, and whether there is one.
func (c *Client) Cluster(ctx context.Context, name string) (Cluster, bool, error) {
	var out struct {
		Clusters []Cluster `json:"clusters"`
	}
	if err := c.call(ctx, "ecs", ecsTarget+"DescribeClusters", map[string]any{"clusters": []string{name}}, &out); err != nil {
		return Cluster{}, false, err
	}
	if len(out.Clusters) == 0 || out.Clusters[0].Status != "ACTIVE" {
		return Cluster{}, false, nil
	}
	return out.Clusters[0], true, nil
}

// Service is a service that the emulator has stored.
type Service struct {
	Name       string                     `json:"serviceName"`
	Cluster    string                     `json:"clusterArn"`
	Status     string                     `json:"status"`
	Definition string                     `json:"taskDefinition"`
	Desired    int                        `json:"desiredCount"`
	LaunchType string                     `json:"launchType"`
	Strategy   []fake.StrategyItem        `json:"capacityProviderStrategy"`
	Network    *fake.NetworkConfiguration `json:"networkConfiguration"`

	LoadBalancers []fake.LoadBalancer `json:"loadBalancers"`

	Deployments []struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	} `json:"deployments"`
}

// Deployment is the ID of the primary deployment.
func (s Service) Deployment() string {
	for _, d := range s.Deployments {
		if d.Status == "PRIMARY" {
			return d.ID
		}
	}
	return ""
}

// Services returns the services of every cluster.
func (c *Client) Services(ctx context.Context) ([]Service, error) {
	var clusters struct {
		ARNs []string `json:"clusterArns"`
	}
	if err := c.call(ctx, "ecs", ecsTarget+"ListClusters", struct{}{}, &clusters); err != nil {
		return nil, err
	}
	var all []Service
	for _, cluster := range clusters.ARNs {
		found, err := c.servicesOf(ctx, cluster)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// servicesAtOnce is how many services DescribeServices takes.
const servicesAtOnce = 10

func (c *Client) servicesOf(ctx context.Context, cluster string) ([]Service, error) {
	var list struct {
		ARNs []string `json:"serviceArns"`
	}
	if err := c.call(ctx, "ecs", ecsTarget+"ListServices", map[string]any{"cluster": cluster}, &list); err != nil {
		return nil, err
	}
	var all []Service
	for arns := list.ARNs; len(arns) > 0; {
		n := min(len(arns), servicesAtOnce)
		var out struct {
			Services []Service `json:"services"`
		}
		if err := c.call(ctx, "ecs", ecsTarget+"DescribeServices", map[string]any{"cluster": cluster, "services": arns[:n]}, &out); err != nil {
			return nil, err
		}
		all = append(all, out.Services...)
		arns = arns[n:]
	}
	return all, nil
}
