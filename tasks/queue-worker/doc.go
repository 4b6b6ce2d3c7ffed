// Command queue-worker works off the queue of WORK_QUEUE_URL: a small program on package worker.
//
// What comes in: messages. A body {"work":"500ms","fail":true} says how long the work takes, and whether it fails; any
// other body is worked on for WORK_DURATION (200ms). What goes out: deleted messages, and a log line for each. One that
// fails is left to the queue's redrive policy.
//
// Settings: WORK_CONCURRENCY (10) messages at once; WORK_WAIT (10s) for a message in one poll; WORK_STOP_TIMEOUT (25s) to
// finish after SIGTERM, which must be less than the container's stopTimeout; WORK_PROTECTION=off for a task that belongs to no service, which ECS cannot
// protect from scale-in.
//
// On SIGTERM it receives nothing more, finishes what it has or gives it back, and ends with 0. It ends with 1 when the
// queue does not exist or may not be read, and with 2 when its environment is wrong. It must never delete a message
// whose work failed.
package main
