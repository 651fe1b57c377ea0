package discord

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"balie/adapters/markup"
	"balie/internal/chat"
)

// hearing reads what somebody wrote in Discord.
type hearing struct {
	self   string            // the bot's id
	names  map[string]string // of people, by id
	toBot  bool              // the bot is mentioned
	quoted bool              // all that follows is a quote
}

// inbound is what somebody wrote as the bot's Markdown, and whether it mentions the bot.
func inbound(m wireMessage, self string) (text string, toBot bool) {
	in := &hearing{self: self, names: map[string]string{}}
	for _, u := range m.Mentions {
		nick := ""
		if u.Member != nil {
			nick = u.Member.Nick
		}
		in.names[u.ID] = strings.Join(strings.Fields(chat.Clean(cmp.Or(nick, u.GlobalName, u.Username))), " ")
	}
	s := in.spokenTo(chat.Clean(markup.Lines(m.Content)))
	text = written(in.rows(s), true)
	return strings.TrimRightFunc(markup.Started(text, markup.Blank), unicode.IsSpace), in.toBot
}

var (
	addressed = regexp.MustCompile(`^\s*<@!?([0-9]{1,20})>(?:\s*[,:](?:\s+|$))?\s*`)
	inQuote   = regexp.MustCompile(`^ *(>>>|>) `)
	inHead    = regexp.MustCompile(`^ *(#{1,3}|-#) +(\S.*)$`)
	inList    = regexp.MustCompile(`^( *)(?:[-*]|(\d{1,9})\.) +(\S.*)$`)
	inFence   = regexp.MustCompile(`^([\w+#.-]{1,30})\n`)
	// ourGap is where outbound may have put a gap.
	ourGap = regexp.MustCompile(gap + `*([*_~|@` + "`" + `])` + gap + `+|` + gap + `+([*_~|` + "`" + `])`)
)

// spokenTo is the text without mentions of the bot at its beginning.
func (in *hearing) spokenTo(s string) string {
	for {
		m := addressed.FindStringSubmatch(s)
		if m == nil || m[1] != in.self {
			return s
		}
		in.toBot = true
		s = s[len(m[0]):]
	}
}

