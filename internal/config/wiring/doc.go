// Package wiring writes wiring.yaml: the part of the stack that follows from slipway.yaml. It holds an EventBridge rule
// for every bucket and cluster named, a policy on each queue for exactly those rules, and one policy for each function
// that allows exactly the tasks, roles, queues and services named.
//
// What comes in: the configuration, with ${Name} still in it. What goes out: a CloudFormation template whose parameters
// are always the same, so that the root template never changes; and, for people, how two of them differ.
//
// It must never call AWS, and the same configuration must always give the same bytes: the file is committed, and the
// build compares it.
package wiring
