// Package kms reads keys from AWS Key Management Service.
//
// What comes in: the ID, ARN or alias of a key. What goes out: its state, and whom its policy and grants let decrypt.
//
// It must never change anything or use a key, and never be linked by a function.
package kms
