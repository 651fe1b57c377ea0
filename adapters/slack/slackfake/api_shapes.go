package slackfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
)

// Lengths that many things share.
const (
	idMost     = 255
	optionMost = 75
)

var confirm = shape{
	"title": must(plainText(100)), "text": must(anyText(300)), "confirm": must(plainText(30)), "deny": must(plainText(30)),
	"style": may(oneOf("primary", "danger")),
}

var option = shape{
	"text": must(anyText(optionMost)), "value": must(str(1, optionMost)), "description": may(anyText(optionMost)),
}

var plainOption = shape{
	"text": must(plainText(optionMost)), "value": must(str(1, optionMost)), "description": may(plainText(optionMost)),
}

var overflowOption = shape{
	"text": must(plainText(optionMost)), "value": must(str(1, optionMost)), "description": may(plainText(optionMost)),
	"url": may(str(1, 3000)),
}

var optionGroup = shape{"label": must(plainText(optionMost)), "options": must(list(1, 100, plainOption.check))}

// element is the shape of an interactive element.
func element(kind string, more shape) shape {
	s := shape{
		"type": must(oneOf(kind)), "action_id": may(str(1, idMost)), "confirm": may(confirm.check),
		"focus_on_load": may(boolean),
	}
	maps.Copy(s, more)
	return s
}

// selection is the shape of a select menu.
func selection(kind string, more shape) shape {
	s := element(kind, more)
	s["placeholder"] = may(plainText(150))
	return s
}

var dispatchConfig = shape{
	"trigger_actions_on": may(list(1, 2, oneOf("on_enter_pressed", "on_character_entered"))),
}

// typed is the shape of a field to type into.
func typed(kind string, more shape) shape {
	s := selection(kind, more)
	delete(s, "confirm")
	s["dispatch_action_config"] = may(dispatchConfig.check)
	return s
}

// Interactive elements by where they may stand.
var (
	selects = map[string]shape{
		"static_select": selection("static_select", shape{
			"options": may(list(1, 100, plainOption.check)), "option_groups": may(list(1, 100, optionGroup.check)),
			"initial_option": may(plainOption.check),
		}),
		"external_select": selection("external_select", shape{
			"initial_option": may(plainOption.check), "min_query_length": may(number(0, 3000)),
		}),
		"users_select":    selection("users_select", shape{"initial_user": may(str(1, 64))}),
		"channels_select": selection("channels_select", shape{"initial_channel": may(str(1, 64)), "response_url_enabled": may(boolean)}),
		"conversations_select": selection("conversations_select", shape{
			"initial_conversation": may(str(1, 64)), "default_to_current_conversation": may(boolean),
			"response_url_enabled": may(boolean), "filter": may(anything),
		}),
		"multi_static_select": selection("multi_static_select", shape{
			"options": may(list(1, 100, plainOption.check)), "option_groups": may(list(1, 100, optionGroup.check)),
			"initial_options": may(list(1, 100, plainOption.check)), "max_selected_items": may(number(1, 1000)),
		}),
		"multi_external_select": selection("multi_external_select", shape{
			"initial_options": may(list(1, 100, plainOption.check)), "min_query_length": may(number(0, 3000)),
			"max_selected_items": may(number(1, 1000)),
		}),
		"multi_users_select": selection("multi_users_select", shape{
			"initial_users": may(list(1, 100, str(1, 64))), "max_selected_items": may(number(1, 1000)),
		}),
		"datepicker":     selection("datepicker", shape{"initial_date": may(date)}),
		"timepicker":     selection("timepicker", shape{"initial_time": may(str(5, 5)), "timezone": may(str(1, 100))}),
		"datetimepicker": element("datetimepicker", shape{"initial_date_time": may(number(1e9, 1e10))}),
		"checkboxes": element("checkboxes", shape{
			"options": must(list(1, 10, option.check)), "initial_options": may(list(1, 10, option.check)),
		}),
		"radio_buttons": element("radio_buttons", shape{
			"options": must(list(1, 10, option.check)), "initial_option": may(option.check),
		}),
	}
	buttons = map[string]shape{
		"button": {
			"type": must(oneOf("button")), "action_id": may(str(1, idMost)), "text": must(plainText(75)),
			"url": may(str(1, 3000)), "value": may(str(0, 2000)), "style": may(oneOf("primary", "danger")),
			"confirm": may(confirm.check), "accessibility_label": may(str(1, 75)),
		},
		"overflow": {
			"type": must(oneOf("overflow")), "action_id": may(str(1, idMost)), "confirm": may(confirm.check),
			"options": must(list(1, 5, overflowOption.check)),
		},
	}
	fieldsToType = map[string]shape{
		"plain_text_input": typed("plain_text_input", shape{
			"initial_value": may(str(0, 3000)), "multiline": may(boolean), "min_length": may(number(0, 3000)),
			"max_length": may(number(1, 3000)),
		}),
		"email_text_input": typed("email_text_input", shape{"initial_value": may(str(0, 3000))}),
		"url_text_input":   typed("url_text_input", shape{"initial_value": may(str(0, 3000))}),
		"number_input": typed("number_input", shape{
			"is_decimal_allowed": must(boolean), "initial_value": may(str(0, 100)), "min_value": may(str(1, 100)),
			"max_value": may(str(1, 100)),
		}),
		"rich_text_input": typed("rich_text_input", shape{"initial_value": may(anything)}),
		"file_input": {
			"type": must(oneOf("file_input")), "action_id": may(str(1, idMost)), "max_files": may(number(1, 10)),
			"filetypes": may(list(1, 100, str(1, 20))),
		},
	}
	picture = shape{
		"type": must(oneOf("image")), "image_url": may(str(1, 3000)), "alt_text": must(str(1, 2000)),
		"slack_file": may(anything),
	}
)

