package slack

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"balie/adapters/markup"
	"balie/internal/chat"
)

// What Slack's mrkdwn has no other way to say. It knows no escapes but for & < and >: a sign that is meant as it stands gets
// a thin space on the side from which it would be paired, since no client takes one for a mark there. What is to be a mark
// inside a word gets a space of no width around it. Where a backtick can't stand, a sign stands that looks like it.
const (
	gap  = "\u200b"
	hair = "\u200a"
	tick = "\u2035"
)

// outbound is a text of the bot's as mrkdwn, at most so many characters of it.
func outbound(markdown string, most int) string {
	text := markup.Started(markup.Wash(markdown), unicode.IsSpace)
	return fit(text, most, func(s string) []string { return pack(parsed(s), 1<<30) }, 0)
}

// sections is a text of the bot's as mrkdwn in parts that a block takes, cut where all of them would be longer than allowed.
func sections(markdown string, most int) []string {
	var out []string
	text := fit(markup.Started(markup.Wash(markdown), unicode.IsSpace), most, func(s string) []string {
		out = pack(parsed(s), sectionMax)
		return out
	}, 1)
	if text == "" {
		return nil
	}
	if len(out) == 0 || text == "…" {
		return []string{text}
	}
	return out
}

// plain is a text that reads as it is inside mrkdwn, on one line, at most so many characters of it.
func plain(s string, most int) string {
	return fit(oneLine(s, 2*max(most, 0)), most, func(s string) []string { return []string{written([]span{{text: s}})} }, 0)
}

// oneLine is a text for where clients show no mrkdwn, on one line, at most so many characters of it.
func oneLine(s string, most int) string {
	if most <= 0 {
		return ""
	}
	return chat.Cut(strings.Join(strings.Fields(markup.Wash(s)), " "), most)
}

// fit is the text as write puts it, cut before a line or word where it would be too long. Each part costs so much more.
func fit(s string, most int, write func(string) []string, cost int) string {
	return markup.Fit(s, most, 2*most, func(s string) (string, int) {
		parts := write(s)
		long := cost * len(parts)
		for _, p := range parts {
			long += utf8.RuneCountInString(p)
		}
		return strings.Join(parts, "\n"), long
	})
}

// mrkdwn is how Slack writes looks.
var mrkdwn = dialect{signs: map[look]string{bold: "*", italic: "_", strike: "~"}, write: writeSlack}

func writeSlack(w *cells, s span) {
	switch {
	case s.link != "":
		w.begin("<", 0)
		w.began = false
		w.put(escape.Replace(s.link), true)
		if s.text != "" && s.text != s.link {
			w.put("|", true)
			w.put(s.text, false)
		}
		w.put(">", true)
	case s.look&code != 0:
		w.begin("`", 0)
		w.put(escape.Replace(strings.ReplaceAll(s.text, "`", tick)), true)
		w.put("`", true)
		w.ended, w.began = true, false
	default:
		w.literal(s.text)
	}
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// written is a line in mrkdwn.
func written(spans []span) string {
	if len(spans) == 1 && spans[0].look == 0 && spans[0].link == "" && !strings.ContainsAny(spans[0].text, "*_~`＊＿～｀>＞") {
		return escape.Replace(spans[0].text)
	}
	w := &cells{}
	mrkdwn.line(w, spans, 0)
	return w.mrkdwn()
}

// mrkdwn takes the meaning of the signs that are none of ours.
func (w *cells) mrkdwn() string {
	inert := w.paired()
	ticks := 0
	for _, c := range w.all {
		if c.r == '`' {
			ticks++
		}
	}
	var out strings.Builder
	spaced := true // nothing that is seen stands right before
	for i, c := range w.all {
		wasSpaced := spaced
		spaced = unicode.IsSpace(c.r)
		switch {
		case c.ours:
			out.WriteRune(c.r)
		case i == 0 && (c.r == '>' || c.r == '＞'):
			out.WriteString(gap)
			out.WriteString(escape.Replace(string(c.r)))
		case c.r == '`' && ticks > 1:
			out.WriteString(tick)
		case inert[i]:
			if !wasSpaced {
				out.WriteString(hair)
			}
			out.WriteRune(c.r)
			if i+1 < len(w.all) && !unicode.IsSpace(w.all[i+1].r) {
				out.WriteString(hair)
				spaced = true
			}
		case c.r == '&' || c.r == '<' || c.r == '>':
			out.WriteString(escape.Replace(string(c.r)))
		default:
			out.WriteRune(c.r)
		}
	}
	return out.String()
}

// paired says which signs that are none of ours a client could pair with another one.
func (w *cells) paired() []bool {
	out := make([]bool, len(w.all))
	seen := map[rune]bool{}
	for i, c := range w.all {
		if isSign(c.r) {
			out[i] = !c.ours && seen[c.r] && w.ends(i)
			seen[c.r] = seen[c.r] || w.opens(i)
		}
	}
	clear(seen)
	for i := len(w.all) - 1; i >= 0; i-- {
		if c := w.all[i]; isSign(c.r) {
			out[i] = out[i] || !c.ours && seen[c.r] && w.opens(i)
			seen[c.r] = seen[c.r] || w.ends(i)
		}
	}
	return out
}

// opens says whether any client could take what stands there for the beginning of something.
func (w *cells) opens(i int) bool {
	return (i == 0 || !plainWord(w.all[i-1].r)) && i+1 < len(w.all) && !unicode.IsSpace(w.all[i+1].r)
}

func (w *cells) ends(i int) bool {
	return i > 0 && !unicode.IsSpace(w.all[i-1].r) && (i+1 == len(w.all) || !plainWord(w.all[i+1].r))
}

// plainWord says whether every client sees a word go on there.
func plainWord(r rune) bool { return r < utf8.RuneSelf && markup.Word(r) }

// allowed says whether the bot may lead people there.
func allowed(address string) bool {
	return mayLead.MatchString(address) && markup.Sound(address) && utf8.RuneCountInString(escape.Replace(address)) <= addressMax
}

var mayLead = regexp.MustCompile(`(?i)^(?:https?://[^/?#\s@|]|mailto:[^\s])`)

// destination keeps an address in its place.
var destination = strings.NewReplacer("|", "%7C", "<", "%3C", ">", "%3E", " ", "%20", "\t", "%09", "\n", "", "`", "%60",
	`"`, "%22", `\`, "%5C", gap, "", hair, "")
