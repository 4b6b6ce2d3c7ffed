// Package template reads a CloudFormation template and expands it: what would be deployed for given parameters.
//
// What comes in: the text of a template, and parameters. What goes out: the resources and outputs whose conditions hold,
// with every intrinsic function as its value. A reference to a resource becomes ${LogicalID} or ${LogicalID.Attribute}, so
// that relations between resources can be looked at without an account.
//
// It must never call AWS, and never guess: a function or a reference that it does not know is an error.
package template
