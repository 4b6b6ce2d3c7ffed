package runner_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"slipway/internal/fake"
	"slipway/local/fargate/internal/runner"
	"slipway/local/fargate/internal/upstream"
)

type groups struct {
	missing bool

	mu     sync.Mutex // protects following fields
	stream string
	lines  []string
}

func (g *groups) CreateLogStream(_ context.Context, group, stream string, _ bool) error {
	if g.missing {
		return &upstream.Error{Operation: "CreateLogStream", Status: 400, Code: "ResourceNotFoundException", Message: "The specified log group does not exist."}
	}
	g.stream = group + " " + stream
	return nil
}

func (g *groups) PutLogEvents(_ context.Context, _, _ string, lines []upstream.LogEvent) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, l := range lines {
		g.lines = append(g.lines, l.Message)
	}
	return nil
}

func awslogs() fake.ContainerDefinition {
	c := fake.ContainerDefinition{Name: "main"}
	c.LogConfiguration = &fake.LogConfiguration{LogDriver: "awslogs", Options: map[string]string{"awslogs-group": "group", "awslogs-stream-prefix": "prefix"}}
	return c
}

func TestOutputBecomesLines(t *testing.T) {
	long := strings.Repeat("x", 450_000)
	for name, tc := range map[string]struct {
		writes []string
		want   []string
	}{
		"lines in pieces":         {[]string{"a", "b\nc", "\n"}, []string{"ab", "c"}},
		"a last line without end": {[]string{"a\nb"}, []string{"a", "b"}},
		"empty lines are none":    {[]string{"a\n\n\nb\n"}, []string{"a", "b"}},
		"not UTF-8":               {[]string{"a\xffb\n"}, []string{"a\uFFFDb"}},
		"a line that is too long": {[]string{long, "\n"}, []string{long[:200_000], long[:200_000], long[:50_000]}},
	} {
		t.Run(name, func(t *testing.T) {
			g := &groups{}
			w, err := runner.AWSLogs{Groups: g}.Open(t.Context(), fake.Task{TaskArn: "arn:aws:ecs:r:1:task/work/42"}, awslogs())
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range tc.writes {
				if n, err := w.Write([]byte(text)); n != len(text) || err != nil {
					t.Fatalf("write = %d, %v", n, err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if g.stream != "group prefix/main/42" || !slices.Equal(g.lines, tc.want) {
				t.Errorf("%s has %.200q, want %.200q", g.stream, g.lines, tc.want)
			}
		})
	}
}

func TestALogGroupThatIsNotThereStopsTheTask(t *testing.T) {
	_, err := runner.AWSLogs{Groups: &groups{missing: true}}.Open(t.Context(), fake.Task{}, awslogs())
	var refused *runner.StartError
	if !errors.As(err, &refused) || !strings.HasPrefix(refused.Reason, "ResourceInitializationError: failed to validate logger args") {
		t.Errorf("error = %v", err)
	}
}
