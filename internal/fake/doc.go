// Package fake is AWS in memory: the ledger's table and ECS, with state, for tests, simulation and the local stack.
//
// What comes in: the same calls that the real adapters make, and faults on request. What goes out: what AWS would
// answer, and the state-change events that it would send.
//
// It must never be linked by a function, and never behave otherwise than documented: the conformance suites run the
// same cases through the fake and through the real adapters.
package fake
