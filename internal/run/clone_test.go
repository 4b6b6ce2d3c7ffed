package run_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"slipway/internal/run"
)

// fill sets everything that a value holds to something, so that a field added later is part of the test.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(noon))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0))
		fill(v.Index(1))
	case reflect.String:
		v.SetString("text <&> é")
	case reflect.Int, reflect.Int64:
		v.SetInt(1<<53 + 1)
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic("a kind that the test does not fill: " + v.Kind().String())
	}
}

// spoil changes everything behind pointers and slices.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.Elem().Kind() == reflect.Struct {
			spoil(v.Elem())
		}
		v.Elem().SetZero()
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type() != reflect.TypeFor[time.Time]() {
				spoil(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i))
			v.Index(i).SetZero()
		}
	}
}

func TestCloneIsWholeAndDeep(t *testing.T) {
	var original, same run.Run
	fill(reflect.ValueOf(&original).Elem())
	fill(reflect.ValueOf(&same).Elem())
	clone := original.Clone()
	if !reflect.DeepEqual(clone, original) {
		t.Errorf("clone = %+v, want %+v", clone, original)
	}
	spoil(reflect.ValueOf(&clone).Elem())
	if !reflect.DeepEqual(original, same) {
		t.Errorf("changing the clone changed the original to %+v", original)
	}
}

func encode(r run.Run) []byte {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	return text
}
