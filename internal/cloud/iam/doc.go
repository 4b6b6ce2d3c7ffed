// Package iam reads roles from AWS Identity and Access Management.
//
// What comes in: the ARN of a role. What goes out: whether it is there, and whom it trusts.
//
// It must never change anything, and never be linked by a function.
package iam
