// Package s3test is a small S3 on 127.0.0.1 for the tests of the reference containers, which can do what an emulator
// cannot: answer with trouble, break off in the middle, and send more than anybody wants to store.
//
// What comes in: objects, or functions that answer for them. What goes out: an endpoint, and what was put there.
//
// It is for tests only, and must never be taken for S3 where S3's own rules are tested.
package s3test
