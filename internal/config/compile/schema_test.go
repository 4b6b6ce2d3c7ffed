package compile_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"slipway/internal/config/compile"
)

// TestTheSchemaTakesGoodFiles holds the schema to what Compile takes; it may take more, never less.
func TestTheSchemaTakesGoodFiles(t *testing.T) {
	schema := compiled(t)
	for _, path := range append(files(t, "testdata/*.good.yaml"), "../../../slipway.yaml") {
		if err := schema.Validate(decoded(t, path)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestTheSchemaRefusesWhatItCan looks at files whose mistakes are of form.
func TestTheSchemaRefusesWhatItCan(t *testing.T) {
	schema := compiled(t)
	for _, name := range []string{"toplist", "scaler", "job", "policies"} {
		if err := schema.Validate(decoded(t, filepath.Join("testdata", name+".bad.yaml"))); err == nil {
			t.Errorf("%s.bad.yaml: the schema takes it", name)
		}
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := compile.Schema()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("slipway.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("slipway.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func decoded(t *testing.T, path string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(read(t, path), &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}
