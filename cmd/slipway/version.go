package main

import (
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"

	"slipway/internal/config"
	"slipway/internal/telemetry"
)

// versions is the answer of version.
type versions struct {
	Release       string `json:"release"`
	Commit        string `json:"commit"`
	Configuration int    `json:"configuration"`
}

func versionCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the release, the commit, and the version of slipway.yaml that it reads",
		Example: "  slipway version --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := versions{telemetry.Version, commit(), config.Version}
			return o.answer(v, func(w io.Writer) {
				say(w, "slipway %s, commit %s, reads version %d of slipway.yaml\n", v.Release, v.Commit, v.Configuration)
			})
		},
	}
}

// built is the commit of a release, which its build sets with the linker's -X.
var built string

// commit is what the build of a release, or else the Go tool, noted of the source.
func commit() string {
	if built != "" {
		return built
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision, changed := "unknown", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+changes"
		}
	}
	return revision + changed
}
