package slack

import (
	"cmp"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"balie/adapters/markup"
	"balie/internal/chat"
)

// markdown is how the bot writes looks.
var markdown = dialect{signs: map[look]string{bold: "**", italic: "*", strike: "~~"}, write: writeMarkdown}

// inbound is what somebody wrote in mrkdwn as the bot's Markdown. name tells how a user, channel or group is called, "" if
// that is not known.
func inbound(mrkdwn string, name func(kind, id string) string) string {
	in := &hearing{name: name}
	s := chat.Clean(markup.Lines(mrkdwn))
	for {
		before, rest, found := strings.Cut(s, fence)
		body, after, closed := strings.Cut(rest, fence)
		if !found || !closed || strings.TrimFunc(body, markup.Blank) == "" {
			in.lines(s)
			break
		}
		before = strings.TrimRight(before, " ")
		in.lines(strings.TrimSuffix(before, "\n"))
		in.block(strings.Trim(body, "\n"))
		s = strings.TrimPrefix(strings.TrimLeft(after, " "), "\n")
		if s == "" {
			break
		}
	}
	return strings.TrimRightFunc(strings.Join(in.out, "\n"), unicode.IsSpace)
}

// hearing reads mrkdwn.
type hearing struct {
	name   func(kind, id string) string
	out    []string
	quoted bool // all that follows is a quote
}

var (
	inQuote  = regexp.MustCompile(`^(?:&gt;|＞)+ ?`)
	inBullet = regexp.MustCompile(`^(\s*)[•◦▪‣] *(\S.*)$`)
	token    = regexp.MustCompile(`^<([^<>\n]+)>`)
	emoji    = regexp.MustCompile(`^:([a-z0-9_+'-]+):(?::skin-tone-([2-6]):)?`)
	ourGap   = regexp.MustCompile(gap + "*([*_~`＊＿～｀])[" + gap + hair + "]*|[" + gap + hair + "]+([*_~`＊＿～｀])")
)

// block puts a code block.
func (in *hearing) block(s string) {
	var body strings.Builder
	for i := 0; i < len(s); {
		if m := token.FindStringSubmatch(s[i:]); m != nil {
			t := in.token(m[1])
			body.WriteString(cmp.Or(t.text, t.link))
			i += len(m[0])
			continue
		}
		body.WriteByte(s[i])
		i++
	}
	text := unescape.Replace(strings.ReplaceAll(body.String(), "`"+gap, "`"))
	around := fence
	for _, run := range backticks.FindAllString(text, -1) {
		if len(run) >= len(around) {
			around = run + "`"
		}
	}
	in.out = append(in.out, around, text, around)
}

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// lines puts lines that are no code block.
func (in *hearing) lines(s string) {
	if s == "" {
		return
	}
	for line := range strings.SplitSeq(s, "\n") {
		head := ""
		if q := inQuote.FindString(line); q != "" {
			in.quoted = in.quoted || strings.HasPrefix(q, "&gt;&gt;&gt;")
			head, line = "> ", line[len(q):]
		} else if in.quoted {
			head = "> "
		}
		if m := inBullet.FindStringSubmatch(line); m != nil {
			head, line = head+strings.Repeat("  ", min(len(m[1])/4, 4))+"- ", m[2]
		}
		in.out = append(in.out, head+in.line(line))
	}
}

// line is one line in Markdown.
func (in *hearing) line(s string) string {
	if s == "" {
		return ""
	}
	var spans []span
	if strings.ContainsAny(s, "<&*_~`:"+gap+hair+tick) {
		spans = matched(in.pieces(s))
	} else {
		spans = []span{{text: s}}
	}
	w := &cells{loose: true}
	markdown.line(w, spans, 0)
	return w.markdown()
}

// pieces are a line's spans and marks.
func (in *hearing) pieces(s string) []piece {
	var out []piece
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			out = append(out, piece{span: span{text: ungapped(text.String())}})
			text.Reset()
		}
	}
	put := func(t span) {
		flush()
		out = append(out, piece{span: t})
	}
	for i := 0; i < len(s); {
		rest := s[i:]
		switch rest[0] {
		case '<':
			if m := token.FindStringSubmatch(rest); m != nil {
				put(in.token(m[1]))
				i += len(m[0])
				continue
			}
		case '&':
			if e := entity.FindString(rest); e != "" {
				text.WriteString(unescape.Replace(e))
				i += len(e)
				continue
			}
		case ':':
			if m := emoji.FindStringSubmatch(rest); m != nil && emojis[m[1]] != "" {
				text.WriteString(emojis[m[1]] + skins[m[2]])
				i += len(m[0])
				continue
			}
		case '`':
			if to := strings.IndexByte(rest[1:], '`'); to > 0 && strings.TrimFunc(rest[1:1+to], markup.Blank) != "" {
				put(span{text: in.code(rest[1 : 1+to]), look: code})
				i += to + 2
				continue
			}
		case '*', '_', '~':
			if m := slackMark(s, i); m != nil {
				flush()
				out = append(out, piece{span: span{text: rest[:1]}, mark: m})
				i++
				continue
			}
		}
		text.WriteByte(rest[0])
		i++
	}
	flush()
	return out
}

var scheme = regexp.MustCompile(`^(?:https?://|mailto:|tel:)`)

