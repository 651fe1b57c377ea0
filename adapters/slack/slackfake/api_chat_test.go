package slackfake_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	slackapi "github.com/slack-go/slack"

	"balie/adapters/slack/slackfake"
)

func key(k string) slackapi.MsgOption {
	return slackapi.MsgOptionMetadata(slackapi.SlackMetadata{EventType: "balie_post", EventPayload: map[string]any{"key": k}})
}

func section(words string) slackapi.Block {
	return slackapi.NewSectionBlock(slackapi.NewTextBlockObject("mrkdwn", words, false, false), nil, nil)
}

func TestHistory(t *testing.T) {
	s, api := start(t, office())
	ctx := t.Context()
	help := s.ChannelID("help")
	first := say(t, api, help, text("first"), key("k1"))
	second := say(t, api, help, slackapi.MsgOptionBlocks(section("*second*")), text("second"), key("k2"))
	var replies []string
	for i := range 3 {
		replies = append(replies, say(t, api, help, text("reply "+strconv.Itoa(i)), slackapi.MsgOptionTS(first), key("r"+strconv.Itoa(i))))
	}
	third := say(t, api, help, text("third"))

	page := func(p slackapi.GetConversationHistoryParameters) *slackapi.GetConversationHistoryResponse {
		t.Helper()
		p.ChannelID = help
		h, err := api.GetConversationHistoryContext(ctx, &p)
		done(t, err)
		return h
	}
	h := page(slackapi.GetConversationHistoryParameters{Limit: 2})
	if len(h.Messages) != 2 || h.Messages[0].Timestamp != third || h.Messages[1].Timestamp != second || !h.HasMore {
		t.Fatalf("the first page is %+v", h.Messages)
	}
	if h.Messages[1].Metadata.EventType != "" {
		t.Error("metadata are shown without being asked for")
	}
	h = page(slackapi.GetConversationHistoryParameters{Limit: 2, Cursor: h.ResponseMetaData.NextCursor, IncludeAllMetadata: true})
	if len(h.Messages) != 1 || h.HasMore || h.ResponseMetaData.NextCursor != "" {
		t.Fatalf("the second page is %+v", h.Messages)
	}
	root := h.Messages[0]
	if root.ReplyCount != 3 || root.LatestReply != replies[2] || root.ThreadTimestamp != first || root.BotID != s.BotID ||
		root.Metadata.EventPayload["key"] != "k1" {
		t.Errorf("the root is %+v", root.Msg)
	}
	h = page(slackapi.GetConversationHistoryParameters{Oldest: second, Inclusive: true})
	if len(h.Messages) != 2 {
		t.Errorf("since the second there are %d", len(h.Messages))
	}
	h = page(slackapi.GetConversationHistoryParameters{Latest: third, Oldest: first})
	if len(h.Messages) != 1 || h.Messages[0].Timestamp != second || h.Messages[0].Blocks.BlockSet[0].ID() == "" {
		t.Errorf("between first and third there are %+v", h.Messages)
	}

	msgs, more, next, err := api.GetConversationRepliesContext(ctx, &slackapi.GetConversationRepliesParameters{
		ChannelID: help, Timestamp: first, Limit: 2, IncludeAllMetadata: true,
	})
	done(t, err)
	if len(msgs) != 3 || !more || msgs[0].Timestamp != first || msgs[1].Metadata.EventPayload["key"] != "r0" {
		t.Errorf("the first replies are %+v", msgs)
	}
	msgs, more, _, err = api.GetConversationRepliesContext(ctx, &slackapi.GetConversationRepliesParameters{
		ChannelID: help, Timestamp: first, Cursor: next,
	})
	done(t, err)
	if len(msgs) != 2 || more || msgs[1].Timestamp != replies[2] || msgs[1].ThreadTimestamp != first {
		t.Errorf("the last replies are %+v", msgs)
	}
	_, _, _, err = api.GetConversationRepliesContext(ctx, &slackapi.GetConversationRepliesParameters{ChannelID: help, Timestamp: "1.0"})
	refused(t, err, "thread_not_found")
	_, err = api.GetConversationHistoryContext(ctx, &slackapi.GetConversationHistoryParameters{ChannelID: help, Cursor: "x"})
	refused(t, err, "invalid_cursor")

	link, err := api.GetPermalinkContext(ctx, &slackapi.PermalinkParameters{Channel: help, Ts: replies[0]})
	done(t, err)
	if !strings.HasSuffix(link, "/p"+strings.ReplaceAll(replies[0], ".", "")+"?thread_ts="+first+"&cid="+help) {
		t.Errorf("the link is %s", link)
	}
}

