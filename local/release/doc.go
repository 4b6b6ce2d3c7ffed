// Command release builds the archives of a release: slipway for linux and macOS on amd64 and arm64, each with the licence,
// their checksums, and a CycloneDX list of the modules that are in them.
//
// What comes in: the source, its commit, the Go toolchain, and the release in VERSION. What goes out: a folder whose bytes
// depend on nothing else, so that anybody can build it again and compare.
//
// It must never reach a network, or write a time of today.
package main
