// Command bench measures what Slipway costs in time and memory, beside peers that do the same, and prints the tables of
// docs/benchmarks.md. Its tests count what runs cost in money.
//
// What comes in: the code of this module, the peers in bench/peers, and template.yaml for the environment of functions.
// What goes out: tables in Markdown, or JSON, on standard output; progress on standard error.
//
// It must never compare figures of different runs: contenders take turns, and every ratio is one of the same round.
package main
