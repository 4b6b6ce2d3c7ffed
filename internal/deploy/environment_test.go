package deploy_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"slipway/internal/deploy"
)

func parameters(t *testing.T) []deploy.Parameter {
	t.Helper()
	text, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := deploy.Parameters(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryMistakeOfAnEnvironmentIsFoundAtOnce(t *testing.T) {
	const text = `# of the team
AWS_REGION=eu-north-1
Subnets=subnet-1,subnet-2

Examples=no
NotifcationEmail=ops@example.com
just some words
export Architecture=arm64
PublicIp = ENABLED
Sender="a@example.com"
Subnets=subnet-3
AWS_REGION=Stockholm
ClusterArn=shared
`
	wants := map[int][]string{
		5:  {"Examples=no", "true, false"},
		6:  {"NotifcationEmail is no parameter", "did you mean NotificationEmail?"},
		7:  {"not NAME=VALUE"},
		8:  {"without export"},
		9:  {"without spaces around ="},
		10: {"quotes"},
		11: {"line 3"},
		12: {"Stockholm is no region", "eu-north-1"},
		13: {"ClusterArn=shared", "ARN of an ECS cluster"},
	}
	_, problems := deploy.Read(text, parameters(t))
	if len(problems) != len(wants) {
		t.Errorf("got %d problems, want %d: %v", len(problems), len(wants), problems)
	}
	for _, p := range problems {
		for _, want := range wants[p.Line] {
			if !strings.Contains(p.Message, want) {
				t.Errorf("line %d: got %q, want it to say %q", p.Line, p.Message, want)
			}
		}
		if wants[p.Line] == nil {
			t.Errorf("got a problem that is none: %s", p)
		}
	}
}

func TestAnAnswerIsKeptAndTheRestStaysAsItIs(t *testing.T) {
	const text = "# ours\r\nSubnets=subnet-1\r\n\r\n# who is told\r\nNotificationEmail=a@example.com"
	e, problems := deploy.Read(text, parameters(t))
	if problems != nil {
		t.Fatal(problems)
	}
	e = e.With("NotificationEmail", "b@example.com").With("AWS_REGION", "eu-north-1")
	const want = "# ours\nSubnets=subnet-1\n\n# who is told\nNotificationEmail=b@example.com\nAWS_REGION=eu-north-1\n"
	if e.Text() != want {
		t.Errorf("got %q, want %q", e.Text(), want)
	}
	if got, want := e.Given(), []string{"NotificationEmail=b@example.com", "Subnets=subnet-1"}; !slices.Equal(got, want) {
		t.Errorf("got parameters %q, want %q", got, want)
	}
	again, problems := deploy.Read(e.Text(), parameters(t))
	if problems != nil || again.Text() != e.Text() {
		t.Errorf("got %q and %v when it is read again", again.Text(), problems)
	}
}

func TestSAMGetsEveryParameterInQuotes(t *testing.T) {
	e, problems := deploy.Read("AWS_REGION=eu-north-1\nNotificationEmail=\nSubnets=subnet-1,subnet-2\n", parameters(t))
	if problems != nil {
		t.Fatal(problems)
	}
	got := e.Overrides(parameters(t))
	for _, want := range []string{`NotificationEmail=""`, `Subnets="subnet-1,subnet-2"`, `Architecture="arm64"`, `Examples="true"`} {
		if !slices.Contains(got, want) {
			t.Errorf("got %q, want %s among them", got, want)
		}
	}
	if len(got) != len(parameters(t)) {
		t.Errorf("got %d parameters, want all %d: SAM keeps the old value of one that is left out", len(got), len(parameters(t)))
	}
}