func TestEditAndDelete(t *testing.T) {
	s, api := start(t, office())
	ctx := t.Context()
	help := s.ChannelID("help")
	ana := s.As("ana")
	ts := say(t, api, help, text("card"), slackapi.MsgOptionBlocks(section("card")), key("k"))
	reply := say(t, api, help, text("reply"), slackapi.MsgOptionTS(ts))
	_, _, _, err := api.UpdateMessageContext(ctx, help, ts, text("a & b"))
	done(t, err)
	m := ana.Message(help, ts)
	if m.Text != "a &amp; b" || len(m.Blocks) != 0 || !strings.Contains(string(m.Metadata), `"k"`) || m.EditedTS == "" || m.ReplyCount != 1 {
		t.Errorf("the message is %+v", m)
	}
	theirs, _, err := ana.Say(ctx, help, "", "mine")
	done(t, err)
	_, _, _, err = api.UpdateMessageContext(ctx, help, theirs.TS, text("not yours"))
	refused(t, err, "cant_update_message")
	_, _, err = api.DeleteMessageContext(ctx, help, theirs.TS)
	refused(t, err, "cant_delete_message")
	_, _, _, err = api.UpdateMessageContext(ctx, help, "1.000000", text("x"))
	refused(t, err, "message_not_found")
	_, _, _, err = api.UpdateMessageContext(ctx, help, ts, text(strings.Repeat("x", 4001)))
	refused(t, err, "msg_too_long")
	if len(s.Problems()) != 1 {
		t.Error("a text that is too long is no problem")
	}

	_, _, err = api.DeleteMessageContext(ctx, help, ts)
	done(t, err)
	if m := ana.Message(help, ts); m == nil || m.Subtype != "tombstone" {
		t.Errorf("of a deleted root %+v stays", m)
	}
	_, _, err = api.DeleteMessageContext(ctx, help, ts)
	refused(t, err, "message_not_found")
	_, _, err = api.DeleteMessageContext(ctx, help, reply)
	done(t, err)
	if got := ana.Thread(help, ts); len(got) != 1 || got[0].ReplyCount != 0 {
		t.Errorf("the thread is %+v", got)
	}
}

func TestWhereTheBotMayPost(t *testing.T) {
	s, api := start(t, office())
	ctx := t.Context()
	help := s.ChannelID("help")
	ts := say(t, api, help, text("root"))
	reply := say(t, api, help, text("reply"), slackapi.MsgOptionTS(ts))
	refused(t, post(api, s.ChannelID("secret"), text("x")), "channel_not_found")
	refused(t, post(api, s.ChannelID("elsewhere"), text("x")), "not_in_channel")
	refused(t, post(api, help), "no_text")
	refused(t, post(api, help, text("x"), slackapi.MsgOptionTS("1712345678.000100")), "thread_not_found")
	refused(t, post(api, help, text("x"), slackapi.MsgOptionTS("card")), "invalid_thread_ts")
	_, err := api.PostEphemeralContext(ctx, s.ChannelID("triage"), s.UserID("ana"), text("x"))
	refused(t, err, "user_not_in_channel")
	s.Archive("triage")
	refused(t, post(api, s.ChannelID("triage"), text("x")), "is_archived")
	refused(t, open(api, s.UserID("robot")), "cannot_dm_bot")
	refused(t, open(api, s.UserID("gone")), "user_disabled")
	refused(t, open(api, "U0"), "user_not_found")
	_, _, _, err = api.JoinConversationContext(ctx, s.ChannelID("elsewhere"))
	refused(t, err, "missing_scope")
	refused(t, post(api, help, text("x"), slackapi.MsgOptionTS(reply)), "cannot_reply_to_message")
	s.Problems()
	s.RemoveBot("help")
	refused(t, post(api, help, text("x")), "not_in_channel")
	s.AddBot("help")
	done(t, post(api, help, text("x")))
	s.DeleteChannel("help")
	refused(t, post(api, help, text("x")), "channel_not_found")
}

func post(api *slackapi.Client, channel string, o ...slackapi.MsgOption) error {
	_, _, err := api.PostMessage(channel, o...)
	return err
}

func open(api *slackapi.Client, user string) error {
	_, _, _, err := api.OpenConversation(&slackapi.OpenConversationParameters{Users: []string{user}})
	return err
}

