package project_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// matches reports whether an event fits an EventBridge pattern, as far as this project's rules need: exact values,
// prefix, suffix, anything-but, exists, equals-ignore-case and numeric. It refuses what it does not know, so that a
// misspelt operator cannot pass.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
func matches(pattern, event any) (bool, error) {
	p, ok := pattern.(object)
	if !ok {
		return false, fmt.Errorf("%v is not an object", pattern)
	}
	e, _ := event.(object)
	for key, want := range p {
		got, present := e[key]
		fits, err := fitsField(want, got, present)
		if err != nil {
			return false, fmt.Errorf("%s: %w", key, err)
		}
		if !fits {
			return false, nil
		}
	}
	return true, nil
}

func fitsField(want, got any, present bool) (bool, error) {
	alternatives, ok := want.([]any)
	if !ok {
		return matches(want, got)
	}
	values := []any{got}
	if list, isList := got.([]any); isList {
		values = list
	}
	for _, alternative := range alternatives {
		for _, v := range values {
			fits, err := fitsValue(alternative, v, present)
			if fits || err != nil {
				return fits, err
			}
		}
	}
	return false, nil
}

func fitsValue(want, got any, present bool) (bool, error) {
	operator, ok := want.(object)
	if !ok {
		return present && fmt.Sprint(want) == fmt.Sprint(got), nil
	}
	if len(operator) != 1 {
		return false, fmt.Errorf("%v: an operator stands alone", operator)
	}
	text, isText := got.(string)
	for name, arg := range operator {
		switch name {
		case "prefix":
			return isText && strings.HasPrefix(text, fmt.Sprint(arg)), nil
		case "suffix":
			return isText && strings.HasSuffix(text, fmt.Sprint(arg)), nil
		case "equals-ignore-case":
			return isText && strings.EqualFold(text, fmt.Sprint(arg)), nil
		case "exists":
			return fmt.Sprint(arg) == fmt.Sprint(present), nil
		case "anything-but":
			return present && !listed(arg, got), nil
		case "numeric":
			return fitsNumber(many(arg), got)
		default:
			return false, fmt.Errorf("%s is no operator that this test knows", name)
		}
	}
	return false, nil
}

func listed(list, v any) bool {
	for _, e := range many(list) {
		if fmt.Sprint(e) == fmt.Sprint(v) {
			return true
		}
	}
	return false
}

func fitsNumber(terms []any, got any) (bool, error) {
	n, isNumber := number(got)
	if len(terms) == 0 || len(terms)%2 != 0 {
		return false, fmt.Errorf("numeric wants operators and numbers in turn, not %v", terms)
	}
	for i := 0; i < len(terms); i += 2 {
		bound, ok := number(terms[i+1])
		if !ok {
			return false, fmt.Errorf("numeric: %v is no number", terms[i+1])
		}
		fits, known := map[string]bool{"=": n == bound, "<": n < bound, "<=": n <= bound, ">": n > bound, ">=": n >= bound}[fmt.Sprint(terms[i])]
		if !known {
			return false, fmt.Errorf("numeric: %v is no comparison", terms[i])
		}
		if !isNumber || !fits {
			return false, nil
		}
	}
	return true, nil
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	}
	return 0, false
}

func TestPatterns(t *testing.T) {
	const event = `{"source":"aws.ecs","resources":["arn:a/1","arn:b/2"],"detail":{"status":"RUNNING","size":5,"reason":null}}`
	for name, tc := range map[string]struct {
		pattern string
		want    bool
	}{
		"an exact value":                     {`{"source":["aws.ecs"]}`, true},
		"another value":                      {`{"source":["aws.s3"]}`, false},
		"one of several":                     {`{"detail":{"status":["STOPPED","RUNNING"]}}`, true},
		"every field counts":                 {`{"source":["aws.ecs"],"detail":{"status":["STOPPED"]}}`, false},
		"a field that is missing":            {`{"detail":{"clusterArn":["x"]}}`, false},
		"a prefix":                           {`{"resources":[{"prefix":"arn:b/"}]}`, true},
		"a prefix of none":                   {`{"resources":[{"prefix":"arn:c/"}]}`, false},
		"a suffix":                           {`{"resources":[{"suffix":"/1"}]}`, true},
		"letters of any case":                {`{"detail":{"status":[{"equals-ignore-case":"running"}]}}`, true},
		"anything but another":               {`{"detail":{"status":[{"anything-but":["STOPPED"]}]}}`, true},
		"anything but this":                  {`{"detail":{"status":[{"anything-but":"RUNNING"}]}}`, false},
		"anything but wants a field":         {`{"detail":{"gone":[{"anything-but":"x"}]}}`, false},
		"a field that exists":                {`{"detail":{"status":[{"exists":true}]}}`, true},
		"a field that must not":              {`{"detail":{"clusterArn":[{"exists":false}]}}`, true},
		"a number in its bounds":             {`{"detail":{"size":[{"numeric":[">",0,"<=",5]}]}}`, true},
		"a number out of its bounds":         {`{"detail":{"size":[{"numeric":[">",5]}]}}`, false},
		"a text is no number":                {`{"detail":{"status":[{"numeric":["<",5]}]}}`, false},
		"an object where there is only text": {`{"source":{"name":["x"]}}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			var p, e any
			if err := json.Unmarshal([]byte(tc.pattern), &p); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(event), &e); err != nil {
				t.Fatal(err)
			}
			if got, err := matches(p, e); err != nil || got != tc.want {
				t.Errorf("matches = %t, %v, want %t", got, err, tc.want)
			}
		})
	}
}

func TestPatternsThatAreWrongAreRefused(t *testing.T) {
	for _, text := range []string{`{"source":[{"prefx":"aws"}]}`, `{"source":[{"numeric":["about",5]}]}`, `{"source":[{"prefix":"a","suffix":"b"}]}`, `{"source":"aws.ecs"}`} {
		var p any
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			t.Fatal(err)
		}
		if _, err := matches(p, object{"source": "aws.ecs"}); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}
