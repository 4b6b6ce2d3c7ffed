package telemetry

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
)

func TestALineCarriesTheTraceThatIsRecorded(t *testing.T) {
	for name, tc := range map[string]struct{ header, want string }{
		"a recorded trace":     {"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1", "trace=1-5759e988-bd862e3fe1be46a994272793"},
		"in another order":     {"Sampled=1; Root=1-a-b ;Lineage=x:0", "trace=1-a-b"},
		"one that is not":      {"Root=1-a-b;Parent=c;Sampled=0", ""},
		"one not decided on":   {"Root=1-a-b", ""},
		"no trace":             {"", ""},
		"a header without end": {"Root", ""},
		"one without a root":   {"Parent=c;Sampled=1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			log := slog.New(traced{slog.NewTextHandler(&out, nil)}).With("function", "x").WithGroup("g")
			ctx := context.WithValue(t.Context(), traceKey, tc.header) //nolint:staticcheck // the runtime's key is a string
			log.InfoContext(ctx, "done")
			if got := out.String(); strings.Contains(got, "trace=") != (tc.want != "") || !strings.Contains(got, tc.want) || !strings.Contains(got, "function=x") {
				t.Errorf("logged %q, want %q", got, tc.want)
			}
			if got := Trace(ctx); got != "" != (tc.want != "") || got != "" && got != tc.header {
				t.Errorf("goes on with %q, want the header where it is recorded, as it is", got)
			}
		})
	}
}
