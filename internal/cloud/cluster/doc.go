// Package cluster reads from Amazon ECS what a deployment relies on: clusters, their capacity providers, services and
// task definitions with their roles. Package ecs, which functions link, runs tasks.
//
// What comes in: names and ARNs. What goes out: what is there; what is not is no error.
//
// It must never change anything but stop tasks that it is told to stop, and never be linked by a function.
package cluster
