// Package samlocal runs one of the functions in a container, as `sam local invoke` does.
//
// What comes in: what `sam build` made, an event, and the environment that the function would have. What goes out: the
// function's answer and its log. Endpoints on this machine's 127.0.0.1 are made reachable from the container while it
// runs, and for it alone.
//
// It needs a container engine, and must never be linked by a function.
package samlocal
