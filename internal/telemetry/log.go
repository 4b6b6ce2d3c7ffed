package telemetry

import (
	"log/slog"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Version is the release that a binary was built from. The build sets it with the linker's -X.
var Version = "dev"

// Logger writes what a function does, in the format and from the level that Lambda's logging configuration names. Each
// line carries the request's ID, when it is written with the request's context.
func Logger(function string) *slog.Logger {
	return lambdacontext.NewLogger().With("function", function, "version", Version)
}
