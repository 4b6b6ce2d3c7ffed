package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"slipway/internal/config"
	"slipway/internal/config/wiring"
)

const wiringFile = "wiring.yaml"

// generated is the answer of generate.
type generated struct {
	File    string   `json:"file"`
	Stale   bool     `json:"stale"` // the file was not what slipway.yaml gives
	Written bool     `json:"written"`
	Changes []string `json:"changes"`
}

func generateCommand(o *options) *cobra.Command {
	var output string
	var check bool
	c := &cobra.Command{
		Use:   "generate",
		Short: "Write wiring.yaml: the rules and rights that follow from slipway.yaml",
		Long: `Generate writes wiring.yaml beside slipway.yaml: an EventBridge rule for every bucket and cluster named, a policy on
each queue, and one policy for each function. It prints what changes. Commit the file: the build stops when it is stale.
What check refuses is not written.`,
		Example: "  slipway generate\n  slipway generate --check      exit 1 when wiring.yaml is stale, and write nothing",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return o.generate(c.Context(), output, check) },
	}
	c.Flags().StringVarP(&output, "output", "o", "", "the file to write (default wiring.yaml beside the configuration)")
	c.Flags().BoolVar(&check, "check", false, "write nothing, and exit 1 when the file is stale")
	return c
}

func (o *options) generate(ctx context.Context, output string, check bool) error {
	if output == "" {
		output = o.beside(wiringFile)
	}
	c, err := o.acceptable(ctx)
	if err != nil {
		return err
	}
	before, after, err := o.wiring(c, output)
	if err != nil {
		return err
	}
	answer := generated{File: output, Stale: !bytes.Equal(before, after), Changes: append([]string{}, wiring.Changes(before, after)...)}
	if answer.Stale && !check {
		if err := store(output, after); err != nil {
			return err
		}
		answer.Written = true
	}
	if err := o.answer(answer, answer.print); err != nil {
		return err
	}
	if answer.Stale && check {
		return stale(output)
	}
	return nil
}

// acceptable is the configuration, unless it has mistakes or asks for what ECS refuses. Those are printed.
func (o *options) acceptable(ctx context.Context) (config.Config, error) {
	c, err := o.valid()
	if err != nil {
		return c, err
	}
	refused, err := o.combinations(ctx, c, checkFlags{})
	if err != nil {
		return c, err
	}
	if len(refused) > 0 {
		o.print(refused)
		return c, errFound
	}
	return c, nil
}

func stale(path string) error {
	return problem{fmt.Errorf("%s is stale: run \"slipway generate\" (make generate), look at what changes, and commit it", path)}
}

func (g generated) print(w io.Writer) {
	for _, change := range g.Changes {
		say(w, "%s\n", change)
	}
	switch {
	case g.Written:
		say(w, "%s is written.\n", g.File)
	case !g.Stale:
		say(w, "%s is up to date.\n", g.File)
	}
}

// wiring returns the file as it is, empty when there is none, and as it should be.
func (o *options) wiring(c config.Config, path string) (before, after []byte, err error) {
	before, err = os.ReadFile(path) //nolint:gosec // The user names the file.
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("read %s: %w", path, err)
	}
	after, err = wiring.Generate(c)
	if err != nil {
		return nil, nil, problem{err}
	}
	return before, after, nil
}
