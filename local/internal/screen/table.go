package screen

import (
	"strings"
	"unicode/utf8"
)

// Table lays out rows in columns, the first row underlined.
func Table(rows [][]string) []string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var lines []string
	for i, row := range rows {
		lines = append(lines, layOut(row, widths))
		if i == 0 {
			lines = append(lines, layOut(rules(widths), widths))
		}
	}
	return lines
}

func layOut(row []string, widths []int) string {
	var b strings.Builder
	for i, cell := range row {
		b.WriteString(cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
	}
	return strings.TrimRight(b.String(), " ")
}

func rules(widths []int) []string {
	cells := make([]string, len(widths))
	for i, w := range widths {
		cells[i] = strings.Repeat("-", w)
	}
	return cells
}
