// Package alert composes the mails about failures.
//
// What comes in: a failed run or an incident. What goes out: a subject and a text, in plain words, with the cause, the
// remedy, what it was about, and links to the task and its logs.
//
// It must never send anything, read a clock or the environment, or let text from an event change the form of a mail:
// what comes from events is cut and cleaned. Environment values are never part of a mail.
package alert
