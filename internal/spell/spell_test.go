package spell

import "testing"

func TestClosest(t *testing.T) {
	known := []string{"priority", "priorities", "team", "teams", "nl"}
	for _, c := range []struct{ word, want string }{
		{"priorty", "priority"},
		{"Priorities", "priorities"},
		{"taem", "team"}, // two neighbours swapped are one slip
		{"teamz", "team"},
		{"nl", "nl"},
		{"xx", ""},
		{"summary", ""},
		{"", ""},
	} {
		if got := Closest(c.word, known); got != c.want {
			t.Errorf("Closest(%q) = %q, want %q", c.word, got, c.want)
		}
	}
	if got := Closest("team", nil); got != "" {
		t.Errorf("Closest in nothing = %q", got)
	}
}
