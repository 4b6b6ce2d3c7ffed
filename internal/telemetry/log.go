package telemetry

import (
	"context"
	"log/slog"
	"strings"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Version is the release that a binary was built from. The build sets it with the linker's -X.
var Version = "dev"

// Logger writes what a function does, in the format and from the level that Lambda's logging configuration names. Each
// line carries the request's ID, when it is written with the request's context, and the ID of its trace when X-Ray
// records it.
func Logger(function string) *slog.Logger {
	return slog.New(traced{lambdacontext.NewLogHandler()}).With("function", function, "version", Version)
}

// traced adds the ID of the trace to lines. It needs nothing of X-Ray: Lambda records the invocation, the SDK hands the
// ID on to the services that it calls, and SQS and EventBridge to whom they invoke.
type traced struct{ slog.Handler }

// Handle adds the ID to the record.
func (h traced) Handle(ctx context.Context, r slog.Record) error {
	if id, _ := trace(ctx); id != "" {
		r = r.Clone()
		r.AddAttrs(slog.String("trace", id))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the handler around the one with attributes.
func (h traced) WithAttrs(attrs []slog.Attr) slog.Handler { return traced{h.Handler.WithAttrs(attrs)} }

// WithGroup keeps the handler around the one with a group.
func (h traced) WithGroup(name string) slog.Handler { return traced{h.Handler.WithGroup(name)} }

// traceKey is the key under which the runtime of Lambda keeps the trace header, a plain string.
const traceKey = "x-amzn-trace-id"

// Trace is the tracing header of an invocation that X-Ray records, as others go on with it, or empty.
func Trace(ctx context.Context) string {
	_, header := trace(ctx)
	return header
}

// trace is the root of the trace of an invocation that X-Ray records, and the header that names it, or nothing. The header is
// of the form "Root=1-…;Parent=…;Sampled=1".
// https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
func trace(ctx context.Context) (id, header string) {
	header, _ = ctx.Value(traceKey).(string)
	sampled := false
	for part := range strings.SplitSeq(header, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Root":
			id = value
		case "Sampled":
			sampled = value == "1"
		}
	}
	if id == "" || !sampled {
		return "", ""
	}
	return id, header
}
