package server

import (
	"context"
	"errors"
	"strings"
	"time"

	"slipway/internal/compatible"
	"slipway/internal/fake"
	"slipway/local/fargate/internal/upstream"
)

// callTimeout bounds a question to the emulator while a call of ECS waits for its answer.
const callTimeout = 10 * time.Second

// definition resolves a task definition, as the emulator has stored it.
func (s *Server) definition(name string) (fake.TaskDefinition, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	d, err := s.upstream.TaskDefinition(ctx, name)
	return d, asECS(err)
}

// providers are the capacity providers of a cluster. The emulator's CloudFormation associates none: a cluster without
// any has the two that every AWS account has.
func (s *Server) providers(name string) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	c, ok, err := s.upstream.Cluster(ctx, name)
	switch {
	case err != nil:
		return nil, asECS(err)
	case !ok:
		return nil, &fake.ECSError{Code: "ClusterNotFoundException", Message: "Cluster not found.", Status: 400}
	case len(c.Providers) == 0:
		return []string{"FARGATE", "FARGATE_SPOT"}, nil
	}
	return c.Providers, nil
}

// asECS is a refusal of the emulator as ECS's own.
func asECS(err error) error {
	var refused *upstream.Error
	if errors.As(err, &refused) {
		return &fake.ECSError{Code: refused.Code, Message: refused.Message, Status: refused.Status}
	}
	return err
}

// impossible says what is wrong with the definition of a service where its tasks are to run, which a template may have brought
// past the table; empty: nothing.
func impossible(d fake.TaskDefinition, stored upstream.Service) string {
	step := stored.LaunchType
	if len(stored.Strategy) > 0 {
		step = stored.Strategy[0].CapacityProvider
	}
	use := compatible.Use{Definition: d.Declared, Step: step, Service: &compatible.Service{Configured: stored.Network != nil}}
	for _, r := range compatible.Examine(use) {
		if r.At == compatible.AtDefinition {
			return fake.Refused("ClientException", r).Message
		}
	}
	return ""
}

// balanced is what load balancers reach of the service of a task.
func (s *Server) balanced(t fake.Task) []fake.LoadBalancer {
	name, of := strings.CutPrefix(t.Group, "service:")
	if !of {
		return nil
	}
	now, _ := s.ecs.Service(t.ClusterArn, name)
	return now.LoadBalancers
}

// look reads the services and lets the state machine follow them.
func (s *Server) look(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	services, err := s.upstream.Services(ctx)
	if err != nil {
		return err
	}
	seen := map[[2]string]bool{}
	for _, stored := range services {
		if stored.Status != "ACTIVE" {
			continue
		}
		seen[[2]string{stored.Cluster, stored.Name}] = true
		if err := s.follow(ctx, stored); err != nil {
			return err
		}
	}
	for key := range s.known {
		if !seen[key] {
			s.ecs.RemoveService(key[0], key[1])
		}
	}
	s.known = seen
	return nil
}

func (s *Server) follow(ctx context.Context, stored upstream.Service) error {
	now, ok := s.ecs.Service(stored.Cluster, stored.Name)
	d := now.Definition
	if !ok || d.TaskDefinitionArn != stored.Definition {
		var err error
		if d, err = s.upstream.TaskDefinition(ctx, stored.Definition); err != nil {
			return err
		}
	}
	network := stored.Network
	if network != nil && len(network.Awsvpc.Subnets) == 0 {
		network = nil
	}
	s.ecs.PutService(fake.Service{
		Cluster: stored.Cluster, Name: stored.Name, Definition: d, Desired: stored.Desired, Deployment: stored.Deployment(),
		Network: network, Strategy: stored.Strategy, LaunchType: stored.LaunchType, LoadBalancers: stored.LoadBalancers,
		Refused: impossible(d, stored),
	})
	return nil
}
