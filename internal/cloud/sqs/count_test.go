package sqs

import "testing"

func TestACountThatIsNotGivenIsAnError(t *testing.T) {
	for name, tc := range map[string]struct {
		attributes map[string]string
		want       int
		ok         bool
	}{
		"a count":             {map[string]string{"N": "7"}, 7, true},
		"zero":                {map[string]string{"N": "0"}, 0, true},
		"more than int32":     {map[string]string{"N": "5000000000"}, 5_000_000_000, true},
		"no count":            {nil, 0, false},
		"an empty count":      {map[string]string{"N": ""}, 0, false},
		"text":                {map[string]string{"N": "many"}, 0, false},
		"a negative count":    {map[string]string{"N": "-1"}, 0, false},
		"half a message":      {map[string]string{"N": "0.5"}, 0, false},
		"a count of another":  {map[string]string{"M": "7"}, 0, false},
		"a count with spaces": {map[string]string{"N": " 7"}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := count(tc.attributes, "N")
			if got != tc.want || (err == nil) != tc.ok {
				t.Errorf("count = %d, %v, want %d", got, err, tc.want)
			}
		})
	}
}
