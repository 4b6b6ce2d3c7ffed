// Package declared reads out of a template what ECS will be asked for: task definitions, services and capacity providers, in
// the words of package compatible.
//
// What comes in: a CloudFormation or SAM template, as far as it is known before it is deployed. What goes out: definitions by
// their names, uses of them by services, and the kinds of capacity providers.
//
// It must never guess a value: one that depends on a parameter without a default is left out.
package declared
