package iam

import (
	"slices"
	"testing"
)

func TestWhomARoleTrusts(t *testing.T) {
	for policy, want := range map[string][]string{
		`{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":["a","b"]}},{"Effect":"Allow","Action":["sts:TagSession","sts:AssumeRole"],"Principal":{"Service":"c"}}]}`: {"a", "b", "c"},
		`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"a"}}}`:                                                                                                     {"a"},
		`{"Statement":[{"Effect":"Deny","Action":"sts:AssumeRole","Principal":{"Service":"a"}},{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"}]}`:                                       nil,
		`{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:root"}}]}`:                                                                          nil,
	} {
		if got, err := trusted(policy); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v, want %v", policy, got, err, want)
		}
	}
}
