package discordfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Types of components. https://docs.discord.com/developers/components/reference#component-object-component-types
const (
	typeRow           = 1
	typeButton        = 2
	typeSelect        = 3
	typeUserSelect    = 5
	typeRoleSelect    = 6
	typeMentionable   = 7
	typeChannelSelect = 8
	typeSection       = 9
	typeText          = 10
	typeThumbnail     = 11
	typeGallery       = 12
	typeFile          = 13
	typeSeparator     = 14
	typeContainer     = 17
)

// components checks those of a message.
type components struct {
	k     *issues
	v2    bool           // the message has the components flag
	files map[int]string // names of the files that come with it

	count int
	ids   map[string]bool // custom ids
	nums  map[int]bool
	next  int
	texts int // characters of text displays
}

// top checks what stands at the top, and gives it as Discord stores it: each with an id.
func (c *components) top(where at, v any) []json.RawMessage {
	c.ids, c.nums = map[string]bool{}, map[int]bool{}
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
		kind, _ := c.k.whole(at, m, "type")
		if !slices.Contains(c.topTypes(), kind) {
			c.k.add(at.to("type"), "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of %v.", c.topTypes())
			continue
		}
		c.component(at, m, kind)
		out = append(out, mustJSON(m))
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

// fieldsOf are what a component may have, besides type and id.
var fieldsOf = map[int]string{
	typeRow: "components", typeButton: "style label emoji custom_id sku_id url disabled",
	typeSelect:     "custom_id options placeholder min_values max_values required disabled",
	typeUserSelect: entitySelect, typeRoleSelect: entitySelect, typeMentionable: entitySelect, typeChannelSelect: entitySelect + " channel_types",
	typeSection: "components accessory", typeText: "content", typeThumbnail: "media description spoiler", typeGallery: "items",
	typeFile: "file spoiler name size", typeSeparator: "divider spacing", typeContainer: "components accent_color spoiler",
}

const entitySelect = "custom_id placeholder default_values min_values max_values required disabled"

// component checks one with all that is in it.
func (c *components) component(where at, m map[string]any, kind int) {
	c.count++
	k := c.k
	known := strings.Fields(fieldsOf[kind])
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if name != "type" && name != "id" && !slices.Contains(known, name) {
			k.add(where.to(name), "UNKNOWN_FIELD", "A component of type %d has no such field.", kind)
		}
	}
	c.number(where, m)
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
		text := k.text(where, m, "content")
		c.texts += len([]rune(text))
		k.length(where.to("content"), text, 1, 4000)
	case typeThumbnail:
		c.media(where.to("media"), m["media"])
		k.length(where.to("description"), k.text(where, m, "description"), 0, 1024)
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

// number gives a component an id that no other one of the message has.
func (c *components) number(where at, m map[string]any) {
	n, has := c.k.whole(where, m, "id")
	if has && n != 0 {
		if c.nums[n] {
			c.k.add(where.to("id"), "COMPONENT_DUPLICATE_ID", "The component id %d is there twice.", n)
		}
		c.nums[n] = true
		return
	}
	for c.next++; c.nums[c.next]; c.next++ {
	}
	c.nums[c.next] = true
	m["id"] = c.next
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
		kind, _ := c.k.whole(at, child, "type")
		if !slices.Contains(kinds, kind) {
			c.k.add(at.to("type"), "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of %v.", kinds)
			continue
		}
		found = append(found, kind)
		c.component(at, child, kind)
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

func (c *components) custom(where at, m map[string]any) {
	id := c.k.text(where, m, "custom_id")
	c.k.length(where.to("custom_id"), id, 1, 100)
	if id != "" && c.ids[id] {
		c.k.add(where.to("custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
	}
	c.ids[id] = true
}

func (c *components) button(where at, m map[string]any) {
	k := c.k
	style, has := k.whole(where, m, "style")
	if !has || style < 1 || style > 6 {
		k.add(where.to("style"), "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3, 4, 5, 6).")
	}
	label := k.text(where, m, "label")
	k.length(where.to("label"), label, 0, 80)
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

func (c *components) emoji(where at, m map[string]any) {
	if m["emoji"] == nil {
		return
	}
	if e, is := c.k.object(where.to("emoji"), m["emoji"]); is && c.k.text(where.to("emoji"), e, "name") == "" && e["id"] == nil {
		c.k.add(where.to("emoji", "name"), "BUTTON_COMPONENT_INVALID_EMOJI", "Invalid emoji")
	}
}

// choose checks a select menu.
func (c *components) choose(where at, m map[string]any, kind int) {
	k := c.k
	c.custom(where, m)
	k.length(where.to("placeholder"), k.text(where, m, "placeholder"), 0, 150)
	least, most := k.between(where, m, "min_values", 1, 0, 25), k.between(where, m, "max_values", 1, 1, 25)
	if least > most {
		k.add(where.to("min_values"), "SELECT_COMPONENT_MIN_VALUES_GREATER_THAN_MAX", "min_values %d is greater than max_values %d", least, most)
	}
	k.boolean(where, m, "disabled")
	if kind != typeSelect {
		return
	}
	options := k.listOf(where.to("options"), m["options"])
	k.amount(where.to("options"), len(options), 1, 25)
	if most > len(options) && m["max_values"] != nil {
		k.add(where.to("max_values"), "SELECT_COMPONENT_MAX_VALUES_EXCEEDS_OPTIONS", "max_values %d exceeds the %d options", most, len(options))
	}
	values, chosen := map[string]bool{}, 0
	for i, v := range options {
		at := where.to("options", i)
		o, is := k.object(at, v)
		if !is {
			continue
		}
		value := k.text(at, o, "value")
		k.length(at.to("label"), k.text(at, o, "label"), 1, 100)
		k.length(at.to("value"), value, 1, 100)
		k.length(at.to("description"), k.text(at, o, "description"), 0, 100)
		c.emoji(at, o)
		if k.boolean(at, o, "default") {
			chosen++
		}
		if values[value] {
			k.add(at.to("value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used")
		}
		values[value] = true
	}
	if chosen > most {
		k.add(where.to("options"), "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", "There are more defaults than may be chosen")
	}
}

func (c *components) section(where at, m map[string]any) {
	c.children(where, m, 1, 3, typeText)
	at := where.to("accessory")
	a, is := c.k.object(at, m["accessory"])
	if !is {
		return
	}
	kind, _ := c.k.whole(at, a, "type")
	if kind != typeButton && kind != typeThumbnail {
		c.k.add(at.to("type"), "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (2, 11).")
		return
	}
	c.component(at, a, kind)
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
