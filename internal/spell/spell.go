// Package spell finds what somebody probably meant to write.
package spell

import "strings"

// Closest is the known word that the given one is probably a slip of the pen for, or "". Upper and lower case are alike.
func Closest(word string, known []string) string {
	word = strings.ToLower(word)
	best, distance := "", max(1, len(word)/4)+1
	for _, k := range known {
		if d := edits(word, strings.ToLower(k)); d < distance && d < len(k) {
			best, distance = k, d
		}
	}
	return best
}

// edits is how many characters must be inserted, removed, replaced or swapped with their neighbour to turn a into b.
func edits(a, b string) int {
	s, t := []rune(a), []rune(b)
	if len(s) > 64 || len(t) > 64 {
		return 64
	}
	d := make([][]int, len(s)+1)
	for i := range d {
		d[i] = make([]int, len(t)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(s); i++ {
		for j := 1; j <= len(t); j++ {
			replace := d[i-1][j-1]
			if s[i-1] != t[j-1] {
				replace++
			}
			d[i][j] = min(replace, d[i-1][j]+1, d[i][j-1]+1)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(s)][len(t)]
}
