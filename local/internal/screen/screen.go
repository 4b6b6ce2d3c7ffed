package screen

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Screen is where progress is shown. It may be used by many at once. The zero value shows nothing.
type Screen struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
	live     []string // the lines that are redrawn, as they were last given
	drawn    int      // how many of them stand on the terminal
	steps    []*step
	said     map[string]bool
}

type step struct {
	name  string
	since time.Time
}

// New returns a screen for a file, which is taken for a terminal when it is one.
func New(f *os.File) *Screen {
	info, err := f.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb" && os.Getenv("TERM") != ""
	return &Screen{out: f, terminal: terminal}
}

// Plain returns a screen that writes each line once.
func Plain(w io.Writer) *Screen { return &Screen{out: w} }

// Print shows a line for good.
func (s *Screen) Print(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.print(fmt.Sprintf(format, args...))
}

// Live replaces the lines that change. Without a terminal it prints those that are new.
func (s *Screen) Live(lines ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal {
		s.live = lines
		s.redraw()
		return
	}
	if s.said == nil {
		s.said = map[string]bool{}
	}
	for _, line := range lines {
		if !s.said[line] {
			s.said[line] = true
			s.print(line)
		}
	}
}

// Step does something under a name, and shows how long it took.
func (s *Screen) Step(name string, do func() error) error {
	st := &step{name: name, since: time.Now()}
	s.mu.Lock()
	s.steps = append(s.steps, st)
	s.redraw()
	s.mu.Unlock()
	stop := s.tick()
	err := do()
	stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = slices.DeleteFunc(s.steps, func(other *step) bool { return other == st })
	mark := "ok"
	if err != nil {
		mark = "no"
	}
	s.print(fmt.Sprintf("  %s  %-48s %6.1f s", mark, name, time.Since(st.since).Seconds()))
	return err
}

// tick redraws the seconds while a step is under way, and returns what ends it.
func (s *Screen) tick() func() {
	if !s.terminal {
		return func() {}
	}
	t, done := time.NewTicker(500*time.Millisecond), make(chan struct{})
	go func() {
		for {
			select {
			case <-t.C:
				s.mu.Lock()
				s.redraw()
				s.mu.Unlock()
			case <-done:
				return
			}
		}
	}()
	return func() { t.Stop(); close(done) }
}

func (s *Screen) print(line string) {
	if s.out == nil {
		return
	}
	_, _ = fmt.Fprintf(s.out, "%s%s\n", s.erase(), line)
	s.drawn = 0
	s.redraw()
}

// redraw puts the steps under way and the live lines below what was printed. Wrapping is off meanwhile, so that a line
// is a line.
func (s *Screen) redraw() {
	if !s.terminal {
		return
	}
	var b strings.Builder
	b.WriteString(s.erase() + "\x1b[?7l")
	for _, st := range s.steps {
		fmt.Fprintf(&b, "  ..  %-48s %6.0f s\n", st.name, time.Since(st.since).Seconds())
	}
	for _, line := range s.live {
		b.WriteString(line + "\n")
	}
	b.WriteString("\x1b[?7h")
	_, _ = io.WriteString(s.out, b.String())
	s.drawn = len(s.steps) + len(s.live)
}

// erase is what removes the lines that were drawn last.
func (s *Screen) erase() string {
	if !s.terminal || s.drawn == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA\r\x1b[J", s.drawn)
}
