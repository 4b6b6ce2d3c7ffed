// The sqs-scaler function gives each service that polls queues as many tasks as its backlog needs.
//
// What comes in: a tick each minute. What goes out: a new desired count of a service, when the decision differs from
// what is; and a log line for each decision. While there is work, it looks again every few seconds of its minute.
//
// It must never act on a number that it could not read, never let one scaler stop another, and never follow one
// service twice at once: a lease for each scaler sees to that.
package main
