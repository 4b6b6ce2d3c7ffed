package template

import (
	"fmt"
	"math/big"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// nothing is the value of AWS::NoValue.
type nothing struct{}

func (x *expansion) value(v any) (any, error) {
	switch v := v.(type) {
	case []any:
		return x.list(v)
	case Object:
		if len(v) == 1 {
			for name, argument := range v {
				if name == "Ref" || strings.HasPrefix(name, "Fn::") {
					return x.function(name, argument)
				}
			}
		}
		return x.object(v)
	}
	return v, nil
}

func (x *expansion) list(v []any) (any, error) {
	out := []any{}
	for _, e := range v {
		e, err := x.value(e)
		if err != nil {
			return nil, err
		}
		if e != (nothing{}) {
			out = append(out, e)
		}
	}
	return out, nil
}

func (x *expansion) object(v Object) (any, error) {
	out := Object{}
	for k, e := range v {
		e, err := x.value(e)
		if err != nil {
			return nil, err
		}
		if e != (nothing{}) {
			out[k] = e
		}
	}
	return out, nil
}

func (x *expansion) function(name string, argument any) (any, error) {
	switch name {
	case "Ref":
		return x.ref(fmt.Sprint(argument))
	case "Fn::GetAtt":
		a := List(argument)
		if len(a) != 2 {
			return nil, fmt.Errorf("Fn::GetAtt %v: %w", argument, errUnknown)
		}
		return x.attribute(fmt.Sprint(a[0]), fmt.Sprint(a[1]))
	case "Fn::If":
		return x.either(List(argument))
	case "Fn::Sub":
		return x.substitute(List(argument))
	}
	resolved, err := x.value(argument)
	if err != nil {
		return nil, err
	}
	return x.apply(name, List(resolved))
}

func (x *expansion) either(a []any) (any, error) {
	if len(a) != 3 {
		return nil, fmt.Errorf("Fn::If %v: %w", a, errUnknown)
	}
	holds, err := x.condition(fmt.Sprint(a[0]))
	if err != nil {
		return nil, err
	}
	if holds {
		return x.value(a[1])
	}
	return x.value(a[2])
}

// apply is a function of arguments that have values.
func (x *expansion) apply(name string, a []any) (any, error) {
	if name == "Fn::GetAZs" {
		var zones []any
		for _, z := range x.pseudo.Zones {
			zones = append(zones, z)
		}
		return zones, nil
	}
	f, ok := functions[name]
	if !ok || len(a) != f.arguments {
		return nil, fmt.Errorf("%s %v: %w", name, a, errUnknown)
	}
	return f.apply(a)
}

// functions are those of arguments alone.
var functions = map[string]struct {
	arguments int
	apply     func([]any) (any, error)
}{
	"Fn::Base64": {1, func(a []any) (any, error) { return a[0], nil }}, // readable, for a test
	"Fn::Select": {2, selected},
	"Fn::Split":  {2, split},
	"Fn::Join":   {2, join},
	"Fn::Cidr":   {3, func(a []any) (any, error) { return blocks(fmt.Sprint(a[0]), fmt.Sprint(a[1]), fmt.Sprint(a[2])) }},
}

func selected(a []any) (any, error) {
	i, err := strconv.Atoi(fmt.Sprint(a[0]))
	list := List(a[1])
	if err != nil || i < 0 || i >= len(list) {
		return nil, fmt.Errorf("Fn::Select %v of %v: %w", a[0], a[1], errUnknown)
	}
	return list[i], nil
}

func split(a []any) (any, error) {
	var parts []any
	for _, p := range strings.Split(fmt.Sprint(a[1]), fmt.Sprint(a[0])) {
		parts = append(parts, p)
	}
	return parts, nil
}

func join(a []any) (any, error) {
	var parts []string
	for _, p := range List(a[1]) {
		parts = append(parts, fmt.Sprint(p))
	}
	return strings.Join(parts, fmt.Sprint(a[0])), nil
}

// blocks are the first blocks of addresses with so many bits for the host.
func blocks(of, count, bits string) (any, error) {
	whole, err := netip.ParsePrefix(of)
	if err != nil {
		return nil, fmt.Errorf("Fn::Cidr: %w", err)
	}
	n, errN := strconv.Atoi(count)
	b, errB := strconv.Atoi(bits)
	if errN != nil || errB != nil || b < 1 || 32-b < whole.Bits() || n > 1<<(32-b-whole.Bits()) {
		return nil, fmt.Errorf("Fn::Cidr: %s blocks of %s bits in %s: %w", count, bits, of, errUnknown)
	}
	start := new(big.Int).SetBytes(whole.Masked().Addr().AsSlice())
	var out []any
	for i := range n {
		at := new(big.Int).Add(start, big.NewInt(int64(i)<<b))
		addr, _ := netip.AddrFromSlice(at.FillBytes(make([]byte, 4)))
		out = append(out, netip.PrefixFrom(addr, 32-b).String())
	}
	return out, nil
}

func (x *expansion) ref(name string) (any, error) {
	switch name {
	case "AWS::NoValue":
		return nothing{}, nil
	case "AWS::Region":
		return x.pseudo.Region, nil
	case "AWS::AccountId":
		return x.pseudo.Account, nil
	case "AWS::StackName":
		return x.pseudo.StackName, nil
	case "AWS::Partition":
		return "aws", nil
	case "AWS::URLSuffix":
		return "amazonaws.com", nil
	}
	if given, ok := x.parameters[name]; ok {
		return x.parameter(name, given), nil
	}
	return x.reference(name, "")
}

// parameter is a parameter's value: a list when its type is one.
func (x *expansion) parameter(name, given string) any {
	kind := fmt.Sprint(At(x.template.Section("Parameters")[name], "Type"))
	if kind != "CommaDelimitedList" && !strings.HasPrefix(kind, "List<") {
		return given
	}
	list := []any{}
	for _, part := range strings.Split(given, ",") {
		list = append(list, part)
	}
	return list
}

func (x *expansion) attribute(id, attribute string) (any, error) {
	return x.reference(id, "."+attribute)
}

// reference names a resource, which must be there.
func (x *expansion) reference(id, attribute string) (any, error) {
	body := x.template.Section("Resources")[id]
	if body == nil {
		return nil, fmt.Errorf("refer to %s: %w", id, errUnknown)
	}
	there, err := x.there(body)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, fmt.Errorf("refer to %s, whose condition does not hold: %w", id, errUnknown)
	}
	return "${" + id + attribute + "}", nil
}

