package main

import (
	"strings"
	"testing"
)

// TestClocksOfTheGuideToSchedules holds the table of the page against next.
func TestClocksOfTheGuideToSchedules(t *testing.T) {
	s := newSession(t)
	for _, tc := range []struct{ expression, from, want string }{
		{"cron(30 3 * * ? *)", "2027-03-27T22:00:00Z", "03-28T01:00 03-29T00:30"},
		{"cron(30 3 * * ? *)", "2027-10-30T21:00:00Z", "10-31T00:30 11-01T01:30"},
		{"cron(0 2-4 * * ? *)", "2027-03-27T22:00:00Z", "03-28T00:00 03-28T01:00 03-28T23:00"},
		{"cron(0 2-4 * * ? *)", "2027-10-30T21:00:00Z", "10-30T23:00 10-31T00:00 10-31T02:00 11-01T00:00"},
		{"cron(0 * * * ? *)", "2027-03-27T23:00:00Z", "03-28T00:00 03-28T01:00 03-28T02:00"},
		{"cron(0 * * * ? *)", "2027-10-30T23:00:00Z", "10-31T00:00 10-31T01:00 10-31T02:00"},
		{"rate(1 day)", "2027-03-27T22:00:00Z", "03-28T00:00 03-29T00:00"},
		{"rate(1 day)", "2027-10-30T21:00:00Z", "10-31T00:00 11-01T00:00"},
	} {
		out, _ := s.run(0, "next", tc.expression, "--timezone", "Europe/Helsinki", "--from", tc.from, "--json", "-n", "4")
		var times []string
		decode(t, out, &times)
		var got []string
		for _, at := range times[:len(strings.Fields(tc.want))] {
			got = append(got, at[len("2027-"):len("2027-03-28T01:00")])
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s from %s: got %v, want %s", tc.expression, tc.from, got, tc.want)
		}
	}
}
