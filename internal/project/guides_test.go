package project_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// TestTheGuideToOperatingNamesEverything: a graph, an alarm or a query that the page does not explain helps nobody at
// night, and one that is explained and gone misleads.
func TestTheGuideToOperatingNamesEverything(t *testing.T) {
	s, err := source(t).parse()
	if err != nil {
		t.Fatal(err)
	}
	page := read(t, "docs", "guide", "operate.md")
	rows := map[string]bool{} // not yet found in the template
	for _, m := range regexp.MustCompile(`(?m)^\| ([^|]+) \|`).FindAllStringSubmatch(page, -1) {
		for _, name := range strings.Split(strings.ReplaceAll(m[1], "`, `", "`\n`"), "\n") {
			rows[strings.Trim(name, "`")] = true
		}
	}
	for _, header := range []string{"---", "Graph", "Alarm", "Query"} {
		delete(rows, header)
	}
	explain := func(what, name string) {
		if !rows[name] {
			t.Errorf("docs/guide/operate.md does not explain the %s %q", what, name)
		}
		delete(rows, name)
	}
	for _, r := range s.resources("AWS::CloudWatch::Alarm") {
		explain("alarm", r.id)
	}
	for _, r := range s.resources("AWS::Logs::QueryDefinition") {
		name, _ := r.get("Name", "Fn::Sub").(string)
		explain("query", strings.TrimPrefix(name, "${AWS::StackName}/"))
	}
	text, _ := s.resource("Dashboard").get("DashboardBody", "Fn::Sub").(string)
	var body struct{ Widgets []widget }
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		t.Fatal(err)
	}
	for _, w := range body.Widgets {
		explain("graph", w.Properties.Title)
	}
	for name := range rows {
		t.Errorf("docs/guide/operate.md explains %q, which the template does not have", name)
	}
}

// TestParametersOfTheGuides checks the parameters of template.yaml that pages name.
func TestParametersOfTheGuides(t *testing.T) {
	s, err := source(t).parse()
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```ini\n(.*?)```").FindStringSubmatch(read(t, "docs", "guide", "your-own-account.md"))
	if block == nil {
		t.Fatal("your-own-account.md shows no environment")
	}
	given := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(block[1]), "\n") {
		name, value, _ := strings.Cut(line, "=")
		given[name] = value
	}
	for _, page := range []string{"operate.md", "your-own-account.md", "idle-cost.md", "troubleshooting.md"} {
		for _, m := range regexp.MustCompile("`([A-Z][a-z][A-Za-z]*)=([A-Za-z0-9]+)`").FindAllStringSubmatch(read(t, "docs", "guide", page), -1) {
			given[m[1]] = m[2]
		}
	}
	for name, value := range given {
		parameter := at(s.root, "Parameters", name)
		if parameter == nil {
			t.Errorf("a page names the parameter %s, which the template does not have", name)
			continue
		}
		if pattern, ok := at(parameter, "AllowedPattern").(string); ok && !regexp.MustCompile(pattern).MatchString(value) {
			t.Errorf("a page gives %s=%s, which the template refuses", name, value)
		}
		if allowed := words(at(parameter, "AllowedValues")); len(allowed) > 0 && !strings.Contains(" "+strings.Join(allowed, " ")+" ", " "+value+" ") {
			t.Errorf("a page gives %s=%s, and the template takes %v", name, value, allowed)
		}
	}
}

// TestTheTrustPolicyOfTheGuide: a role that any repository may take is the mistake that this page is there to prevent.
func TestTheTrustPolicyOfTheGuide(t *testing.T) {
	block := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(read(t, "docs", "guide", "continuous-deployment.md"))
	if block == nil {
		t.Fatal("the page shows no policy")
	}
	var policy object
	if err := json.Unmarshal([]byte(block[1]), &policy); err != nil {
		t.Fatal(err)
	}
	st := many(policy["Statement"])[0]
	is := at(st, "Condition", "StringEquals")
	sub, _ := at(is, "token.actions.githubusercontent.com:sub").(string)
	if at(st, "Action") != "sts:AssumeRoleWithWebIdentity" || at(is, "token.actions.githubusercontent.com:aud") != "sts.amazonaws.com" ||
		!regexp.MustCompile(`^repo:[\w-]+/[\w-]+:environment:dev$`).MatchString(sub) {
		t.Errorf("the policy is not bound to one repository and environment: %s", block[1])
	}
}
