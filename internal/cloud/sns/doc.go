// Package sns calls Amazon SNS.
//
// What comes in: a topic and a mail. What goes out: the mail, published.
//
// It must never publish a subject that SNS refuses: whatever does not fit is replaced or cut.
package sns
