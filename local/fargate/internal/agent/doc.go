// Package agent is what a container finds at the addresses that ECS puts into its environment: the task metadata
// endpoint and the task protection endpoint of the ECS agent.
//
// What comes in: requests of containers. What goes out: what the state machine knows of their task.
//
// It must never answer for a task that is not the caller's: the path names the task.
package agent
