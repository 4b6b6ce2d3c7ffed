package pages_test

import (
	"slices"
	"strings"
	"testing"

	"slipway/internal/emulator"
	"slipway/internal/pages"
)

// TestEveryBlockOfCommandsIsRunOrMarked reads the pages as they are.
func TestEveryBlockOfCommandsIsRunOrMarked(t *testing.T) {
	all, err := pages.All(emulator.Root())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Errorf("%d pages, want more", len(all))
	}
}

func page(lines ...string) string { return strings.ReplaceAll(strings.Join(lines, "\n"), "~", "`") }

func TestParse(t *testing.T) {
	p, err := pages.Parse("a.md", page(
		"~~~yaml", "jobs: {}", "~~~", // a part only
		"~~~sh needs-aws", "make deploy", "~~~",
		"~~~yaml", "version: 1", "~~~",
		"- in a list:", "", "    ~~~sh", "    slipway \\", "      check # well", "", "    # nothing", "    ~~~",
		"~~~~sh local-stack", "~~~", "~~~~",
	))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Blocks(pages.NeedsAWS); len(got) != 1 || got[0].Text != "make deploy\n" || got[0].Config != "" || got[0].Line != 4 {
		t.Errorf("needs AWS: %+v", got)
	}
	run := p.Blocks(pages.Run)
	if len(run) != 1 || run[0].Config != "version: 1\n" || !slices.Equal(run[0].Commands(), []string{"slipway   check # well"}) {
		t.Errorf("to be run: %+v", run)
	}
	if got := p.Blocks(pages.LocalStack); len(got) != 1 || len(p.Every()) != 3 {
		t.Errorf("on the local stack: %+v", got)
	}
}

func TestABlockThatWouldPassUnseenIsAnError(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"a mark that nobody knows":    {page("~~~sh needs-azure", "x", "~~~"), `line 1: nobody knows the mark "needs-azure"`},
		"another name of a shell":     {page("", "~~~bash", "x", "~~~"), "line 2: a block of bash"},
		"a shell in capitals":         {page("~~~Bash", "x", "~~~"), "line 1: a block of Bash"},
		"another way to say sh":       {page("~~~{.sh}", "x", "~~~"), "line 1: a block of {.sh}"},
		"commands without a language": {page("", "~~~", "# well", "slipway check", "~~~"), "line 2: a block of commands without a language"},
		"a prompt in a block of text": {page("~~~text", "$ ls", "~~~"), "line 1: a block of commands without a language"},
		"an indented command":         {page("", "    make deploy", ""), "line 2: commands outside"},
		"a fence of another kind":     {"\n\n" + strings.Repeat("\x7e", 3) + "sh\nx\n", "line 3: commands outside"},
		"a block without an end":      {page("~~~sh", "x"), "line 1: the block has no end"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := pages.Parse("a.md", tc.text); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v, want %q in it", err, tc.want)
			}
		})
	}
}

func TestTheShell(t *testing.T) {
	expand := func(name string) string { return "<" + name + ">" }
	for _, tc := range []struct {
		line string
		want []string
	}{
		{`slipway match 's3://${Bucket}/a b' --x`, []string{"slipway", "match", "s3://${Bucket}/a b", "--x"}},
		{`slipway runs "$RUN" --key=${A}b'c d'`, []string{"slipway", "runs", "<RUN>", "--key=<A>bc d"}},
	} {
		if got := pages.Words(tc.line, expand); !slices.Equal(got, tc.want) {
			t.Errorf("Words(%s) = %q, want %q", tc.line, got, tc.want)
		}
	}
	if got := pages.Split(`a 'x && y' && b | c`, "&&"); !slices.Equal(got, []string{"a 'x && y'", "b | c"}) {
		t.Errorf("Split = %q", got)
	}
	for line, want := range map[string]string{"a # b": "a", "a '# b' #c": "a '# b'", "a#b": "a#b", "# a": ""} {
		if got := pages.WithoutComment(line); got != want {
			t.Errorf("WithoutComment(%s) = %q, want %q", line, got, want)
		}
	}
}
