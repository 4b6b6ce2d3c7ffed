// Package environment tells which environment template.yaml gives a function, with stand-ins for what CloudFormation
// would fill in.
//
// What comes in: the text of the template and the logical ID of a function. What goes out: its variables, beside those
// that Lambda itself sets.
//
// It must never know a variable that the template does not have: what is measured is what is deployed.
package environment