var entity = regexp.MustCompile(`^&(?:amp|lt|gt);`)

// code is what stands in code on a line.
func (in *hearing) code(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); {
		if m := token.FindStringSubmatch(s[i:]); m != nil {
			t := in.token(m[1])
			out.WriteString(cmp.Or(t.text, t.link))
			i += len(m[0])
			continue
		}
		out.WriteByte(s[i])
		i++
	}
	return strings.ReplaceAll(unescape.Replace(out.String()), tick, "`")
}

// slackMark is a sign that may begin or end a look, as Slack sees it.
func slackMark(s string, i int) *mark {
	before, had := utf8.DecodeLastRuneInString(s[:i])
	after, has := utf8.DecodeRuneInString(s[i+1:])
	m := &mark{look: map[byte]look{'*': bold, '_': italic, '~': strike}[s[i]]}
	m.opens = (had == 0 || !markup.Word(before)) && has > 0 && !unicode.IsSpace(after)
	m.ends = had > 0 && !unicode.IsSpace(before) && (has == 0 || !markup.Word(after))
	if !m.opens && !m.ends {
		return nil
	}
	return m
}

// ungapped is a text without what outbound put into it.
func ungapped(s string) string {
	if !strings.ContainsAny(s, gap+hair+tick) {
		return s
	}
	return strings.ReplaceAll(strings.Trim(ourGap.ReplaceAllString(s, "$1$2"), gap), tick, "`")
}

// token is what stands between < and >.
func (in *hearing) token(s string) span {
	body, label, labelled := strings.Cut(s, "|")
	label = unescape.Replace(label)
	called := func(sign, kind, id string) span {
		n := ""
		if in.name != nil {
			n = in.name(kind, id)
		}
		return span{text: sign + strings.TrimPrefix(cmp.Or(n, label, id), sign)}
	}
	switch {
	case strings.HasPrefix(body, "@"):
		return called("@", "user", body[1:])
	case strings.HasPrefix(body, "#"):
		return called("#", "channel", body[1:])
	case strings.HasPrefix(body, "!subteam^"):
		return called("@", "group", strings.TrimPrefix(body, "!subteam^"))
	case strings.HasPrefix(body, "!date^"):
		return span{text: cmp.Or(label, strings.TrimPrefix(body, "!date^"))}
	case strings.HasPrefix(body, "!"):
		return span{text: "@" + strings.TrimPrefix(cmp.Or(label, body[1:]), "@")}
	}
	address := unescape.Replace(body)
	label = ungapped(label)
	bare := scheme.ReplaceAllString(address, "")
	switch {
	case !mayLead.MatchString(address):
		if labelled && label != "" && label != bare {
			return span{text: label + " (" + address + ")"}
		}
		return span{text: cmp.Or(label, address)}
	case strings.HasPrefix(address, "mailto:") && (label == "" || label == bare), label == bare && label != "":
		return span{text: bare}
	case label == "" || label == address:
		return span{text: address, link: address}
	}
	return span{text: label, link: address}
}

func writeMarkdown(w *cells, s span) {
	switch {
	case s.link != "" && s.text == s.link:
		w.begin("", '<')
		w.began = false
		w.put(s.link, true)
	case s.link != "":
		w.began, w.ended = false, false
		w.put("[", true)
		w.put(s.text, false)
		w.put("]("+inParentheses.Replace(s.link)+")", true)
	case s.look&code != 0:
		around := "`"
		for strings.Contains(s.text, around) {
			around += "`"
		}
		if len(around) > 1 || strings.HasPrefix(s.text, " ") && strings.HasSuffix(s.text, " ") {
			w.put(around+" "+s.text+" "+around, true)
		} else {
			w.put(around+s.text+around, true)
		}
		w.began, w.ended = false, false
	default:
		w.literal(s.text)
	}
}

var inParentheses = strings.NewReplacer("(", "%28", ")", "%29", "<", "%3C", ">", "%3E", " ", "%20", `\`, "%5C", gap, "", hair, "")

// markdown escapes the signs that are words.
func (w *cells) markdown() string {
	var out strings.Builder
	at := func(i int) rune {
		if i < 0 || i >= len(w.all) {
			return ' '
		}
		return w.all[i].r
	}
	for i, c := range w.all {
		before, after := at(i-1), at(i+1)
		if !c.ours {
			switch c.r {
			case '\\':
				if after < utf8.RuneSelf && !markup.Word(after) && !unicode.IsSpace(after) {
					out.WriteByte('\\')
				}
			case '*':
				if !unicode.IsSpace(before) || !unicode.IsSpace(after) {
					out.WriteByte('\\')
				}
			case '_':
				if !markup.Word(before) && !unicode.IsSpace(after) || !markup.Word(after) && !unicode.IsSpace(before) {
					out.WriteByte('\\')
				}
			case '~':
				if before == '~' || after == '~' {
					out.WriteByte('\\')
				}
			case '`', '[':
				out.WriteByte('\\')
			case ']':
				if after == '(' || i+1 < len(w.all) && w.all[i+1].ours {
					out.WriteByte('\\')
				}
			case '>', '#':
				if i == 0 && (c.r == '>' || after == '#' || unicode.IsSpace(after)) {
					out.WriteByte('\\')
				}
			}
		}
		out.WriteRune(c.r)
	}
	return out.String()
}
