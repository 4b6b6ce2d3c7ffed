package template_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"slipway/internal/template"
)

const sample = `
Parameters:
  Size: {Type: String, Default: small, AllowedValues: [small, large]}
  Subnets: {Type: List<AWS::EC2::Subnet::Id>}
  Count: {Type: Number, Default: 3, MinValue: 2, MaxValue: 5}
  Name: {Type: String, Default: "", AllowedPattern: "^(?!(?i:aws|ecs))[a-zA-Z]{0,5}$", ConstraintDescription: is five letters at most}
Rules:
  Odd:
    Assertions: [{Assert: !Not [{"Fn::Contains": [["4", x], !Ref Count]}], AssertDescription: Four is no number.}]
  Large:
    RuleCondition: !Equals [!Ref Size, large]
    Assertions: [{Assert: !Not [!Equals [!Ref Size, large]], AssertDescription: Nothing is large.}]
Conditions:
  Small: !Equals [!Ref Size, small]
  Never: !And [!Condition Small, !Not [!Condition Small]]
  Always: !Or [!Condition Never, !Condition Small]
Resources:
  A:
    Type: AWS::Example::A
    Condition: Always
    DependsOn: C
    Properties:
      Text: !Sub "${AWS::Partition}:${AWS::Region}:${C}:${C.Arn}:${!Kept}"
      Given: !Sub ["${X}-${Size}", {X: !Join ["+", [1, !Ref AWS::NoValue, b]]}]
      List: !Ref Subnets
      Second: !Select [1, !Split [",", "x,y"]]
      Gone: !If [Never, 1, !Ref AWS::NoValue]
      Block: !Select [5, !Cidr [10.1.0.0/16, 8, 12]]
      Zone: !Select [2, !GetAZs ""]
  B: {Type: AWS::Example::B, Condition: Never, Properties: {Name: !GetAtt A.Name}}
  C: {Type: AWS::Example::C}
Outputs:
  There: {Value: !GetAtt A.Arn}
  Missing: {Condition: Never, Value: !Ref B}
`

func expand(t *testing.T, text string, parameters map[string]string) (template.Stack, error) {
	t.Helper()
	parsed, err := template.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Expand(template.Example(), parameters)
}

func TestExpandGivesFunctionsTheirValues(t *testing.T) {
	s, err := expand(t, sample, map[string]string{"Subnets": "s1,s2"})
	if err != nil {
		t.Fatal(err)
	}
	want := template.Object{
		"Text": "aws:eu-north-1:${C}:${C.Arn}:${!Kept}", "Given": "1+b-small", "List": []any{"s1", "s2"}, "Second": "y",
		"Block": "10.1.80.0/20", "Zone": "eu-north-1c",
	}
	if a := s.Resources["A"]; !reflect.DeepEqual(a.Properties, want) || !reflect.DeepEqual(a.DependsOn, []string{"C"}) {
		t.Errorf("A = %v, want %v", a, want)
	}
	if len(s.Resources) != 2 || !reflect.DeepEqual(s.Outputs, map[string]string{"There": "${A.Arn}"}) {
		t.Errorf("stack = %+v, want A, C and one output", s)
	}
	if a, ok := s.Named(s.Outputs["There"]); !ok || a.ID != "A" {
		t.Errorf("the output names %v", a)
	}
}

func TestExpandRefusesWhatItDoesNotKnow(t *testing.T) {
	given := map[string]string{"Subnets": "s1"}
	for name, tc := range map[string]struct {
		old, new   string
		parameters map[string]string
		want       string
	}{
		"a parameter that is missing":         {"", "", nil, "parameter Subnets: it has no value"},
		"a parameter that is not there":       {"", "", map[string]string{"Subnets": "s", "Sice": "small"}, "parameter Sice"},
		"a value that is not allowed":         {"", "", map[string]string{"Subnets": "s", "Size": "huge"}, "none of [small large]"},
		"what a rule refuses":                 {"", "", map[string]string{"Subnets": "s", "Size": "large"}, "Nothing is large."},
		"a number below its bound":            {"", "", map[string]string{"Subnets": "s", "Count": "1"}, "its MinValue is 2"},
		"a number above its bound":            {"", "", map[string]string{"Subnets": "s", "Count": "6"}, "its MaxValue is 5"},
		"a number that is none":               {"", "", map[string]string{"Subnets": "s", "Count": "some"}, "parameter Count"},
		"a value that no pattern has":         {"", "", map[string]string{"Subnets": "s", "Name": "a1"}, "is five letters at most"},
		"a beginning that a pattern excludes": {"", "", map[string]string{"Subnets": "s", "Name": "EcsA"}, "is five letters at most"},
		"what is among the wrong ones":        {"", "", map[string]string{"Subnets": "s", "Count": "4"}, "Four is no number."},
		"a resource that is not there":        {"${C.Arn}", "${D.Arn}", given, "refer to D"},
		"a resource whose condition is false": {"!GetAtt A.Arn", "!GetAtt B.Arn", given, "whose condition does not hold"},
		"a function":                          {"!Split [", "!Spilt [", given, "Fn::Spilt"},
		"a condition":                         {"[Never, 1,", "[Nevre, 1,", given, "condition Nevre"},
		"more blocks than there are":          {"8, 12]", "17, 12]", given, "Fn::Cidr"},
		"an item that is not there":           {"[2, !GetAZs", "[3, !GetAZs", given, "Fn::Select"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(sample, tc.old) {
				t.Fatalf("the sample has no %q", tc.old)
			}
			_, err := expand(t, strings.Replace(sample, tc.old, tc.new, 1), tc.parameters)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v, want one that says %q", err, tc.want)
			}
		})
	}
}

func TestParseRefusesWhatIsNoTemplate(t *testing.T) {
	for _, text := range []string{"", "a", "[a]", "a: [", "\t"} {
		if _, err := template.Parse([]byte(text)); err == nil {
			t.Errorf("%q is taken for a template", text)
		}
	}
}

// TestTheRootExpands reads the largest template that there is.
func TestTheRootExpands(t *testing.T) {
	text, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for examples, want := range map[string]int{"true": 3, "false": 0} {
		s, err := expand(t, string(text), map[string]string{
			"Subnets": "subnet-1", "Examples": examples, "ObjectProcessorImage": "a", "HourlyBatchImage": "b", "QueueWorkerImage": "c",
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(s.Of("AWS::ECS::TaskDefinition")); got != want {
			t.Errorf("Examples=%s has %d task definitions, want %d", examples, got, want)
		}
	}
}
