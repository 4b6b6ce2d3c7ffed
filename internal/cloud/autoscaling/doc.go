// Package autoscaling asks Application Auto Scaling which services it manages.
//
// What comes in: services. What goes out: those of them that have a scalable target. It speaks the protocol by itself,
// with the SDK's signer: one operation is not worth a client of its own.
//
// It must never change anything, and no function links it: only the command line does.
package autoscaling
