package discordfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// components checks those of a message.
type components struct {
	checks
	v2    bool           // the message has the components flag
	files map[int]string // names of the files that come with it

	count int
	texts int // characters of text displays
}

// top checks what stands at the top, and gives it as Discord stores it: each with an id.
func (c *components) top(where at, v any) []json.RawMessage {
	list := c.k.listOf(where, v)
	if !c.v2 && len(list) > rowsMax {
		c.k.add(where, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and %d in length.", rowsMax)
	}
	var out []json.RawMessage
	for i, v := range list {
		at := where.to(i)
		m, is := c.k.object(at, v)
		if !is {
			continue
		}
		if kind, is := c.kind(at, m, c.topTypes()...); is {
			c.component(at, m, kind)
			out = append(out, mustJSON(m))
		}
	}
	if c.count > componentsMax {
		c.k.add(where, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "The total number of components in a message cannot exceed %d.", componentsMax)
	}
	if c.texts > 4000 { // of a message with the flag, altogether
		c.k.add(where, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", "Total displayable text size exceeds maximum size of 4000")
	}
	return out
}

func (c *components) topTypes() []int {
	if c.v2 {
		return []int{typeRow, typeSection, typeText, typeGallery, typeFile, typeSeparator, typeContainer}
	}
	return []int{typeRow}
}

// component checks one with all that is in it.
func (c *components) component(where at, m map[string]any, kind int) {
	c.count++
	k := c.k
	c.begin(where, m, kind)
	switch kind {
	case typeRow:
		c.row(where, m)
	case typeButton:
		c.button(where, m)
	case typeSelect, typeUserSelect, typeRoleSelect, typeMentionable, typeChannelSelect:
		c.choose(where, m, kind)
	case typeSection:
		c.section(where, m)
	case typeText:
		c.texts += len([]rune(k.sized(where, m, "content", 1, textMax)))
	case typeThumbnail:
		c.media(where.to("media"), m["media"])
		k.sized(where, m, "description", 0, 1024)
	case typeGallery:
		items := k.listOf(where.to("items"), m["items"])
		k.amount(where.to("items"), len(items), 1, 10)
		for i, v := range items {
			if item, is := k.object(where.to("items", i), v); is {
				c.media(where.to("items", i, "media"), item["media"])
			}
		}
	case typeFile:
		c.media(where.to("file"), m["file"])
	case typeSeparator:
		k.between(where, m, "spacing", 1, 1, 2)
		k.boolean(where, m, "divider")
	case typeContainer:
		k.between(where, m, "accent_color", 0, 0, 1<<24-1)
		c.children(where, m, 1, componentsMax, typeRow, typeText, typeSection, typeGallery, typeSeparator, typeFile)
	}
}

// children checks what is in a component, of these types only.
func (c *components) children(where at, m map[string]any, least, most int, kinds ...int) []int {
	list := c.k.listOf(where.to("components"), m["components"])
	c.k.amount(where.to("components"), len(list), least, most)
	var found []int
	for i, v := range list {
		at := where.to("components", i)
		child, is := c.k.object(at, v)
		if !is {
			continue
		}
		if kind, is := c.kind(at, child, kinds...); is {
			found = append(found, kind)
			c.component(at, child, kind)
		}
	}
	return found
}

func (c *components) row(where at, m map[string]any) {
	kinds := []int{typeButton, typeSelect, typeUserSelect, typeRoleSelect, typeMentionable, typeChannelSelect}
	found := c.children(where, m, 1, 5, kinds...)
	if len(found) > 1 && slices.ContainsFunc(found, func(kind int) bool { return kind != typeButton }) {
		c.k.add(where.to("components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component exceeds the maximum width")
	}
}

func (c *components) button(where at, m map[string]any) {
	k := c.k
	style, has := k.whole(where, m, "style")
	if !has || style < 1 || style > 6 {
		k.add(where.to("style"), "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3, 4, 5, 6).")
	}
	label := k.sized(where, m, "label", 0, 80)
	k.boolean(where, m, "disabled")
	c.emoji(where, m)
	link := k.text(where, m, "url")
	switch {
	case style == 5:
		if link == "" {
			k.required(where.to("url"))
		}
		if len(link) > 512 {
			k.add(where.to("url"), "BASE_TYPE_MAX_LENGTH", "Must be 512 or fewer in length.")
		}
		k.address(where, m, "url")
		if m["custom_id"] != nil {
			k.add(where.to("custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "A custom id and url cannot both be specified")
		}
	case link != "":
		k.add(where.to("custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "A custom id and url cannot both be specified")
	default:
		c.custom(where, m)
	}
	if label == "" && m["emoji"] == nil {
		k.add(where, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A label or an emoji is required")
	}
}

// choose checks a select menu.
func (c *components) choose(where at, m map[string]any, kind int) {
	c.custom(where, m)
	c.k.boolean(where, m, "disabled")
	c.menu(where, m, kind)
}

func (c *components) section(where at, m map[string]any) {
	c.children(where, m, 1, 3, typeText)
	at := where.to("accessory")
	a, is := c.k.object(at, m["accessory"])
	if !is {
		return
	}
	if kind, is := c.kind(at, a, typeButton, typeThumbnail); is {
		c.component(at, a, kind)
	}
}

// media checks where a picture or a file is: on the web, or with the message.
func (c *components) media(where at, v any) {
	m, is := c.k.object(where, v)
	if !is {
		return
	}
	link := c.k.text(where, m, "url")
	if link == "" {
		c.k.required(where.to("url"))
		return
	}
	c.k.address(where, m, "url")
	if name, attached := strings.CutPrefix(link, "attachment://"); attached {
		if !slices.Contains(slices.Collect(maps.Values(c.files)), name) {
			c.k.add(where.to("url"), "COMPONENT_ATTACHMENT_NOT_FOUND", "The attachment %s is not there", name)
		}
	}
}

// componentTexts is all that components say in text displays, where mentions are mentions.
func componentTexts(list []json.RawMessage) string {
	var out strings.Builder
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, child := range v {
				walk(child)
			}
		case map[string]any:
			if v["type"] == float64(typeText) {
				fmt.Fprintf(&out, "\n%v", v["content"])
			}
			walk(v["components"])
		}
	}
	for _, raw := range list {
		var v any
		if json.Unmarshal(raw, &v) == nil {
			walk(v)
		}
	}
	return out.String()
}
