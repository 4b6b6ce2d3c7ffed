// Package alert decides who is told of what when, and composes the mails.
//
// What comes in: cases (failures, and what ECS says of services), successes and the time, with the incident as the
// ledger has it. What goes out: the incident as it is now, with the notices that are to be told of it; and for a notice
// a mail with a subject, a text and HTML, in plain words, with the cause, the remedy, what it was about, and links.
//
// It must never send anything, read a clock or the environment, or let text from an event change the form of a mail:
// what comes from events is cut, cleaned and escaped. Environment values are never part of a mail.
package alert
