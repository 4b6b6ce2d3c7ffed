// Command hello is the least that a Lambda function in Go can be: what every cold start is measured by.
//
// What comes in: any event. What goes out: nothing.
//
// It must never do more.
package main
