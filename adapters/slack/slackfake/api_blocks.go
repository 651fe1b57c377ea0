package slackfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// checker reads a payload and notes what Slack refuses of it.
type checker struct {
	problems []string
	chars    int // of all texts
	blockIDs map[string]bool
	actions  map[string]bool // the ids in the present block
	on       surface
	input    bool // in an input block
}

// surface is where blocks are shown.
type surface int

const (
	onMessage surface = iota
	onModal
	onHome
)

func (c *checker) fail(at, format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf("[ERROR] "+format, args...)+" [json-pointer:"+at+"]")
}

// rule checks the value at a place.
type rule func(c *checker, at string, v any)

// field is a property of an object.
type field struct {
	must bool
	rule rule
}

func must(r rule) field { return field{true, r} }
func may(r rule) field  { return field{false, r} }

// shape are the properties of an object; others are refused.
type shape map[string]field

func (s shape) check(c *checker, at string, v any) {
	m, ok := v.(map[string]any)
	if !ok {
		c.fail(at, "must be an object")
		return
	}
	for name := range m {
		if _, known := s[name]; !known {
			c.fail(at, "invalid additional property: %s", name)
		}
	}
	for name, f := range s {
		value, there := m[name]
		if !there {
			if f.must {
				c.fail(at, "missing required field: %s", name)
			}
			continue
		}
		f.rule(c, at+"/"+name, value)
	}
}

func str(low, high int) rule {
	return func(c *checker, at string, v any) {
		text, ok := v.(string)
		if !ok {
			c.fail(at, "must be a string")
			return
		}
		c.size(at, text, low, high)
	}
}

func (c *checker) size(at, text string, low, high int) {
	n := utf8.RuneCountInString(text)
	if n < low {
		c.fail(at, "must be more than %d characters", low-1)
	}
	if n > high {
		c.fail(at, "must be less than %d characters", high+1)
	}
}

func boolean(c *checker, at string, v any) {
	if _, ok := v.(bool); !ok {
		c.fail(at, "must be a boolean")
	}
}

func number(low, high float64) rule {
	return func(c *checker, at string, v any) {
		n, ok := v.(float64)
		if !ok || n < low || n > high {
			c.fail(at, "must be a number from %v to %v", low, high)
		}
	}
}

func oneOf(values ...string) rule {
	return func(c *checker, at string, v any) {
		for _, want := range values {
			if v == want {
				return
			}
		}
		c.fail(at, "must be one of %q", values)
	}
}

func list(low, high int, each rule) rule {
	return func(c *checker, at string, v any) {
		items, ok := v.([]any)
		if !ok {
			c.fail(at, "must be an array")
			return
		}
		if len(items) < low {
			c.fail(at, "no fewer than %d items allowed", low)
		}
		if len(items) > high {
			c.fail(at, "no more than %d items allowed", high)
			return
		}
		for i, item := range items {
			each(c, fmt.Sprintf("%s/%d", at, i), item)
		}
	}
}

func anything(*checker, string, any) {}

// words is a text object: plain, or mrkdwn too.
func words(high int, mrkdwn bool) rule {
	return func(c *checker, at string, v any) {
		m, _ := v.(map[string]any)
		s := shape{"type": must(oneOf("plain_text")), "text": must(str(1, high)), "emoji": may(boolean)}
		if mrkdwn {
			s["type"] = must(oneOf("plain_text", "mrkdwn"))
			if m["type"] == "mrkdwn" {
				s["verbatim"] = may(boolean)
				delete(s, "emoji")
			}
		}
		s.check(c, at, v)
		text, _ := m["text"].(string)
		c.chars += utf8.RuneCountInString(text)
	}
}

func plainText(high int) rule { return words(high, false) }
func anyText(high int) rule   { return words(high, true) }

// byType picks the shape of an object by its type.
func byType(what string, shapes map[string]shape) rule {
	return func(c *checker, at string, v any) {
		m, ok := v.(map[string]any)
		if !ok {
			c.fail(at, "must be an object")
			return
		}
		kind, _ := m["type"].(string)
		s, ok := shapes[kind]
		if !ok {
			c.fail(at, "unsupported type: %q is no %s here", kind, what)
			return
		}
		if _, acts := s["action_id"]; acts {
			id, _ := m["action_id"].(string)
			switch {
			case id == "":
				m["action_id"] = random(3)[:5]
			case c.actions[id]:
				c.fail(at+"/action_id", "action_id %q is not unique in its block", id)
			}
			c.actions[id] = true
		}
		s.check(c, at, v)
		choices(c, at, m)
	}
}

// checkBlocks checks an array of blocks. It gives them back with ids where they had none, and the number of characters.
func checkBlocks(raw json.RawMessage, on surface, most int) ([]json.RawMessage, int, []string) {
	c := &checker{on: on, blockIDs: map[string]bool{}}
	var v []any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, 0, []string{"[ERROR] must be an array of blocks"}
	}
	c.blocks("/blocks", v, most)
	return encoded(v), c.chars, c.problems
}

func encoded(blocks []any) []json.RawMessage {
	out := make([]json.RawMessage, len(blocks))
	for i, b := range blocks {
		out[i] = compact(b)
	}
	return out
}

// compact is a value as JSON, with < and > as they are.
func compact(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // it came from JSON
	}
	return bytes.TrimSpace(b.Bytes())
}

func (c *checker) blocks(at string, blocks []any, most int) {
	if len(blocks) > most {
		c.fail(at, "no more than %d items allowed", most)
	}
	for i, b := range blocks {
		here := fmt.Sprintf("%s/%d", at, i)
		m, ok := b.(map[string]any)
		if !ok {
			c.fail(here, "must be an object")
			continue
		}
		if id, _ := m["block_id"].(string); id == "" {
			m["block_id"] = random(3)[:5]
		} else if c.blockIDs[id] {
			c.fail(here+"/block_id", "block_id %q already exists", id)
		} else {
			c.blockIDs[id] = true
		}
		c.actions = map[string]bool{}
		c.input = m["type"] == "input"
		s, known := blockShapes[fmt.Sprint(m["type"])]
		if !known {
			c.fail(here+"/type", "unsupported type: %v", m["type"])
			continue
		}
		s.check(c, here, m)
		c.special(here, m)
	}
}

// special are the rules for whole blocks.
func (c *checker) special(at string, m map[string]any) {
	switch m["type"] {
	case "section":
		fields, _ := m["fields"].([]any)
		if m["text"] == nil && len(fields) == 0 {
			c.fail(at, "missing required field: text or fields")
		}
	case "image":
		if (m["image_url"] == nil) == (m["slack_file"] == nil) {
			c.fail(at, "exactly one of image_url and slack_file is needed")
		}
	case "input":
		e, _ := m["element"].(map[string]any)
		if e["type"] == "file_input" && c.on != onModal {
			c.fail(at+"/element", "file_input is for modals only")
		}
		if e["type"] == "file_input" && m["dispatch_action"] == true {
			c.fail(at+"/dispatch_action", "file_input dispatches no actions")
		}
	}
}
