package template

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var errOutside = errors.New("the template does not allow it")

// bounded holds a value to the pattern and the bounds of its parameter. A reference to a resource has no value yet.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
func bounded(parameter any, given string) error {
	if strings.Contains(given, "${") {
		return nil
	}
	if pattern, ok := At(parameter, "AllowedPattern").(string); ok {
		fits, err := matches(pattern, given)
		if err != nil {
			return err
		}
		if !fits {
			return fmt.Errorf("%q: %w: it %v", given, errOutside, At(parameter, "ConstraintDescription"))
		}
	}
	for key, outside := range map[string]func(n, bound float64) bool{
		"MinValue": func(n, bound float64) bool { return n < bound },
		"MaxValue": func(n, bound float64) bool { return n > bound },
	} {
		bound := At(parameter, key)
		if bound == nil {
			continue
		}
		n, errN := strconv.ParseFloat(given, 64)
		of, errOf := strconv.ParseFloat(fmt.Sprint(bound), 64)
		if errN != nil || errOf != nil || outside(n, of) {
			return fmt.Errorf("%q: %w: its %s is %v", given, errOutside, key, bound)
		}
	}
	return nil
}

// matches is CloudFormation's judgement of a pattern. What a pattern excludes at its beginning, with (?!…), Go's regular
// expressions do not know, so it is looked at by itself.
func matches(pattern, given string) (bool, error) {
	if rest, ok := strings.CutPrefix(pattern, "^(?!"); ok {
		end := closing(rest)
		excluded, err := regexp.MatchString("^(?:"+rest[:end]+")", given)
		if err != nil || excluded {
			return false, err
		}
		pattern = "^" + rest[min(end+1, len(rest)):]
	}
	return regexp.MatchString(pattern, given)
}

// closing is where the parenthesis closes that is open at the beginning.
func closing(text string) int {
	open := 1
	for i, c := range text {
		switch c {
		case '(':
			open++
		case ')':
			open--
		}
		if open == 0 {
			return i
		}
	}
	return len(text)
}