var placeholder = regexp.MustCompile(`\$\{([^!}][^}]*)\}`)

func (x *expansion) substitute(a []any) (any, error) {
	given := Object{}
	if len(a) > 1 {
		v, err := x.value(a[1])
		if err != nil {
			return nil, err
		}
		given, _ = v.(Object)
	}
	var failed error
	text := placeholder.ReplaceAllStringFunc(fmt.Sprint(a[0]), func(found string) string {
		name := found[2 : len(found)-1]
		if v, ok := given[name]; ok {
			return fmt.Sprint(v)
		}
		id, attribute, dotted := strings.Cut(name, ".")
		v, err := x.ref(name)
		if dotted {
			v, err = x.attribute(id, attribute)
		}
		if err != nil {
			failed = err
		}
		return fmt.Sprint(v)
	})
	return text, failed
}

func (x *expansion) condition(name string) (bool, error) {
	if known, ok := x.conditions[name]; ok {
		return known, nil
	}
	body := x.template.Section("Conditions")[name]
	if body == nil {
		return false, fmt.Errorf("condition %s: %w", name, errUnknown)
	}
	holds, err := x.truth(body)
	if err != nil {
		return false, fmt.Errorf("condition %s: %w", name, err)
	}
	x.conditions[name] = holds
	return holds, nil
}

func (x *expansion) truth(v any) (bool, error) {
	o, _ := v.(Object)
	for name, argument := range o {
		switch a := List(argument); name {
		case "Condition":
			return x.condition(fmt.Sprint(argument))
		case "Fn::Equals":
			return x.equal(a)
		case "Fn::Not":
			holds, err := x.truth(a[0])
			return !holds, err
		case "Fn::Contains":
			return x.among(a)
		case "Fn::And", "Fn::Or":
			return x.several(a, name == "Fn::Or")
		}
	}
	return false, fmt.Errorf("%v is no condition: %w", v, errUnknown)
}

func (x *expansion) equal(a []any) (bool, error) {
	resolved, err := x.list(a)
	if err != nil {
		return false, err
	}
	list := List(resolved)
	if len(list) != 2 {
		return false, fmt.Errorf("Fn::Equals %v: %w", a, errUnknown)
	}
	return fmt.Sprint(list[0]) == fmt.Sprint(list[1]), nil
}

// among is whether a list has a text.
func (x *expansion) among(a []any) (bool, error) {
	resolved, err := x.list(a)
	if err != nil {
		return false, err
	}
	list := List(resolved)
	if len(list) != 2 {
		return false, fmt.Errorf("Fn::Contains %v: %w", a, errUnknown)
	}
	return contains(List(list[0]), fmt.Sprint(list[1])), nil
}

// several is whether one condition holds, or all of them.
func (x *expansion) several(a []any, one bool) (bool, error) {
	for _, c := range a {
		holds, err := x.truth(c)
		if err != nil {
			return false, err
		}
		if holds == one {
			return one, nil
		}
	}
	return !one, nil
}
