package cluster

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// ECS is Amazon ECS in one region.
type ECS struct{ client *ecs.Client }

// New returns an adapter. Endpoint is nil for AWS's own.
func New(cfg aws.Config, endpoint *string) *ECS {
	return &ECS{ecs.NewFromConfig(cfg, func(o *ecs.Options) { o.BaseEndpoint = endpoint })}
}
