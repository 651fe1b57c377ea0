package discordfake

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// embedFields are what an embed may have.
// https://docs.discord.com/developers/resources/message#embed-object
var embedFields = map[string]bool{
	"title": true, "type": true, "description": true, "url": true, "timestamp": true, "color": true, "footer": true, "image": true,
	"thumbnail": true, "video": true, "provider": true, "author": true, "fields": true,
}

// embeds checks a message's embeds, and gives them as Discord stores them.
// https://docs.discord.com/developers/resources/message#embed-object-embed-limits
func (k *issues) embeds(where at, v any) []json.RawMessage {
	list := k.listOf(where, v)
	if len(list) > embedsMax {
		k.add(where, "BASE_TYPE_MAX_LENGTH", "Must be %d or fewer in length.", embedsMax)
	}
	var out []json.RawMessage
	total := 0
	for i, v := range list {
		e, is := k.object(where.to(i), v)
		if !is {
			continue
		}
		total += k.embed(where.to(i), e)
		e["type"], e["content_scan_version"] = "rich", 0
		out = append(out, mustJSON(e))
	}
	if total > embedTotal {
		k.add(where, "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of %d", embedTotal)
	}
	return out
}

// embed checks one, and counts its characters.
func (k *issues) embed(where at, e map[string]any) (characters int) {
	text := func(of at, m map[string]any, name string, least, most int) {
		s := k.text(of, m, name)
		k.length(of.to(name), s, least, most)
		characters += utf8.RuneCountInString(strings.TrimSpace(s))
	}
	for _, name := range slices.Sorted(maps.Keys(e)) {
		if !embedFields[name] {
			k.add(where.to(name), "UNKNOWN_FIELD", "An embed has no such field.")
		}
	}
	text(where, e, "title", 0, 256)
	text(where, e, "description", 0, 4096)
	k.address(where, e, "url")
	k.between(where, e, "color", 0, 0, 1<<24-1)
	if a, has := e["author"]; has && a != nil {
		if a, is := k.object(where.to("author"), a); is {
			text(where.to("author"), a, "name", 1, 256)
			k.address(where.to("author"), a, "url")
			k.address(where.to("author"), a, "icon_url")
		}
	}
	if f, has := e["footer"]; has && f != nil {
		if f, is := k.object(where.to("footer"), f); is {
			text(where.to("footer"), f, "text", 1, 2048)
			k.address(where.to("footer"), f, "icon_url")
		}
	}
	fields := k.listOf(where.to("fields"), e["fields"])
	if len(fields) > 25 {
		k.add(where.to("fields"), "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
	}
	for i, v := range fields {
		at := where.to("fields", i)
		if f, is := k.object(at, v); is {
			text(at, f, "name", 1, 256)
			text(at, f, "value", 1, 1024)
			k.boolean(at, f, "inline")
		}
	}
	if e["title"] == nil && e["description"] == nil && len(fields) == 0 && e["author"] == nil && e["footer"] == nil && e["image"] == nil &&
		e["thumbnail"] == nil {
		k.add(where.to("description"), "BASE_TYPE_REQUIRED", "This field is required")
	}
	return characters
}

// address checks a link, which may be left out.
func (k *issues) address(where at, m map[string]any, name string) {
	s := k.text(where, m, name)
	if s == "" {
		return
	}
	u, err := url.Parse(s)
	if err != nil || !slices.Contains([]string{"http", "https", "attachment"}, u.Scheme) {
		k.add(where.to(name), "URL_TYPE_INVALID_SCHEME", "Scheme \"%s\" is not supported. Scheme must be one of ('http', 'https').", scheme(s))
		return
	}
	if len(s) > 2048 || u.Scheme != "attachment" && u.Host == "" {
		k.add(where.to(name), "URL_TYPE_INVALID_URL", "Not a well formed URL.")
	}
}

func scheme(s string) string {
	before, _, _ := strings.Cut(s, ":")
	return strconv.Quote(before)
}
