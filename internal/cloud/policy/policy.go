package policy

import "encoding/json"

// Document is a policy.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type Document struct{ Statement Statements }

// Statement is one statement, as far as anybody here asks.
type Statement struct {
	Effect    string
	Action    Texts
	Principal Principal
}

// Allows reports whether the statement allows rather than denies.
func (s Statement) Allows() bool { return s.Effect == "Allow" }

// Texts is a string of JSON, or a list of them.
type Texts []string

// UnmarshalJSON reads either form.
func (t *Texts) UnmarshalJSON(text []byte) error {
	return either(text, (*[]string)(t))
}

// Statements is one statement, or a list of them.
type Statements []Statement

// UnmarshalJSON reads either form.
func (s *Statements) UnmarshalJSON(text []byte) error {
	return either(text, (*[]Statement)(s))
}

// either reads one value as a list of one, or a list.
func either[T any](text []byte, into *[]T) error {
	var one T
	if json.Unmarshal(text, &one) == nil {
		*into = []T{one}
		return nil
	}
	return json.Unmarshal(text, into)
}

// Principal is whom a statement is about. Everybody, "*", is the AWS principal "*".
type Principal struct{ AWS, Service Texts }

// UnmarshalJSON reads "*", or names by their kind.
func (p *Principal) UnmarshalJSON(text []byte) error {
	if string(text) == `"*"` {
		p.AWS = Texts{"*"}
		return nil
	}
	type plain Principal
	return json.Unmarshal(text, (*plain)(p))
}
