// Package refusal turns an error of an AWS call into one whose kind is decided.
//
// What comes in: what the SDK returned, and the caller's table of error codes that no retry can help. What goes out: a
// run.Error whose kind says whether the same call may succeed later, with the code as its reason.
//
// It must never read the text of an error: codes and types decide.
package refusal
