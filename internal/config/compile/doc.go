// Package compile reads slipway.yaml and checks it.
//
// What comes in: the text of slipway.yaml. What goes out: the configuration that the build puts beside each bootstrap,
// or every mistake at once, each with its line and column and with what to write instead. The table of keys (shapes.go)
// is also what the JSON Schema and the reference are made from.
//
// It must never call AWS, and no function may link it: a cold start reads JSON.
package compile
