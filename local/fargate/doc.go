// Command fargate runs the tasks of the local stack: it stands in front of the AWS emulator as the endpoint of Amazon
// ECS, and runs what RunTask and services ask for as containers or as host processes.
//
// What comes in: calls of ECS, and faults at /_slipway/faults. What goes out: tasks that run, their output in the
// emulator's CloudWatch Logs, and their state-change events at the targets of the emulator's rules.
//
// It must never listen on anything but what -listen names, which is this machine only unless somebody says otherwise.
package main
