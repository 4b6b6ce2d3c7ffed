// Command invoke sends an event to one of the functions, with the environment that it has on the local stack.
//
//	go run ./local/invoke s3-trigger events/sqs-eventbridge-object-created.json
//
// What comes in: the name of a function, and a file. What goes out: the answer on standard output, the log on standard
// error. With a container engine the function runs as `sam local invoke` runs it; without one, the function that is
// deployed to the local stack is called. Exit codes: 0 it answered, 1 it could not be called, 2 wrong usage.
//
// It must never change the stack other than through the function.
package main
