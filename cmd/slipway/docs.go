package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"slipway/internal/compatible"
	"slipway/internal/config/compile"
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
		RunE: func(*cobra.Command, []string) error {
			schema, err := compile.Schema()
			if err != nil {
				return err
			}
			if err := store(filepath.Join(dir, "slipway.schema.json"), schema); err != nil {
				return err
			}
			if err := store(filepath.Join(dir, "classes.md"), stop.Catalogue()); err != nil {
				return err
			}
			if err := store(filepath.Join(dir, "combinations.md"), compatible.Page()); err != nil {
				return err
			}
			if err := store(filepath.Join(dir, "command-line.md"), reference()); err != nil {
				return err
			}
			if err := store(filepath.Join(dir, "metrics.md"), telemetry.Reference()); err != nil {
				return err
			}
			return store(filepath.Join(dir, "configuration.md"), compile.Reference())
		},
	}
	c.Flags().StringVar(&dir, "dir", "docs/reference", "the folder to write to")
	return c
}
