package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"slipway/internal/compatible"
	"slipway/internal/config/compile"
	"slipway/internal/doctor"
	"slipway/internal/stop"
	"slipway/internal/telemetry"
)

func schemaCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of slipway.yaml, for editors",
		Example: "  slipway schema > slipway.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text, err := compile.Schema()
			if err != nil {
				return err
			}
			say(o.out, "%s", text)
			return nil
		},
	}
}

// docsCommand writes what is generated from the code, for those who change it.
func docsCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:     "docs",
		Short:   "Write the references of slipway.yaml, of the command line of why tasks stop and of the metrics, and the schema",
		Example: "  slipway docs",
		Hidden:  true,
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return writePages(dir) },
	}
	c.Flags().StringVar(&dir, "dir", "docs/reference", "the folder to write to")
	return c
}

// writePages writes the generated pages: references into a folder, and the page of roles into the guide beside it.
func writePages(dir string) error {
	schema, err := compile.Schema()
	if err != nil {
		return err
	}
	roles, err := iamPage(".")
	if err != nil {
		return err
	}
	for _, page := range []struct {
		name string
		text []byte
	}{
		{"slipway.schema.json", schema},
		{"classes.md", stop.Catalogue()},
		{"combinations.md", compatible.Page()},
		{"command-line.md", reference()},
		{"doctor.md", doctor.Page()},
		{"metrics.md", telemetry.Reference()},
		{"configuration.md", compile.Reference()},
		{filepath.Join("..", "guide", "iam.md"), roles},
	} {
		if err := store(filepath.Join(dir, page.name), page.text); err != nil {
			return err
		}
	}
	return nil
}
