// Command guard fails when the hot paths, the functions or what they link have grown beyond bench/baseline.json, and
// records a new baseline with -record.
//
// What comes in: the code of this module and the baseline. What goes out: what has grown, and by how much; exit code 1.
//
// It must never record a baseline that it was not asked for.
package main
