// Package runner runs the containers of tasks: as containers of a Docker engine, or as host processes.
//
// What comes in: tasks. What goes out: when their containers run and how they ended, in the words of ECS, and their
// output as log lines.
//
// It must never decide what becomes of a task: the state machine does.
package runner
