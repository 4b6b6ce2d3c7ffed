package main

import (
	"bytes"
	"os"
	"testing"

	"slipway/internal/config/compile"
	"slipway/internal/config/wiring"
)

func TestTheConfigurationNeedsNoOtherWiringThanTheOneThatShips(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("slipway.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, problems := compile.Compile(text)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	got, err := wiring.Generate(c)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../../wiring.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("slipway.yaml gives another wiring than the one in the repository: bring it in line with the file that ships")
	}
}
