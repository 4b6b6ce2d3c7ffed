// Command stack starts, stops and shows the local stack: go run ./local/stack up|down|status.
//
// What comes in: the environment (SLIPWAY_PORT, SLIPWAY_ECS_PORT, SLIPWAY_ENGINE, CONFIG). What goes out: a stack that
// is ready, with its state in .local, and words about it. Exit status: 0 done, 1 it did not work, 2 wrong usage; status
// answers 1 when the stack does not run.
//
// It must never ask a question or reach AWS.
package main
