// Package balance keeps the tasks of services in the target groups of their load balancers, as ECS does: a task is
// registered when it answers, and deregistered before it is asked to end.
//
// What comes in: tasks at each change of their state, and what the load balancers of their services reach. What goes out:
// the address and the ports that each container is reached at, and calls of Elastic Load Balancing.
//
// It must never hold up the state machine longer than one call of the emulator takes.
package balance
