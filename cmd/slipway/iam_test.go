package main

import (
	"bytes"
	"os"
	"testing"
)

func TestThePageOfRolesIsCurrent(t *testing.T) {
	want, err := iamPage("../..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/guide/iam.md")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("docs/guide/iam.md is stale (%v): run make generate", err)
	}
}
