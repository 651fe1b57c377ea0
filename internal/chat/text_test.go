package chat

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCutBytes(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "Categorie": "Categorie", "Om welk programma gaat het precies?": "Om welk programma gaa…",
		"ééééééééééééééé": "éééééééééé…", "bad \xff\a": "bad \uFFFD", strings.Repeat("x", 24): strings.Repeat("x", 24),
	} {
		if got := CutBytes(s, 24); got != want {
			t.Errorf("CutBytes(%q) = %q, want %q", s, got, want)
		}
	}
}

func FuzzCut(f *testing.F) {
	f.Add("hello", 3)
	f.Add("é\x00\xff😀", 4)
	f.Fuzz(func(t *testing.T, s string, n int) {
		n = 3 + (n&0xff+0x100)%0x100
		for got, length := range map[string]int{CutBytes(s, n): len(CutBytes(s, n)), Cut(s, n): utf8.RuneCountInString(Cut(s, n))} {
			if !utf8.ValidString(got) || length > n {
				t.Fatalf("%q cut to %d is %q", s, n, got)
			}
		}
	})
}
