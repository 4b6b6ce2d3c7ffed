// Package lambda reads functions, and the limits of an account, from AWS Lambda.
//
// What comes in: names of functions. What goes out: the limit of concurrency, and a file that a function was deployed
// with.
//
// It must never change or call a function, and never be linked by one. The environment of a function is left alone: it
// may hold secrets of others.
package lambda
