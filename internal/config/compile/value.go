package compile

import "time"

// value is one value of slipway.yaml after its form was checked against its shape, with its place in the file.
// The methods work on nil, which stands for a key that is not there.
type value struct {
	line, column int
	path         string
	shape        *Shape

	text   string
	number int64 // a count, bytes, nanoseconds, or 1 for true
	items  []*value
	names  []string // keys of a mapping, in the order of the file
	keys   map[string]*value
}

// get follows keys into mappings.
func (v *value) get(names ...string) *value {
	for _, name := range names {
		if v == nil {
			return nil
		}
		v = v.keys[name]
	}
	return v
}

func (v *value) str() string {
	if v == nil {
		return ""
	}
	return v.text
}

func (v *value) num() int64 {
	if v == nil {
		return 0
	}
	return v.number
}

func (v *value) is() bool { return v.num() != 0 }

// instant is a time, or nil.
func (v *value) instant() *time.Time {
	if v == nil {
		return nil
	}
	t, err := parseInstant(v.text)
	if err != nil {
		return nil // reported when it was read
	}
	return &t
}

// all are the items of a list.
func (v *value) all() []*value {
	if v == nil {
		return nil
	}
	return v.items
}

func (v *value) strs() []string {
	var out []string
	for _, item := range v.all() {
		out = append(out, item.text)
	}
	return out
}

// texts is a mapping from name to text.
func (v *value) texts() map[string]string {
	if v == nil || len(v.keys) == 0 {
		return nil
	}
	out := map[string]string{}
	for name, item := range v.keys {
		out[name] = item.text
	}
	return out
}

// under returns v with everything from defaults that it does not say itself: mappings are joined key by key, anything
// else of v wins as a whole.
func (v *value) under(defaults *value) *value {
	if defaults == nil || v != nil && v.keys == nil {
		return v
	}
	if v == nil {
		return defaults
	}
	joined := *v
	joined.names, joined.keys = append([]string{}, v.names...), map[string]*value{}
	for name, own := range v.keys {
		joined.keys[name] = own.under(defaults.keys[name])
	}
	for _, name := range defaults.names {
		if _, own := v.keys[name]; !own {
			joined.names = append(joined.names, name)
			joined.keys[name] = defaults.keys[name]
		}
	}
	return &joined
}
