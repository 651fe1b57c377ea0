package mattermost

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattermost/mattermost/server/public/shared/markdown"

	"balie/adapters/markup"
	"balie/internal/chat"
)

// gap is a zero-width space: nobody sees it, and no signs form anything across it.
const gap = "\u200b"

// outbound is a text of the bot's as Mattermost's Markdown, at most so many characters of it.
//
// The server finds mentions with its own parser, clients show what theirs make of it, and the browser's is lenient: it
// looks for emphasis before code, and takes almost anything for a link. So what it must not form is taken apart, rather
// than trusted to be in code: "](" stands in links that are allowed and nowhere else but in fenced code.
func outbound(text string, most int) string {
	return fit(markup.Started(washed(text), unicode.IsSpace), most, rewrite)
}

// plain is a text that reads as it is inside Mattermost's Markdown, at most so many characters of it.
func plain(s string, most int) string {
	return fit(strings.TrimSpace(washed(s)), most, literally)
}

// line is a text for where clients show no Markdown, on one line.
func line(s string, most int) string {
	if most <= 0 {
		return ""
	}
	return chat.Cut(strings.Join(strings.Fields(washed(s)), " "), most)
}

// inbound is what somebody wrote as the bot's Markdown. What people have from a post of the bot's may have its gaps.
func inbound(text string) string {
	return ourReference.ReplaceAllString(ourGap.ReplaceAllString(markup.Lines(chat.Clean(markup.Lines(text))), "$1"), "&$1")
}

var (
	ourGap       = regexp.MustCompile(`([@:<\]!])` + gap)
	ourReference = regexp.MustCompile(`&amp;(#?\w+;)`)
)

// washed is a text without what hides or reorders words. The browser takes U+2424 for a line break.
func washed(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case markup.Reorders(r):
			return -1
		case r == 0x2424:
			return ' '
		}
		return r
	}, chat.Clean(markup.Lines(s)))
}

// fit is the text as write puts it, cut before a line or word where it would be too long.
func fit(s string, most int, write func(string) string) string {
	// The parser takes no longer texts, and writing makes them longer.
	return markup.Fit(s, most, min(2*most, markdown.MaxLen()/8), func(s string) (string, int) {
		out := write(s)
		return out, utf8.RuneCountInString(out)
	})
}

// rewrite makes Mattermost's Markdown of the bot's.
func rewrite(s string) string {
	if simple(s) {
		return s
	}
	out, ok := unmentioned(rewritten(s))
	if !ok || !harmless(out) {
		return literally(s)
	}
	return out
}

// simple says whether nothing in the text can need anything, so that it need not be parsed: without these signs it has no
// mentions, links, pictures or code, and of its colons none leads anywhere but to the web.
func simple(s string) bool {
	if strings.ContainsAny(s, "\\`[]&<@~\t") || strings.Contains(s, "    ") {
		return false
	}
	for i := range len(s) {
		if s[i] == ':' && leads(s[:i], s[i+1:]) {
			return false
		}
	}
	return true
}

// literally makes Markdown that reads as the text stands.
func literally(s string) string {
	if out, ok := unmentioned(literal(s)); ok {
		return out
	}
	return strings.ReplaceAll(literal(s), "@", "@"+gap)
}

// edit puts something else in place of a part of a text.
type edit struct {
	at, to int
	with   string
}

func edited(s string, edits []edit) string {
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(a.at, b.at) })
	var out strings.Builder
	last := 0
	for _, e := range edits {
		out.WriteString(s[last:e.at])
		out.WriteString(e.with)
		last = e.to
	}
	out.WriteString(s[last:])
	return out.String()
}

// unmentioned puts a gap after each @ that a name could follow, as far as the server searches for names: in texts, the
// parts of which it joins, but not in code or addresses. It is not ok if the parser has texts that do not stand there.
func unmentioned(s string) (string, bool) {
	if !strings.ContainsAny(s, "@&") {
		return s, true
	}
	for range 4 {
		var edits []edit
		ok := true
		var text []rune
		var at []int
		flush := func() {
			for i, r := range text {
				begins := i == 0 || !unicode.IsLetter(text[i-1]) && !unicode.IsNumber(text[i-1])
				if r == '@' && begins && i+1 < len(text) && nameable(text[i+1]) {
					edits = append(edits, edit{at[i] + 1, at[i] + 1, gap})
					ok = ok && s[at[i]] == '@'
				}
			}
			text, at = text[:0], at[:0]
		}
		markdown.Inspect(s, func(node any) bool {
			t, is := node.(*markdown.Text)
			if !is {
				flush()
				return true
			}
			stands := strings.HasPrefix(s[t.Range.Position:], t.Text)
			for i, r := range t.Text {
				if !stands {
					i = 0
				}
				text, at = append(text, r), append(at, t.Range.Position+i)
			}
			return false
		})
		flush()
		if len(edits) == 0 || !ok {
			return s, ok
		}
		s = edited(s, edits)
	}
	return s, false
}

// nameable says whether the server reads on after an @.
func nameable(r rune) bool {
	return strings.ContainsRune(":.-_@", r) || unicode.IsLetter(r) || unicode.IsNumber(r)
}

// harmless says whether the text shows no pictures and leads only where it may.
func harmless(s string) bool {
	good := true
	markdown.Inspect(s, func(node any) bool {
		switch v := node.(type) {
		case *markdown.InlineImage, *markdown.ReferenceImage, *markdown.ReferenceLink:
			good = false
		case *markdown.InlineLink:
			good = good && allowed(v.Destination())
		case *markdown.Autolink:
			good = good && allowed(v.Destination())
		}
		return true
	})
	return good
}

// allowed says whether the bot may lead people there.
func allowed(address string) bool { return mayLead.MatchString(address) }

var mayLead = regexp.MustCompile(`(?i)^(?:https?://[^/?#\s]|mailto:)`)