// merged is one table of several.
func merged(tables ...map[string]shape) map[string]shape {
	all := map[string]shape{}
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}

var (
	inActions = byType("element", merged(selects, buttons))
	inSection = byType("accessory", merged(selects, buttons, map[string]shape{"image": picture}))
	inInput   = byType("input element", merged(selects, fieldsToType))
	inContext = func(c *checker, at string, v any) {
		if m, _ := v.(map[string]any); m["type"] == "image" {
			picture.check(c, at, v)
			return
		}
		anyText(3000)(c, at, v)
	}
)

// blockShapes are the blocks that every surface shows.
var blockShapes = map[string]shape{
	"section": block("section", shape{
		"text": may(anyText(3000)), "fields": may(list(1, 10, anyText(2000))), "accessory": may(inSection), "expand": may(boolean),
	}),
	"header":  block("header", shape{"text": must(plainText(150)), "level": may(number(1, 6))}),
	"divider": block("divider", nil),
	"context": block("context", shape{"elements": must(list(1, 10, inContext))}),
	"actions": block("actions", shape{"elements": must(list(1, 25, inActions))}),
	"image": block("image", shape{
		"image_url": may(str(1, 3000)), "alt_text": must(str(1, 2000)), "title": may(plainText(2000)), "slack_file": may(anything),
	}),
	"input": block("input", shape{
		"label": must(plainText(2000)), "element": must(inInput), "dispatch_action": may(boolean), "hint": may(plainText(2000)),
		"optional": may(boolean),
	}),
	"markdown":  block("markdown", shape{"text": must(markdown)}),
	"rich_text": block("rich_text", shape{"elements": must(list(1, 1000, anything))}),
}

func block(kind string, more shape) shape {
	s := shape{"type": must(oneOf(kind)), "block_id": may(str(1, idMost))}
	maps.Copy(s, more)
	return s
}

func markdown(c *checker, at string, v any) {
	str(1, 12_000)(c, at, v)
	text, _ := v.(string)
	c.chars += len([]rune(text))
}

