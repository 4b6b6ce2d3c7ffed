// Package eventbridge calls Amazon EventBridge.
//
// What comes in: an event of Slipway's own. What goes out: the event, on the default event bus.
//
// It must never take an answer of 200 for success: each entry says for itself whether it was taken.
package eventbridge
