package templates_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"slipway/internal/template"
)

// joins are the outputs that are a parameter of another stack, with an example of what the output is.
var joins = []struct{ from, output, to, parameter, example string }{
	{"templates/network.yaml", "Subnets", "template.yaml", "Subnets", "subnet-1,subnet-2"},
	{"templates/network.yaml", "SecurityGroups", "template.yaml", "SecurityGroups", "sg-0123456789abcdef0"},
	{"templates/network.yaml", "PublicIp", "template.yaml", "PublicIp", "DISABLED"},
	{"templates/network.yaml", "Subnets", "templates/ec2-capacity.yaml", "Subnets", "subnet-1,subnet-2"},
	{"templates/network.yaml", "SecurityGroups", "templates/ec2-capacity.yaml", "SecurityGroups", "sg-0123456789abcdef0"},
	{"templates/network.yaml", "Subnets", "templates/managed-instances.yaml", "Subnets", "subnet-1,subnet-2"},
	{"templates/network.yaml", "SecurityGroups", "templates/managed-instances.yaml", "SecurityGroups", "sg-0123456789abcdef0"},
	{"template.yaml", "ClusterName", "templates/ec2-capacity.yaml", "ClusterName", "slipway-Cluster-1A2B"},
	{"template.yaml", "ClusterName", "templates/managed-instances.yaml", "ClusterName", "slipway-Cluster-1A2B"},
	{"template.yaml", "ClusterName", "templates/anywhere.yaml", "ClusterName", "slipway-Cluster-1A2B"},
	{"templates/ec2-capacity.yaml", "CapacityProvider", "template.yaml", "AdditionalCapacityProviders", "slipway-ec2"},
}

func TestStacksJoin(t *testing.T) {
	for _, j := range joins {
		output := parse(t, text(t, filepath.Join("..", j.from))).Section("Outputs")[j.output]
		if described, _ := template.At(output, "Description").(string); described == "" {
			t.Errorf("%s has no output %s that says what it is", j.from, j.output)
		}
		parameter := parse(t, text(t, filepath.Join("..", j.to))).Section("Parameters")[j.parameter]
		if parameter == nil {
			t.Errorf("%s has no parameter %s", j.to, j.parameter)
			continue
		}
		if pattern, ok := template.At(parameter, "AllowedPattern").(string); ok && !regexp.MustCompile(pattern).MatchString(j.example) {
			t.Errorf("%s takes no %s for %s", j.to, j.example, j.parameter)
		}
	}
}

// TestParametersAreClear holds the companions to what is asked of the root, too.
func TestParametersAreClear(t *testing.T) {
	for _, file := range []string{"network.yaml", "ec2-capacity.yaml", "managed-instances.yaml", "anywhere.yaml"} {
		parsed := parse(t, text(t, file))
		grouped := map[string]int{}
		for _, g := range template.List(template.At(parsed.Body, "Metadata", "AWS::CloudFormation::Interface", "ParameterGroups")) {
			for _, name := range template.List(template.At(g, "Parameters")) {
				grouped[name.(string)]++ //nolint:forcetypeassert // names of parameters
			}
		}
		for name, of := range parsed.Section("Parameters") {
			described, _ := template.At(of, "Description").(string)
			if len(described) < 20 || !strings.HasSuffix(described, ".") {
				t.Errorf("%s: %s is not described in a sentence", file, name)
			}
			if grouped[name] != 1 || template.At(parsed.Body, "Metadata", "AWS::CloudFormation::Interface", "ParameterLabels", name, "default") == nil {
				t.Errorf("%s: %s is in %d groups, or has no label", file, name, grouped[name])
			}
			kind, _ := template.At(of, "Type").(string)
			bound := template.At(of, "AllowedValues") != nil || template.At(of, "AllowedPattern") != nil || template.At(of, "MaxValue") != nil || strings.Contains(kind, "AWS::")
			if !bound || template.At(of, "AllowedPattern") != nil && template.At(of, "ConstraintDescription") == nil {
				t.Errorf("%s: %s takes anything, or does not say what it takes", file, name)
			}
		}
		for name, of := range parsed.Section("Outputs") {
			if described, _ := template.At(of, "Description").(string); !strings.HasSuffix(described, ".") {
				t.Errorf("%s: output %s is not described", file, name)
			}
		}
	}
}

// TestTheRootHasTheProviders: the list of the cluster is Fargate's two providers and those that are asked for.
func TestTheRootHasTheProviders(t *testing.T) {
	root := parse(t, text(t, "../template.yaml"))
	for given, want := range map[string]string{"": "FARGATE FARGATE_SPOT", "slipway-ec2,other": "FARGATE FARGATE_SPOT slipway-ec2 other"} {
		s, err := root.Expand(template.Example(), map[string]string{"Subnets": "subnet-1", "Examples": "false", "AdditionalCapacityProviders": given})
		if err != nil {
			t.Fatal(err)
		}
		cluster := s.Of("AWS::ECS::Cluster")[0]
		if got := strings.Join(cluster.Texts("CapacityProviders"), " "); got != want {
			t.Errorf("AdditionalCapacityProviders=%s gives %s, want %s", given, got, want)
		}
	}
}
