// Command hot repeats one hot path, for a program that counts its instructions, or tells what every hot path allocates and
// how long it takes beside fixed work.
//
// What comes in: the name of a path and how often to do it; or nothing. What goes out: nothing; or JSON.
//
// It must never do more than the path between its start and its end, so that the difference of two counts is the path.
package main