func TestDirectMessages(t *testing.T) {
	s, api := start(t, office())
	ctx := t.Context()
	ch, _, again, err := api.OpenConversationContext(ctx, &slackapi.OpenConversationParameters{Users: []string{s.UserID("ana")}, ReturnIM: true})
	done(t, err)
	if again || ch.ID != s.Direct("ana") || ch.User != s.UserID("ana") || !ch.IsIM {
		t.Errorf("the direct message is %+v", ch)
	}
	at, _, err := api.PostMessageContext(ctx, s.UserID("ana"), text("hello"))
	done(t, err)
	if at != ch.ID {
		t.Errorf("the message went to %s", at)
	}
	s.ChangePerson("ana", func(p *slackfake.Person) { p.Deleted = true })
	refused(t, post(api, ch.ID, text("hello")), "is_archived")
}

func TestChannels(t *testing.T) {
	s, api := start(t, office())
	ctx := t.Context()
	list, next, err := api.GetConversationsContext(ctx, &slackapi.GetConversationsParameters{
		Types: []string{"public_channel", "private_channel"}, Limit: 2,
	})
	done(t, err)
	rest, end, err := api.GetConversationsContext(ctx, &slackapi.GetConversationsParameters{
		Types: []string{"public_channel", "private_channel"}, Limit: 2, Cursor: next,
	})
	done(t, err)
	if len(list) != 2 || len(rest) != 1 || next == "" || end != "" {
		t.Errorf("the channels are %+v and %+v", list, rest)
	}
	mine, _, err := api.GetConversationsForUserContext(ctx, &slackapi.GetConversationsForUserParameters{
		Types: []string{"public_channel", "private_channel", "im"},
	})
	done(t, err)
	if len(mine) != 2 {
		t.Errorf("the bot is in %+v", mine)
	}
	info, err := api.GetConversationInfoContext(ctx, &slackapi.GetConversationInfoInput{ChannelID: s.ChannelID("elsewhere")})
	done(t, err)
	if info.Name != "elsewhere" || info.IsMember || info.IsPrivate {
		t.Errorf("the channel is %+v", info)
	}
	_, err = api.GetConversationInfoContext(ctx, &slackapi.GetConversationInfoInput{ChannelID: s.ChannelID("secret")})
	refused(t, err, "channel_not_found")
	s.AddMember("triage", "ana")
	members, _, err := api.GetUsersInConversationContext(ctx, &slackapi.GetUsersInConversationParameters{ChannelID: s.ChannelID("triage")})
	done(t, err)
	if len(members) != 3 {
		t.Errorf("the members are %q", members)
	}
}

func TestEphemeralAndNames(t *testing.T) {
	s, api := start(t, office())
	ctx := t.Context()
	help := s.ChannelID("help")
	ts, err := api.PostEphemeralContext(ctx, help, s.UserID("ana"), text("only you"))
	done(t, err)
	if got := s.As("ana").Visible(); len(got) != 1 || got[0].TS != ts || got[0].Channel != help {
		t.Errorf("ana sees %+v", got)
	}
	if got := s.As("bram").Visible(); len(got) != 0 {
		t.Errorf("bram sees %+v", got)
	}
	_, _, _, err = api.UpdateMessageContext(ctx, help, ts, text("x"))
	refused(t, err, "message_not_found")
	named := say(t, api, help, text("hi"), slackapi.MsgOptionUsername("Bram de Wit"), slackapi.MsgOptionIconURL("https://x.example/a.png"))
	h, err := api.GetConversationHistoryContext(ctx, &slackapi.GetConversationHistoryParameters{ChannelID: help, Limit: 1})
	done(t, err)
	if m := h.Messages[0]; m.Timestamp != named || m.Username != "Bram de Wit" || m.SubType != "bot_message" || m.User != "" || m.BotID != s.BotID {
		t.Errorf("the message is %+v", m.Msg)
	}
}

// TestJSON sends a call as JSON with the token in the header, as some clients do.
func TestJSON(t *testing.T) {
	s, _ := start(t, office())
	send := func(body, token string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.APIURL+"chat.postMessage", strings.NewReader(body))
		done(t, err)
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := http.DefaultClient.Do(r)
		done(t, err)
		defer resp.Body.Close()
		var b strings.Builder
		done(t, resp.Write(&b))
		return b.String()
	}
	body := `{"channel":"` + s.ChannelID("help") + `","text":"hi","blocks":[{"type":"divider"}],"token":"` + s.BotToken + `"}`
	if got := send(body, s.BotToken); !strings.Contains(got, `"ok":true`) || !strings.Contains(got, "X-Oauth-Scopes: commands") {
		t.Errorf("the answer is %s", got)
	}
	if got := send(body, ""); !strings.Contains(got, "not_authed") {
		t.Errorf("a token in JSON gave %s", got)
	}
	if got := send("{", s.BotToken); !strings.Contains(got, "invalid_json") {
		t.Errorf("half a request gave %s", got)
	}
}
