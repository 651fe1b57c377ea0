package slackfake

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

var entity = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

var (
	mention = regexp.MustCompile(`@[\pL\pN._-]+`)
	address = regexp.MustCompile(`https?://[^\s<>|"'()\[\]]*[^\s<>|"'()\[\].,:;!?*_~` + "`" + `]`)
)

// typed is what a client makes of what somebody typed: tokens of people, channels and addresses, and entities. It is
// called with s.mu.
func (w *Workspace) typed(text string, links bool) string {
	var out strings.Builder
	for len(text) > 0 {
		at, end, as := len(text), len(text), ""
		if m := mention.FindStringIndex(text); m != nil {
			at, end = m[0], m[1]
			as = w.tokenOf(strings.TrimRight(text[at+1:end], ".-_"))
			end = at + 1 + len(strings.TrimRight(text[at+1:end], ".-_"))
		}
		if a := address.FindStringIndex(text); links && a != nil && a[0] < at {
			at, end = a[0], a[1]
			as = "<" + entity.Replace(text[at:end]) + ">"
		}
		out.WriteString(entity.Replace(text[:at]))
		if as == "" {
			as = entity.Replace(text[at:end])
		}
		out.WriteString(as)
		text = text[end:]
	}
	return out.String()
}

// tokenOf is what a client makes of a name behind an @; nothing if nobody is called that.
func (w *Workspace) tokenOf(name string) string {
	switch name {
	case "here", "channel", "everyone":
		return "<!" + name + ">"
	}
	if a := w.byName[name]; a != nil {
		return "<@" + a.id + ">"
	}
	for _, a := range w.people {
		if first, _, _ := strings.Cut(a.Real, " "); strings.EqualFold(first, name) {
			return "<@" + a.id + ">"
		}
	}
	for _, g := range w.groups {
		if g.handle == name {
			return fmt.Sprintf("<!subteam^%s>", g.id)
		}
	}
	return ""
}

// richText are the blocks that a client sends with a text.
func richText(text string) []json.RawMessage {
	var inside []any
	plain := func(s string) {
		if s != "" {
			inside = append(inside, map[string]any{"type": "text", "text": unescape.Replace(s)})
		}
	}
	for text != "" {
		at := token.FindStringIndex(text)
		if at == nil {
			plain(text)
			break
		}
		plain(text[:at[0]])
		target := text[at[0]+1 : at[1]-1]
		switch {
		case strings.HasPrefix(target, "@"):
			inside = append(inside, map[string]any{"type": "user", "user_id": target[1:]})
		case strings.HasPrefix(target, "!subteam^"):
			inside = append(inside, map[string]any{"type": "usergroup", "usergroup_id": strings.TrimPrefix(target, "!subteam^")})
		case strings.HasPrefix(target, "!"):
			inside = append(inside, map[string]any{"type": "broadcast", "range": target[1:]})
		default:
			inside = append(inside, map[string]any{"type": "link", "url": unescape.Replace(target)})
		}
		text = text[at[1]:]
	}
	raw, err := json.Marshal(map[string]any{"type": "rich_text", "block_id": random(3),
		"elements": []any{map[string]any{"type": "rich_text_section", "elements": inside}}})
	if err != nil {
		panic(err) // it holds nothing but text
	}
	return []json.RawMessage{raw}
}

// clientID is what a client calls a message before the server has it.
func clientID() string {
	r := random(16)
	return r[:8] + "-" + r[8:12] + "-" + r[12:16] + "-" + r[16:20] + "-" + r[20:]
}
