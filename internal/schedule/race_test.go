//go:build race

package schedule_test

func init() { expressionsPerZone = 4 } // the race detector makes the walk seven times as long
