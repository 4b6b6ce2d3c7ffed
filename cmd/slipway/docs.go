package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"slipway/internal/compatible"
	"slipway/internal/config/compile"
	"slipway/internal/doctor"
	"slipway/internal/roles"
	"slipway/internal/stop"
	"slipway/internal/telemetry"
	"slipway/internal/template"
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
	roles, err := guideToRoles(".")
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

// guideToRoles is the page about the roles of all templates of the project in a folder.
func guideToRoles(folder string) ([]byte, error) {
	companions, err := filepath.Glob(filepath.Join(folder, "templates", "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("list the templates: %w", err)
	}
	var files []roles.File
	for _, name := range append([]string{filepath.Join(folder, "template.yaml"), filepath.Join(folder, wiringFile)}, companions...) {
		text, err := os.ReadFile(name) //nolint:gosec // a template of the project
		if err != nil {
			return nil, fmt.Errorf("read a template: %w", err)
		}
		parsed, err := template.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		shown, err := filepath.Rel(folder, name)
		if err != nil {
			return nil, fmt.Errorf("name a template: %w", err)
		}
		files = append(files, roles.File{Name: filepath.ToSlash(shown), Template: parsed})
	}
	all, err := roles.Read(files)
	if err != nil {
		return nil, err
	}
	return roles.Page(all), nil
}
