// Package cloudwatch reads alarms, and how often functions were called, from Amazon CloudWatch.
//
// What comes in: names of alarms and functions. What goes out: their states and counts.
//
// It must never change anything, and never be linked by a function: those write metrics into their logs.
package cloudwatch
