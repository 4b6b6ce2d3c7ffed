package orchestrator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"slipway/internal/alert"
	"slipway/internal/event"
	"slipway/internal/run"
	"slipway/internal/stop"
)

// ObserveService takes in what ECS says of a service: trouble opens an incident, its steady state resolves them.
func (o *Orchestrator) ObserveService(ctx context.Context, a event.ServiceAction) error {
	subject, watched := o.serviceOf(a.Cluster, a.Service)
	if !watched {
		return nil
	}
	switch a.Name {
	case "SERVICE_STEADY_STATE":
		return o.succeeded(ctx, subject, false, a.At)
	case "SERVICE_DEPLOYMENT_FAILED", "SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_DEPLOYMENT_IN_PROGRESS":
		return nil // the change of the deployment says so too, and which one it is
	}
	if a.Level != "ERROR" && a.Level != "WARN" {
		return nil
	}
	return o.countCase(ctx, run.Case{
		ID: "event/" + cmp.Or(a.ID, a.Service+"/"+a.Name+"/"+a.At.UTC().Format(time.RFC3339Nano)), Event: "service.error", Subject: subject, At: a.At,
		Outcome: stop.OfService(a.Name, a.Level, a.Reason), Next: "ECS goes on trying.",
	})
}

// ObserveDeployment takes in how a deployment goes. One that has failed explains the task failures that it caused.
func (o *Orchestrator) ObserveDeployment(ctx context.Context, d event.DeploymentChange) error {
	subject, watched := o.serviceOf(d.Cluster, d.Service)
	if !watched {
		return nil
	}
	mark := run.Mark{Name: "deployment/" + d.Deployment, At: d.At, Until: o.now().Add(run.KeepCases)}
	switch d.Name {
	case "SERVICE_DEPLOYMENT_IN_PROGRESS":
		mark.Word = inProgress
		return o.ledger.SaveMark(ctx, mark)
	case "SERVICE_DEPLOYMENT_COMPLETED":
		mark.Word = "completed"
		return errors.Join(o.ledger.SaveMark(ctx, mark), o.releaseTasks(ctx, subject, d.Deployment), o.succeeded(ctx, subject, true, d.At))
	case "SERVICE_DEPLOYMENT_FAILED":
		mark.Word = hasFailed
		return errors.Join(o.ledger.SaveMark(ctx, mark), o.deploymentFailed(ctx, subject, d))
	}
	return nil
}

// serviceOf is a service as a subject, and whether it is watched.
func (o *Orchestrator) serviceOf(cluster, arn string) (run.Subject, bool) {
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	return run.Subject{Kind: run.ServiceSubject, Name: name, Cluster: clusterName(cluster)}, name != "" && o.watches(cluster, name)
}

func (o *Orchestrator) deployment(ctx context.Context, id string) (run.Mark, error) {
	if id == "" {
		return run.Mark{}, nil
	}
	m, err := o.ledger.Mark(ctx, "deployment/"+id)
	if errors.Is(err, run.ErrNotFound) {
		return run.Mark{}, nil
	}
	if err != nil {
		return m, fmt.Errorf("read deployment %s: %w", id, err)
	}
	return m, nil
}

// deploymentFailed counts a failed deployment, with the tasks that it explains, and closes their incidents.
func (o *Orchestrator) deploymentFailed(ctx context.Context, subject run.Subject, d event.DeploymentChange) error {
	open, err := o.ledger.OpenIncidents(ctx, subject)
	if err != nil {
		return fmt.Errorf("read the open incidents of %s: %w", subject.Name, err)
	}
	c := deploymentCase(subject, d.Deployment, stop.OfDeployment(d.Reason))
	c.At = d.At
	for _, i := range open {
		if causedBy(i, d.Deployment) {
			c.Outcome = stop.Because(c.Outcome, i.Examples[0].Outcome, i.Count)
			c.TaskARN, c.Definition = i.Examples[0].TaskARN, i.Examples[0].Definition
		}
	}
	if err := o.countCase(ctx, c); err != nil {
		return err
	}
	return o.eachOpen(ctx, subject, func(i run.Incident) (run.Incident, bool) {
		if !causedBy(i, d.Deployment) {
			return i, false
		}
		return alert.Swallow(i, o.now()), true
	})
}

// deploymentCase is the case of a failed deployment; its key does not depend on what is known of the tasks.
func deploymentCase(subject run.Subject, deployment string, outcome run.Outcome) run.Case {
	return run.Case{
		ID: "deployment/" + subject.Cluster + "/" + subject.Name + "/" + deployment, Event: "deployment.failed", Subject: subject,
		Outcome: outcome, Deployment: deployment, Next: "ECS rolls back if the service says so; else the old tasks go on.",
	}
}

// causedBy reports whether an incident is of tasks that the deployment started.
func causedBy(i run.Incident, deployment string) bool {
	return i.Event == "task.failed" && deployment != "" && len(i.Examples) > 0 && i.Examples[0].Deployment == deployment
}

// swallowCase counts a failed task in the incident of the deployment that explains it.
func (o *Orchestrator) swallowCase(ctx context.Context, c run.Case) error {
	key := run.IncidentKey(deploymentCase(c.Subject, c.Deployment, stop.OfDeployment("")))
	before, _, err := o.changeIncident(ctx, key, c.ID, func(i run.Incident) (run.Incident, bool) {
		i.Swallowed++
		return i, i.Key != ""
	})
	switch {
	case errors.Is(err, run.ErrRecorded):
		return nil
	case err == nil && before.Key == "":
		return o.countCase(ctx, c) // whoever marked the deployment has not come to count it yet, and will swallow this
	}
	return err
}

// releaseTasks lets the mails go that waited for the end of a deployment.
func (o *Orchestrator) releaseTasks(ctx context.Context, subject run.Subject, deployment string) error {
	return o.eachOpen(ctx, subject, func(i run.Incident) (run.Incident, bool) {
		if !causedBy(i, deployment) || i.HeldUntil.IsZero() {
			return i, false
		}
		return alert.Release(i, o.now()), true
	})
}
