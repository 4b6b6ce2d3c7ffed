package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"slipway/internal/config"
)

func compileCommand(o *options) *cobra.Command {
	var output, wiring string
	c := &cobra.Command{
		Use:   "compile",
		Short: "Write slipway.json, which the build puts beside each function",
		Long: `Compile checks slipway.yaml and writes it as JSON for the functions. It refuses when there is a mistake, or when
wiring.yaml is stale: then the functions would lack the rights for what they are to do.`,
		Example: "  slipway compile -o .aws-sam/build/S3TriggerFunction/slipway.json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !c.Flags().Changed("wiring") {
				wiring = o.beside(wiringFile)
			}
			return o.compile(output, wiring)
		},
	}
	c.Flags().StringVarP(&output, "output", "o", config.FileName, "the file to write")
	c.Flags().StringVar(&wiring, "wiring", "", "the wiring that must be up to date; empty: do not look (default wiring.yaml beside the configuration)")
	return c
}

func (o *options) compile(output, wiring string) error {
	c, err := o.valid()
	if err != nil {
		return err
	}
	if wiring != "" {
		before, after, err := o.wiring(c, wiring)
		if err != nil {
			return err
		}
		if !bytes.Equal(before, after) {
			return stale(wiring)
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(c); err != nil {
		return fmt.Errorf("encode the configuration: %w", err)
	}
	if err := store(output, b.Bytes()); err != nil {
		return err
	}
	return o.answer(map[string]string{"file": output}, func(w io.Writer) { say(w, "%s is written.\n", output) })
}
