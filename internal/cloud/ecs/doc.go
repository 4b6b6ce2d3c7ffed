// Package ecs calls Amazon ECS.
//
// What comes in: requests in the words of package run. What goes out: everything that ECS answered, in the same words.
//
// It must never judge an answer: package launch does. It holds the concrete client, so that a function links only what
// it calls.
package ecs
