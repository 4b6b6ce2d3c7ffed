// Package picture makes pictures to try the object processor with.
//
// What comes in: a format and a size in pixels. What goes out: the bytes of a file, the same for the same wishes.
//
// It must never read a file: nothing that is uploaded comes from anywhere but here.
package picture
