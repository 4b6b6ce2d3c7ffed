package fake

import (
	"slices"
	"strings"
)

// Service is a service as far as its tasks go.
type Service struct {
	Cluster    string
	Name       string
	Definition string
	Desired    int
	Deployment string // the ID of its deployment, "ecs-svc/…"
	Network    *NetworkConfiguration
	Strategy   []StrategyItem
	LaunchType string
}

// Converge starts tasks that a service lacks and asks those beyond its desired count to stop: unprotected ones only,
// the newest first. Tasks of another definition are replaced as in a deployment.
func (e *ECS) Converge(s Service) error {
	tasks, err := e.ListTasks(Filter{Cluster: s.Cluster, ServiceName: s.Name})
	if err != nil {
		return err
	}
	kept := 0
	for _, t := range tasks {
		if t.TaskDefinitionArn == s.Definition && kept < s.Desired {
			kept++
			continue
		}
		if err := e.scaleIn(t.TaskArn, s); err != nil {
			return err
		}
	}
	for ; kept < s.Desired; kept++ {
		if err := e.startFor(s); err != nil {
			return err
		}
	}
	return nil
}

func (e *ECS) scaleIn(arn string, s Service) error {
	e.mu.Lock()
	t, ok := e.find(arn)
	protected := ok && t.protectedUntil.After(e.Now())
	e.mu.Unlock()
	if !ok || protected {
		return nil
	}
	_, err := e.StopTask(arn, "ServiceSchedulerInitiated", "Scaling activity initiated by (deployment "+s.Deployment+")")
	return err
}

func (e *ECS) startFor(s Service) error {
	_, err := e.RunTask(RunTaskInput{
		Cluster: s.Cluster, TaskDefinition: s.Definition, Count: 1, Group: "service:" + s.Name, StartedBy: s.Deployment,
		NetworkConfiguration: s.Network, CapacityProviderStrategy: s.Strategy, LaunchType: s.LaunchType,
	})
	return err
}

// Counts are how many tasks of a service run, and how many are on their way.
func (e *ECS) Counts(cluster, service string) (running, pending int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.tasks {
		if t.Group != "service:"+service || !strings.HasSuffix(t.ClusterArn, "cluster/"+clusterName(cluster)) {
			continue
		}
		switch {
		case t.LastStatus == "RUNNING":
			running++
		case slices.Contains([]string{"PROVISIONING", "PENDING", "ACTIVATING"}, t.LastStatus):
			pending++
		}
	}
	return running, pending
}
