// Package emulator gives tests a real AWS emulator on a port of 127.0.0.1.
//
// What comes in: the emulator that `make tools` installs. What goes out: its endpoint, and tables as template.yaml
// would make them. A test that needs it fails where it is missing: a skipped check proves nothing.
//
// It must never reach beyond this machine, and is for tests only.
package emulator
