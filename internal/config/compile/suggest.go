package compile

import (
	"fmt"
	"strings"
)

// Suggest is the end of a message about a word that is not known, such as "did you mean images?".
func Suggest(word string, known []string) string { return suggest(word, known) }

// suggest is the end of a message about a word that is not known: the nearest of the known words, or all of them.
func suggest(word string, known []string) string {
	if near := nearest(word, known); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return "known are " + strings.Join(known, ", ")
}

// nearest is the known word with the fewest changes of letters, whatever their case, if they are few.
func nearest(word string, known []string) string {
	if len(word) > longestWord {
		return ""
	}
	best, fewest := "", max(2, len(word)/3)+1
	for _, k := range known {
		if n := distance(strings.ToLower(word), strings.ToLower(k)); n < fewest {
			best, fewest = k, n
		}
	}
	return best
}

// longestWord bounds the work for a hostile word.
const longestWord = 64

// distance counts the letters to insert, delete, replace or swap with their neighbour to get from a to b.
func distance(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row := rows[0], rows[1], rows[2]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			same := last[j-1]
			if a[i-1] != b[j-1] {
				same++
			}
			row[j] = min(same, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		rows[0], rows[1], rows[2] = last, row, before
	}
	return rows[1][len(b)]
}
