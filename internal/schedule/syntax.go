package schedule

import (
	"errors"
	"fmt"
	"iter"
	"strings"
)

// SyntaxError says what is wrong with an expression, where, and what would work. Offset counts bytes from 0.
type SyntaxError struct {
	Expression string
	Offset     int
	Message    string
}

// Error shows the expression, the position and what would work.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("schedule %q, position %d: %s", e.Expression, e.Offset+1, e.Message)
}

// mistake is a SyntaxError whose expression Parse fills in.
func mistake(offset int, format string, args ...any) error {
	return &SyntaxError{Offset: offset, Message: fmt.Sprintf(format, args...)}
}

// in fills in the expression of a mistake.
func in(expression string, err error) error {
	var e *SyntaxError
	if errors.As(err, &e) {
		e.Expression = expression
	}
	return err
}

// word is a piece of an expression, with the offset at which it begins.
type word struct {
	text   string
	offset int
}

// words are the pieces between blanks.
func words(text string, offset int) []word {
	var list []word
	begin := -1
	for i := 0; i <= len(text); i++ {
		blank := i == len(text) || text[i] == ' ' || text[i] == '\t'
		if !blank && begin < 0 {
			begin = i
		}
		if blank && begin >= 0 {
			list = append(list, word{text[begin:i], offset + begin})
			begin = -1
		}
	}
	return list
}

// parts are the pieces between commas.
func (w word) parts() iter.Seq[word] {
	return func(yield func(word) bool) {
		offset := w.offset
		for text := range strings.SplitSeq(w.text, ",") {
			if !yield(word{text, offset}) {
				return
			}
			offset += len(text) + 1
		}
	}
}

// cut splits the word around the first separator.
func (w word) cut(separator string) (before, after word, found bool) {
	first, second, found := strings.Cut(w.text, separator)
	return word{first, w.offset}, word{second, w.offset + len(first) + len(separator)}, found
}

// upper is the text in capitals, for comparing with names.
func (w word) upper() string { return strings.ToUpper(w.text) }
