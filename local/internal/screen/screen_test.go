package screen

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestPlainPrintsEachLiveLineOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := Plain(&out)
	s.Live("a waits", "b waits")
	s.Live("a runs", "b waits")
	if got, want := out.String(), "a waits\nb waits\na runs\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTerminalRedrawsBelowWhatWasPrinted(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &Screen{out: &out, terminal: true}
	s.Live("one", "two")
	out.Reset()
	s.Print("done")
	const up2 = "\x1b[2A\r\x1b[J"
	if got := out.String(); !strings.HasPrefix(got, up2+"done\n") || !strings.Contains(got, "one\ntwo\n") {
		t.Errorf("got %q, want the two lines erased, the new one, and the two again", got)
	}
}

func TestStepShowsFailure(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	problem := errors.New("broken")
	if err := Plain(&out).Step("build", func() error { return problem }); !errors.Is(err, problem) {
		t.Errorf("got %v, want the step's own error", err)
	}
	if got := out.String(); !strings.HasPrefix(got, "  no  build ") || !strings.HasSuffix(got, " s\n") {
		t.Errorf("got %q, want a line that says no, with seconds", got)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	got := Table([][]string{{"object", "exit"}, {"Größe.png", "0"}})
	want := []string{"object     exit", "---------  ----", "Größe.png  0"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
