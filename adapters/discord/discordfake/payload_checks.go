package discordfake

import (
	"maps"
	"slices"
	"strings"
)

// Types of components. https://docs.discord.com/developers/components/reference#component-object-component-types
const (
	typeRow           = 1
	typeButton        = 2
	typeSelect        = 3
	typeInput         = 4
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
	typeLabel         = 18
	typeUpload        = 19
	typeRadio         = 21
	typeBoxes         = 22
	typeBox           = 23
)

// fieldsOf are what a component may have, besides type and id.
var fieldsOf = map[int]string{
	typeRow: "components", typeButton: "style label emoji custom_id sku_id url disabled",
	typeSelect:     "custom_id options placeholder min_values max_values required disabled",
	typeInput:      "custom_id style label min_length max_length required value placeholder",
	typeUserSelect: entitySelect, typeRoleSelect: entitySelect, typeMentionable: entitySelect, typeChannelSelect: entitySelect + " channel_types",
	typeSection: "components accessory", typeText: "content", typeThumbnail: "media description spoiler", typeGallery: "items",
	typeFile: "file spoiler name size", typeSeparator: "divider spacing", typeContainer: "components accent_color spoiler",
	typeLabel: "label description component", typeUpload: "custom_id min_values max_values required", typeRadio: "custom_id options required",
	typeBoxes: "custom_id options min_values max_values required", typeBox: "custom_id default",
}

const entitySelect = "custom_id placeholder default_values min_values max_values required disabled"

const (
	customMax = 100  // characters of a custom id
	textMax   = 4000 // characters of a text to read or to type
	menuMax   = 25   // options
)

// checks look at what components of messages and of forms have in common.
type checks struct {
	k    *issues
	ids  map[string]bool // custom ids
	nums map[int]bool
	next int
}

func newChecks(k *issues) checks { return checks{k: k, ids: map[string]bool{}, nums: map[int]bool{}} }

// kind is a component's type, if it is one of these.
func (c *checks) kind(where at, m map[string]any, kinds ...int) (kind int, is bool) {
	kind, _ = c.k.whole(where, m, "type")
	if !slices.Contains(kinds, kind) {
		c.k.add(where.to("type"), "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of %v.", kinds)
		return kind, false
	}
	return kind, true
}

// begin checks that a component has no fields but its own, and gives it an id that no other one of the message or the form
// has.
func (c *checks) begin(where at, m map[string]any, kind int) int {
	known := strings.Fields(fieldsOf[kind])
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if name != "type" && name != "id" && !slices.Contains(known, name) {
			c.k.add(where.to(name), "UNKNOWN_FIELD", "A component of type %d has no such field.", kind)
		}
	}
	n, has := c.k.whole(where, m, "id")
	if has && n != 0 {
		if c.nums[n] {
			c.k.add(where.to("id"), "COMPONENT_DUPLICATE_ID", "The component id %d is there twice.", n)
		}
		c.nums[n] = true
		return n
	}
	for c.next++; c.nums[c.next]; c.next++ {
	}
	c.nums[c.next] = true
	m["id"] = c.next
	return c.next
}

// custom is a component's custom id, which no other one has.
func (c *checks) custom(where at, m map[string]any) string {
	id := c.k.sized(where, m, "custom_id", 1, customMax)
	if id != "" && c.ids[id] {
		c.k.add(where.to("custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
	}
	c.ids[id] = true
	return id
}

func (c *checks) emoji(where at, m map[string]any) {
	if m["emoji"] == nil {
		return
	}
	if e, is := c.k.object(where.to("emoji"), m["emoji"]); is && c.k.text(where.to("emoji"), e, "name") == "" && e["id"] == nil {
		c.k.add(where.to("emoji", "name"), "BUTTON_COMPONENT_INVALID_EMOJI", "Invalid emoji")
	}
}

// choice is what a component offers to choose from.
type choice struct {
	placeholder string
	options     []Option
	least, most int
	chosen      []string // to begin with: the values of options, or ids
}

// menu checks a select menu.
func (c *checks) menu(where at, m map[string]any, kind int) choice {
	out := choice{placeholder: c.k.sized(where, m, "placeholder", 0, 150)}
	if kind == typeSelect {
		out.options = c.options(where, m, 1, menuMax)
		out.least, out.most = c.amounts(where, m, 1, menuMax)
		c.offered(where, m, &out)
		return out
	}
	out.least, out.most = c.amounts(where, m, 1, menuMax)
	defaults := where.to("default_values")
	for i, v := range c.k.listOf(defaults, m["default_values"]) {
		at := defaults.to(i)
		d, is := c.k.object(at, v)
		if !is {
			continue
		}
		id := c.k.text(at, d, "id")
		for _, name := range []string{"id", "type"} {
			if c.k.text(at, d, name) == "" {
				c.k.required(at.to(name))
			}
		}
		out.chosen = append(out.chosen, id)
	}
	if n := len(out.chosen); n > 0 {
		c.k.amount(defaults, n, out.least, out.most)
	}
	return out
}

// amounts are how many may be chosen or uploaded: at least one if nothing is said, and at most so many.
func (c *checks) amounts(where at, m map[string]any, standard, limit int) (least, most int) {
	least, most = c.k.between(where, m, "min_values", 1, 0, limit), c.k.between(where, m, "max_values", standard, 1, limit)
	if least > most {
		c.k.add(where.to("min_values"), "SELECT_COMPONENT_MIN_VALUES_GREATER_THAN_MAX", "min_values %d is greater than max_values %d", least, most)
	}
	return least, most
}

// offered looks whether the amounts go with the options, and which of them are chosen to begin with.
func (c *checks) offered(where at, m map[string]any, of *choice) {
	if n := len(of.options); of.most > n && m["max_values"] != nil {
		c.k.add(where.to("max_values"), "SELECT_COMPONENT_MAX_VALUES_EXCEEDS_OPTIONS", "max_values %d exceeds the %d options", of.most, n)
	}
	for _, o := range of.options {
		if o.Default {
			of.chosen = append(of.chosen, o.Value)
		}
	}
	if len(of.chosen) > of.most {
		c.k.add(where.to("options"), "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", "There are more defaults than may be chosen")
	}
}

// options checks what there is to choose from.
func (c *checks) options(where at, m map[string]any, least, most int) []Option {
	k := c.k
	list := k.listOf(where.to("options"), m["options"])
	k.amount(where.to("options"), len(list), least, most)
	var out []Option
	values := map[string]bool{}
	for i, v := range list {
		at := where.to("options", i)
		o, is := k.object(at, v)
		if !is {
			continue
		}
		made := Option{Label: k.sized(at, o, "label", 1, 100), Value: k.sized(at, o, "value", 1, 100),
			Description: k.sized(at, o, "description", 0, 100), Default: k.boolean(at, o, "default")}
		c.emoji(at, o)
		if values[made.Value] {
			k.add(at.to("value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used")
		}
		values[made.Value] = true
		out = append(out, made)
	}
	return out
}
