// Package bench measures what Slipway costs: in money, from published prices and what the real code decides.
//
// What comes in: nothing but the code of this module and the in-memory AWS. What goes out: tables, by
// `go test -run TestX -v` or -bench, which docs/benchmarks.md shows.
//
// It must never fail for a time that a machine took; only for what was decided.
package bench
