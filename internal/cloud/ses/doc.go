// Package ses calls Amazon SES (API v2).
//
// What comes in: a mail. What goes out: the mail, accepted by SES.
//
// It must never let a header carry a line break, and never builds a MIME message by hand.
package ses
