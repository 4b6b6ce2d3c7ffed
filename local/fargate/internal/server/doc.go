// Package server is local/fargate put together: ECS's protocol in front, the state machine of package fake behind it,
// the emulator for everything that is not a task, and a runner for what is in a task.
//
// What comes in: calls of ECS, and faults on request. What goes out: tasks that run, and their state-change events.
//
// It must never listen but where it is told to, and must leave no task behind when it ends.
package server