func date(c *checker, at string, v any) {
	var y, m, d int
	text, _ := v.(string)
	if n, err := fmt.Sscanf(text, "%4d-%2d-%2d", &y, &m, &d); err != nil || n != 3 || len(text) != 10 {
		c.fail(at, "must be a date like 2006-01-02")
	}
}

// choices checks the options of an element.
func choices(c *checker, at string, m map[string]any) {
	kind, _ := m["type"].(string)
	all, _ := m["options"].([]any)
	if kind == "static_select" || kind == "multi_static_select" {
		if (m["options"] == nil) == (m["option_groups"] == nil) {
			c.fail(at, "exactly one of options and option_groups is needed")
		}
		groups, _ := m["option_groups"].([]any)
		for _, g := range groups {
			g, _ := g.(map[string]any)
			more, _ := g["options"].([]any)
			all = append(all, more...)
		}
	}
	if len(all) == 0 {
		return
	}
	initial, _ := m["initial_options"].([]any)
	if one := m["initial_option"]; one != nil {
		initial = append(initial, one)
	}
	for _, want := range initial {
		found := false
		for _, o := range all {
			found = found || reflect.DeepEqual(o, want)
		}
		if !found {
			c.fail(at, "an initial option is none of the options")
		}
	}
}

var viewShapes = map[string]shape{
	"modal": {
		"type": must(oneOf("modal")), "title": must(plainText(24)), "blocks": must(anything), "close": may(plainText(24)),
		"submit": may(plainText(24)), "private_metadata": may(str(0, 3000)), "callback_id": may(str(0, idMost)),
		"clear_on_close": may(boolean), "notify_on_close": may(boolean), "external_id": may(str(0, idMost)),
		"submit_disabled": may(boolean),
	},
	"home": {
		"type": must(oneOf("home")), "blocks": must(anything), "private_metadata": may(str(0, 3000)),
		"callback_id": may(str(0, idMost)), "external_id": may(str(0, idMost)),
	},
}

// checkView reads a view of a kind, or of any if that is empty.
func checkView(raw json.RawMessage, kind string) (*View, []string) {
	var m map[string]any
	if len(raw) == 0 || json.Unmarshal(raw, &m) != nil {
		return nil, []string{"[ERROR] missing required field: view"}
	}
	c := &checker{blockIDs: map[string]bool{}, on: onModal}
	is, _ := m["type"].(string)
	s, known := viewShapes[is]
	if !known || kind != "" && is != kind {
		return nil, []string{fmt.Sprintf("[ERROR] must be a view of type %s [json-pointer:/view/type]", kind)}
	}
	if is == "home" {
		c.on = onHome
	}
	s.check(c, "/view", m)
	blocks, _ := m["blocks"].([]any)
	c.blocks("/view/blocks", blocks, 100)
	if is == "modal" && m["submit"] == nil {
		for _, b := range blocks {
			if b, _ := b.(map[string]any); b["type"] == "input" {
				c.fail("/view", "missing required field: submit, since there is an input block")
				break
			}
		}
	}
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	v := &View{Type: is, Blocks: encoded(blocks), title: m["title"], submit: m["submit"], close: m["close"]}
	v.parts = widgets(v.Blocks)
	v.CallbackID, _ = m["callback_id"].(string)
	v.ExternalID, _ = m["external_id"].(string)
	v.PrivateMetadata, _ = m["private_metadata"].(string)
	v.ClearOnClose, _ = m["clear_on_close"].(bool)
	v.NotifyOnClose, _ = m["notify_on_close"].(bool)
	v.Title, v.Submit, v.Close = label(m["title"]), label(m["submit"]), label(m["close"])
	return v, nil
}

// label is the text of a text object.
func label(v any) string {
	m, _ := v.(map[string]any)
	text, _ := m["text"].(string)
	return text
}