// rows are the lines of a text in Discord's Markdown. A code block may begin and end anywhere in them.
func (in *hearing) rows(s string) []row {
	var out []row
	var text strings.Builder
	say := func() {
		if text.Len() > 0 {
			out = append(out, in.lines(text.String())...)
			text.Reset()
		}
	}
	for s != "" {
		before, rest, found := strings.Cut(s, fence)
		body, after, closed := strings.Cut(rest, fence)
		if !found || !closed {
			text.WriteString(s)
			break
		}
		if strings.HasSuffix(before, `\`) || strings.TrimFunc(body, markup.Blank) == "" {
			text.WriteString(before + fence)
			s = rest
			continue
		}
		begin := strings.LastIndexByte(before, '\n') + 1
		quote := inQuote.FindString(before[begin:])
		if quote == before[begin:] {
			before = before[:begin]
		}
		text.WriteString(strings.TrimSuffix(strings.TrimRight(before, " "), "\n"))
		in.quoted = in.quoted || strings.Contains(quote, ">>>")
		say()
		out = append(out, in.block(body, quote != "" || in.quoted, quote)...)
		s = strings.TrimPrefix(strings.TrimLeft(after, " "), "\n")
	}
	say()
	return out
}

// block are the lines of a code block.
func (in *hearing) block(body string, quoted bool, mark string) []row {
	r := row{quote: quoted, block: true, first: true}
	if m := inFence.FindStringSubmatch(body); m != nil && strings.TrimFunc(body[len(m[0]):], markup.Blank) != "" {
		r.lang, body = m[1], body[len(m[0]):]
	}
	var out []row
	for code := range strings.SplitSeq(strings.Trim(body, "\n"), "\n") {
		if mark != "" {
			code = strings.TrimPrefix(code, mark)
		}
		r.code = strings.ReplaceAll(code, "`"+gap, "`")
		out = append(out, r)
		r.first, r.lang = false, ""
	}
	if last := out[len(out)-1]; mark != "" && len(out) > 1 && strings.Trim(last.code, "> ") == "" {
		out = out[:len(out)-1] // what stood before the end of the block
	}
	return out
}

// lines are lines that are no code.
func (in *hearing) lines(s string) []row {
	var out []textLine
	for text := range strings.SplitSeq(s, "\n") {
		l := textLine{quote: in.quoted, text: strings.TrimRightFunc(text, unicode.IsSpace)}
		if m := inQuote.FindStringSubmatch(text); m != nil && !in.quoted {
			l.quote, in.quoted = true, m[1] == ">>>"
			l.text = strings.TrimRightFunc(text[len(m[0]):], unicode.IsSpace)
		}
		if m := inHead.FindStringSubmatch(l.text); m != nil {
			if l.text, l.alone = m[2], true; m[1] != "-#" {
				l.look = bold
			}
		} else {
			l.item(inList.FindStringSubmatch(l.text))
		}
		out = append(out, l)
	}
	return inline(out, in)
}

var (
	personToken  = regexp.MustCompile(`^<@!?([0-9]{1,20})>`)
	channelToken = regexp.MustCompile(`^<(?:#[0-9]{1,20}|(@&)[0-9]{1,20}|id:([a-z-]{1,30}))>`)
	commandToken = regexp.MustCompile(`^<(/[^<>:\n]{1,100}):[0-9]{1,20}>`)
	emojiToken   = regexp.MustCompile(`^<a?(:\w{1,64}:)[0-9]{1,20}>`)
	momentToken  = regexp.MustCompile(`^<t:(-?[0-9]{1,12})(?::([tTdDfFsSR]))?>`)
)

// token reads what Discord puts something else in place of.
// https://docs.discord.com/developers/reference#message-formatting
func (r *reader) token(i int) int {
	rest := r.s[i:]
	if m := personToken.FindStringSubmatch(rest); m != nil {
		if m[1] == r.in.self {
			r.in.toBot = true
			return r.without(i, i+len(m[0]))
		}
		r.words.WriteString("@" + cmp.Or(r.in.names[m[1]], "someone"))
		return i + len(m[0])
	}
	if m := channelToken.FindStringSubmatch(rest); m != nil {
		switch {
		case m[1] != "":
			r.words.WriteString("@role")
		default:
			r.words.WriteString("#" + cmp.Or(m[2], "channel"))
		}
		return i + len(m[0])
	}
	for _, token := range []*regexp.Regexp{commandToken, emojiToken} {
		if m := token.FindStringSubmatch(rest); m != nil {
			r.words.WriteString(m[1])
			return i + len(m[0])
		}
	}
	if m := momentToken.FindStringSubmatch(rest); m != nil {
		seconds, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			return 0
		}
		r.words.WriteString(timeAs(time.Unix(seconds, 0).UTC(), m[2]))
		return i + len(m[0])
	}
	return 0
}

// timeAs is a time as the style asks for it, in a zone that everybody can tell theirs from.
func timeAs(at time.Time, style string) string {
	switch style {
	case "t", "T":
		return at.Format("15:04 UTC")
	case "d", "D":
		return at.Format("2006-01-02")
	}
	return at.Format("2006-01-02 15:04 UTC")
}

// without leaves a part of the line out, and the space that would be too much then.
func (r *reader) without(from, to int) int {
	said := strings.TrimRight(r.words.String(), " ")
	r.words.Reset()
	r.words.WriteString(said)
	rest := strings.TrimLeft(r.s[to:], " ")
	if said != "" && rest != "" && !strings.ContainsRune(",.:;!?)", firstRune(rest)) {
		r.words.WriteByte(' ')
	}
	return len(r.s) - len(rest)
}
