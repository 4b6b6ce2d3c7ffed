package project_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func parametersAreClear(s stack, p *problems) {
	parameters, _ := s.root["Parameters"].(object)
	grouped := map[string]int{}
	for _, g := range many(at(s.root, "Metadata", "AWS::CloudFormation::Interface", "ParameterGroups")) {
		for _, name := range words(at(g, "Parameters")) {
			grouped[name]++
			if parameters[name] == nil {
				p.add("Metadata groups %s, which is no parameter", name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		of := parameters[name]
		if text, _ := at(of, "Description").(string); len(text) < 20 || !strings.HasSuffix(text, ".") {
			p.add("parameter %s is not described in a sentence", name)
		}
		if grouped[name] != 1 {
			p.add("parameter %s is in %d groups, want 1", name, grouped[name])
		}
		if at(s.root, "Metadata", "AWS::CloudFormation::Interface", "ParameterLabels", name, "default") == nil {
			p.add("parameter %s has no label", name)
		}
		free := strings.HasSuffix(name, "Image") // a registry may be anywhere; a rule asks for it
		typed := strings.Contains(fmt.Sprint(at(of, "Type")), "AWS::")
		if !free && !typed && at(of, "AllowedValues") == nil && at(of, "AllowedPattern") == nil {
			p.add("parameter %s takes anything", name)
		}
		if at(of, "AllowedPattern") != nil && at(of, "ConstraintDescription") == nil {
			p.add("parameter %s: say what its pattern wants in ConstraintDescription", name)
		}
	}
}

// outputs are the root's, with whether they belong to the examples.
var outputs = map[string]bool{
	"UploadsBucketName": true, "ResultsBucketName": true, "BatchBucketName": false, "ClusterName": false, "LaunchQueueUrl": false,
	"LaunchDeadLetterQueueUrl": false, "LifecycleQueueUrl": false, "LifecycleDeadLetterQueueUrl": false, "WorkQueueUrl": true,
	"WorkDeadLetterQueueUrl": true, "WorkerServiceName": true, "RunsTableName": false, "TopicArn": false, "DashboardName": false,
}

func outputsAreThere(s stack, p *problems) {
	all, _ := s.root["Outputs"].(object)
	for name, example := range outputs {
		o, ok := all[name]
		switch {
		case !ok:
			p.add("there is no output %s", name)
		case example != (at(o, "Condition") == "WithExamples"):
			p.add("output %s: Condition = %v", name, at(o, "Condition"))
		case at(o, "Description") == nil:
			p.add("output %s says nothing about itself", name)
		}
	}
	for name := range all {
		if _, ok := outputs[name]; !ok {
			p.add("output %s is not among those that others rely on: add it to this test", name)
		}
	}
}

// examplesAreOptional finds whatever would break with Examples=false: a reference to a resource of a condition from
// where the condition does not hold.
func examplesAreOptional(s stack, p *problems) {
	conditional := map[string]string{}
	all := resourcesOf(s.root, "template.yaml")
	for _, r := range all {
		if c, ok := r.body["Condition"].(string); ok {
			conditional[r.id] = c
		}
	}
	for _, r := range all {
		for _, id := range unguarded(r.body["Properties"], conditional, r.body["Condition"]) {
			p.add("%s needs %s, which is there only when %s holds", r, id, conditional[id])
		}
	}
	globals := at(s.root, "Globals", "Function")
	for _, id := range unguarded(globals, conditional, nil) {
		p.add("Globals need %s, which is there only when %s holds", id, conditional[id])
	}
	outputs, _ := s.root["Outputs"].(object)
	for name, o := range outputs {
		for _, id := range unguarded(at(o, "Value"), conditional, at(o, "Condition")) {
			p.add("output %s needs %s, which is there only when %s holds", name, id, conditional[id])
		}
	}
}

// unguarded lists the resources of a condition that a value refers to where that condition is not known to hold.
func unguarded(v any, conditional map[string]string, holds ...any) []string {
	var out []string
	seen := func(id string) {
		if c := conditional[id]; c != "" && !slices.Contains(holds, any(c)) {
			out = append(out, id)
		}
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			out = append(out, unguarded(e, conditional, holds...)...)
		}
	case object:
		if b, ok := v["Fn::If"].([]any); ok && len(b) == 3 {
			within := append(slices.Clone(holds), b[0])
			return append(unguarded(b[1], conditional, within...), unguarded(b[2], conditional, holds...)...)
		}
		for key, e := range v {
			switch key {
			case "Ref", "Fn::GetAtt":
				seen(refers(object{key: e}))
			case "Fn::Sub":
				for _, m := range placeholder.FindAllStringSubmatch(fmt.Sprint(many(e)[0]), -1) {
					id, _, _ := strings.Cut(m[1], ".")
					seen(id)
				}
			}
			out = append(out, unguarded(e, conditional, holds...)...)
		}
	}
	return out
}
