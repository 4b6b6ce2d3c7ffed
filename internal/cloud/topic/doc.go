// Package topic reads who is subscribed to a topic of Amazon SNS. Package sns, which functions link, publishes.
//
// What comes in: the ARN of a topic. What goes out: mail addresses, and which of them have not confirmed.
//
// It must never change anything or publish, and never be linked by a function.
package topic
