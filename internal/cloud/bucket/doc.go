// Package bucket lists the objects of an Amazon S3 bucket.
//
// What comes in: a bucket and a prefix. What goes out: its objects, or the versions of them, page by page.
//
// It must never read or change an object, and no function links it: it is for the command line.
package bucket
