package environment_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"slipway/bench/internal/environment"
	"slipway/internal/config"
)

// TestFunctionsReadWhatTheTemplateGivesThem lets each function's own code read it.
func TestFunctionsReadWhatTheTemplateGivesThem(t *testing.T) {
	template, err := os.ReadFile("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range config.Functions() {
		env, err := environment.Of(template, string(f))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := config.FromEnvironment(f, func(name string) string { return env[name] }); err != nil {
			t.Errorf("%s: %v", f, err)
		}
		if env["SSL_CERT_DIR"] != "/nonexistent" {
			t.Errorf("%s: SSL_CERT_DIR = %q, want what the template's Globals say", f, env["SSL_CERT_DIR"])
		}
		var values map[string]string
		if err := json.Unmarshal([]byte(env["SLIPWAY_VALUES"]), &values); err != nil || values["UploadsBucket"] == "" {
			t.Errorf("%s: SLIPWAY_VALUES = %s, %v; want the stand-ins of the examples", f, env["SLIPWAY_VALUES"], err)
		}
	}
}

const small = `
Parameters:
  Mode: {Type: String, Default: fast}
Conditions:
  Fast: !Equals [!Ref Mode, fast]
  Slow: !Not [!Condition Fast]
Globals:
  Function:
    MemorySize: 256
    Environment:
      Variables: {A: !Ref Mode, B: !If [Slow, slow, !Sub "${AWS::Region}-${Table.Arn}"]}
Resources:
  Table: {Type: AWS::DynamoDB::Table}
  F:
    Properties:
      Environment:
        Variables: {A: !Join ["+", [x, !Select [1, !Split ["/", "p/q"]]]], Q: !Ref Other}
  Other: {Type: AWS::SQS::Queue}
`

func TestIntrinsicFunctions(t *testing.T) {
	env, err := environment.Of([]byte(small), "F")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"A": "x+q", "B": "eu-north-1-arn:aws:example:eu-north-1:111122223333:Table", "Q": "https://sqs.eu-north-1.amazonaws.com/111122223333/example-Other",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
	} {
		if env[name] != want {
			t.Errorf("%s = %q, want %q", name, env[name], want)
		}
	}
}

func TestWhatIsNotUnderstoodIsSaid(t *testing.T) {
	for name, tc := range map[string]struct{ template, want string }{
		"a function that is not there": {strings.Replace(small, "  F:", "  G:", 1), "no such function"},
		"an unknown reference":         {strings.Replace(small, "!Ref Other", "!Ref Nothing", 1), "Nothing is neither"},
		"another intrinsic":            {strings.Replace(small, "!Ref Other", "!ImportValue x", 1), "!ImportValue is not understood"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := environment.Of([]byte(tc.template), "F"); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v, want %q in it", err, tc.want)
			}
		})
	}
}
