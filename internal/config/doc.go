// Package config is the compiled configuration and the environment of the functions.
//
// What comes in: slipway.json, which the build compiles from slipway.yaml and puts beside each bootstrap, and the
// environment variables that template.yaml sets. What goes out: typed values, with every ${Name} filled in, or an
// error that lists every mistake at once.
//
// It must never read YAML, call AWS or guess a default that slipway.yaml should have said: package compile does the
// reading and checking, and only the command line links it.
package config
