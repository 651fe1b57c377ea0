package slackfake_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	slackapi "github.com/slack-go/slack"
)

// raw are blocks as they are written.
func raw(t *testing.T, blocks string) slackapi.MsgOption {
	t.Helper()
	var b slackapi.Blocks
	done(t, json.Unmarshal([]byte(blocks), &b))
	return slackapi.MsgOptionBlocks(b.BlockSet...)
}

func TestBlocksThatAreRefused(t *testing.T) {
	s, api := start(t, office())
	help := s.ChannelID("help")
	x := func(n int) string { return strings.Repeat("x", n) }
	plain := func(n int) string { return `{"type":"plain_text","text":"` + x(n) + `"}` }
	button := func(more string) string {
		return `[{"type":"actions","elements":[{"type":"button","text":` + plain(3) + more + `}]}]`
	}
	option := func(value string) string { return `{"text":` + plain(3) + `,"value":"` + value + `"}` }
	many := func(n int, each func(i int) string) string {
		var list []string
		for i := range n {
			list = append(list, each(i))
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	for name, c := range map[string]struct{ blocks, message string }{
		"long section":   {`[{"type":"section","text":{"type":"mrkdwn","text":"` + x(3001) + `"}}]`, "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		"empty section":  {`[{"type":"section"}]`, "text or fields"},
		"empty text":     {`[{"type":"section","text":{"type":"mrkdwn","text":""}}]`, "must be more than 0 characters"},
		"long field":     {`[{"type":"section","fields":[` + plain(2001) + `]}]`, "/blocks/0/fields/0/text"},
		"many fields":    {`[{"type":"section","fields":` + many(11, func(int) string { return plain(1) }) + `}]`, "no more than 10 items"},
		"mrkdwn header":  {`[{"type":"header","text":{"type":"mrkdwn","text":"x"}}]`, "plain_text"},
		"long header":    {`[{"type":"header","text":` + plain(151) + `}]`, "less than 151"},
		"many blocks":    {many(51, func(int) string { return `{"type":"divider"}` }), "no more than 50 items"},
		"long button":    {strings.Replace(button(""), plain(3), plain(76), 1), "less than 76"},
		"long value":     {button(`,"value":"` + x(2001) + `"`), "less than 2001"},
		"long action id": {button(`,"action_id":"` + x(256) + `"`), "less than 256"},
		"style":          {button(`,"style":"warning"`), "must be one of"},
		"many buttons": {`[{"type":"actions","elements":` + many(26, func(i int) string {
			return `{"type":"button","text":` + plain(1) + `,"action_id":"` + strconv.Itoa(i) + `"}`
		}) + `}]`, "no more than 25"},
		"same action":  {`[{"type":"actions","elements":` + many(2, func(int) string { return `{"type":"button","text":` + plain(1) + `,"action_id":"a"}` }) + `}]`, "not unique"},
		"same block":   {many(2, func(int) string { return `{"type":"divider","block_id":"b"}` }), "already exists"},
		"option value": {`[{"type":"actions","elements":[{"type":"overflow","action_id":"o","options":[` + option(x(76)) + `]}]}]`, "less than 76"},
		"overflow":     {`[{"type":"actions","elements":[{"type":"overflow","action_id":"o","options":` + many(6, func(i int) string { return option(strconv.Itoa(i)) }) + `}]}]`, "no more than 5"},
		"many options": {`[{"type":"actions","elements":[{"type":"static_select","options":` + many(101, func(i int) string { return option(strconv.Itoa(i)) }) + `}]}]`, "no more than 100"},
		"context":      {`[{"type":"context","elements":` + many(11, func(int) string { return plain(1) }) + `}]`, "no more than 10"},
		"unknown":      {`[{"type":"alert","text":` + plain(1) + `}]`, "unsupported type"},
		"file_input":   {`[{"type":"input","label":` + plain(1) + `,"element":{"type":"file_input"}}]`, "modals only"},
		"confirm":      {button(`,"confirm":{"title":` + plain(101) + `,"text":` + plain(1) + `,"confirm":` + plain(31) + `,"deny":` + plain(1) + `}`), "less than 101"},
	} {
		err := post(api, help, text("x"), raw(t, c.blocks))
		e := refused(t, err, "invalid_blocks")
		if !strings.Contains(strings.Join(e.ResponseMetadata.Messages, "\n"), c.message) {
			t.Errorf("%s: the messages are %q", name, e.ResponseMetadata.Messages)
		}
	}
	long := slackapi.MsgOptionBlocks(section(x(3000)), section(x(3000)), section(x(3000)), section(x(3000)), section(x(1201)))
	refused(t, post(api, help, text("x"), long), "msg_blocks_too_long")
	refused(t, post(api, help, text("x"), slackapi.MsgOptionMetadata(slackapi.SlackMetadata{EventType: "t"})), "invalid_metadata_format")
	if len(s.Problems()) < 20 {
		t.Error("what Slack refuses is no problem of the test's")
	}
}

func TestBlocksThatAreTaken(t *testing.T) {
	s, api := start(t, office())
	help := s.ChannelID("help")
	ts := say(t, api, help, text("card"), raw(t, `[
		{"type":"header","text":{"type":"plain_text","text":"HD-1","emoji":true}},
		{"type":"section","text":{"type":"mrkdwn","text":"<a> & b"},"fields":[{"type":"mrkdwn","text":"*x*"}]},
		{"type":"context","elements":[{"type":"mrkdwn","text":"by"},{"type":"image","image_url":"https://x.example/a.png","alt_text":"A"}]},
		{"type":"divider"},
		{"type":"actions","block_id":"actions","elements":[
			{"type":"button","text":{"type":"plain_text","text":"Claim"},"action_id":"claim","value":"{}","style":"primary",
				"confirm":{"title":{"type":"plain_text","text":"Sure?"},"text":{"type":"mrkdwn","text":"*yes*"},
					"confirm":{"type":"plain_text","text":"Yes"},"deny":{"type":"plain_text","text":"No"}}},
			{"type":"overflow","options":[{"text":{"type":"plain_text","text":"Close"},"value":"close"}]}]}]`))
	m := s.As("ana").Message(help, ts)
	ids := map[string]bool{}
	for _, b := range m.Blocks {
		var v struct {
			BlockID  string `json:"block_id"`
			Elements []struct {
				Type     string
				ActionID string `json:"action_id"`
			}
		}
		done(t, json.Unmarshal(b, &v))
		if v.BlockID == "" || ids[v.BlockID] {
			t.Errorf("the block %s has no id of its own", b)
		}
		ids[v.BlockID] = true
		for _, e := range v.Elements {
			if e.Type == "overflow" && e.ActionID == "" {
				t.Errorf("the element has no id: %s", b)
			}
		}
	}
	if !strings.Contains(string(m.Blocks[1]), "<a> & b") {
		t.Errorf("the text became %s", m.Blocks[1])
	}
}
