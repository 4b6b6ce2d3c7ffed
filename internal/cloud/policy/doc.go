// Package policy reads the JSON of IAM policies: key policies, trust policies.
//
// What comes in: a policy document. What goes out: its statements, whichever of the forms that AWS takes they are written in.
//
// It must never decide what a policy allows: whoever asks knows what for.
package policy
