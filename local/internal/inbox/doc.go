// Package inbox reads the mails that the emulator's SES has accepted.
//
// What comes in: the emulator's URL. What goes out: mails, oldest first.
//
// It must never send or delete one.
package inbox
