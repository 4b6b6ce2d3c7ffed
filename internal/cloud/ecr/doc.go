// Package ecr signs in to Amazon Elastic Container Registry and looks for images there.
//
// What comes in: names of repositories and tags. What goes out: a password that is good for some hours, and digests.
//
// It must never log the password, and never be linked by a function.
package ecr
