package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/quick"

	"balie/internal/ticket"
)

func TestTokens(t *testing.T) {
	for text, want := range map[string][]string{
		"":                             nil,
		" \t\x00!?…—":                  nil,
		"Printer on floor 3":           {"printer", "on", "floor", "3"},
		"printer PRINTER Printer":      {"printer"},
		"HD-00012":                     {"hd-00012"},
		"see hd-00012, and SUP0000012": {"see", "hd-00012", "and", "sup0000012"},
		"2026-03-02":                   {"2026-03-02"},
		"e-mail - wi--fi 3-":           {"e", "mail", "wi", "fi", "3"},
		"Crème BRÛLÉE naïve Ångström":  {"creme", "brulee", "naive", "angstrom"},
		"Straße Łódź København Æsir":   {"strasse", "lodz", "kobenhavn", "aesir"},
		"ΣΊΣΥΦΟΣ Σίσυφος":              {"σισυφοσ"},
		"Ёлка ёлка":                    {"елка"},
		"打印机坏了":                        {"打", "印", "机", "坏", "了"},
		"مرحبا بالعالم":                {"مرحبا", "بالعالم"},
		"ﬁne ｗｉｄｅ ①":                   {"fine", "wide", "1"},
		"a\xffb":                       {"a", "b"},
		"it's C++ <b>x</b>":            {"it", "s", "c", "b", "x"},
		strings.Repeat("x", 100_000):   {strings.Repeat("x", 64)},
	} {
		if got := Tokens(text); !slices.Equal(got, want) {
			t.Errorf("Tokens(%.40q) = %q, want %q", text, got, want)
		}
	}
}

func TestTokensOfTokensAreTheSame(t *testing.T) {
	same := func(text string) bool {
		once := Tokens(text)
		return slices.Equal(once, Tokens(strings.Join(once, " ")))
	}
	if err := quick.Check(same, nil); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"HD-00012 Straße 打印", strings.Repeat("é", 500), "İstanbul ıssız", "a-1-b-2"} {
		if !same(text) {
			t.Errorf("the words of %.40q change when taken again", text)
		}
	}
}

// A ticket must be found by its own words, whatever they are.
func TestWordsHaveTheTokens(t *testing.T) {
	has := func(text string) bool {
		words := Words(ticket.Ticket{Summary: text})
		for _, w := range Tokens(text) {
			if !slices.Contains(words, w) {
				return false
			}
		}
		return true
	}
	if err := quick.Check(has, nil); err != nil {
		t.Error(err)
	}
}

func TestWords(t *testing.T) {
	words := Words(ticket.Ticket{
		Key: "HD-00012", Summary: "Café closed", Description: "since Monday, like SUP0000034",
		Entries: []ticket.Entry{
			{N: 1, Kind: ticket.EntryReply, Audience: ticket.Public, Text: "Opening again"},
			{N: 2, Kind: ticket.EntryNote, Audience: ticket.TeamOnly, Text: "secret"},
			{N: 3, Kind: ticket.EntryNote, Text: "unmarked"},
		},
	})
	for _, w := range []string{"hd-00012", "hd", "00012", "12", "cafe", "closed", "since", "sup0000034", "0000034", "34", "opening"} {
		if !slices.Contains(words, w) {
			t.Errorf("%q is missing in %q", w, words)
		}
	}
	for _, w := range []string{"secret", "unmarked"} {
		if slices.Contains(words, w) {
			t.Errorf("a note's word %q can be found", w)
		}
	}
}

func TestWordsAreBounded(t *testing.T) {
	var long strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&long, "word%d ", i)
	}
	words := Words(ticket.Ticket{Key: "HD-1", Summary: "first", Description: long.String()})
	if len(words) != maxWords || !slices.Contains(words, "first") {
		t.Errorf("%d words, or the summary's are missing", len(words))
	}
}

func TestSpill(t *testing.T) {
	entries := make([]ticket.Entry, 300)
	for i := range entries {
		entries[i].N = i + 1
	}
	for n, moved := range map[int]int{0: 0, 200: 0, 249: 0, 250: 50, 300: 100} {
		old, kept := Spill(entries[:n])
		if len(old) != moved || len(old)+len(kept) != n {
			t.Errorf("of %d, %d move and %d stay", n, len(old), len(kept))
		}
		if moved > 0 && (old[0].N != 1 || kept[0].N != moved+1) {
			t.Errorf("of %d, the wrong ones move", n)
		}
	}
}
