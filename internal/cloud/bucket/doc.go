// Package bucket lists the objects of an Amazon S3 bucket, and empties one that its owner gives up.
//
// What comes in: a bucket and a prefix. What goes out: its objects, or the versions of them, page by page.
//
// It must never read or write an object, and no function links it: it is for the command line.
package bucket
