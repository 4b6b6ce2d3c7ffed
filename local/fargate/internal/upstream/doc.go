// Package upstream calls the AWS emulator that local/fargate stands in front of: for task definitions, clusters and
// services, EventBridge rules, queues, functions and logs.
//
// What comes in: names and ARNs. What goes out: what the emulator has stored, and messages, invocations and log lines.
//
// It must never call anything but the emulator: its requests carry a signature that proves nothing.
package upstream
