// Package stack starts, deploys and stops the whole of Slipway on this machine: the emulator of AWS, the tasks' side of
// ECS, the functions and the reference tasks.
//
// What comes in: the repository, a folder for the state, two ports, and the folder of slipway.yaml. What goes out: a
// stack that is ready, its record and its environment, in the state's folder.
//
// It must never reach AWS, listen on anything but 127.0.0.1, use a person's credentials, or stop a program that it has
// not started. Two stacks with different folders and ports know nothing of each other.
package stack
