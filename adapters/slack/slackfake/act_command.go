package slackfake

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"balie/adapters/fakeserver"
)

// Command types a slash command in a channel, such as "/ticket the printer is broken".
func (u *User) Command(ctx context.Context, channelID, line string) (Answer, error) {
	s := u.s
	name, text, _ := strings.Cut(line, " ")
	s.mu.Lock()
	ch := u.room(channelID)
	if ch == nil || !ch.in[u.a.id] {
		s.mu.Unlock()
		return Answer{Refused: notThere}, nil
	}
	if ch.archived {
		s.mu.Unlock()
		return Answer{Refused: archived}, nil
	}
	fields := map[string]string{
		"token": verification, "team_id": u.w.ID, "team_domain": u.w.Domain, "channel_id": ch.id, "channel_name": ch.called(), "user_id": u.a.id,
		"user_name": u.a.Name, "command": name, "text": u.w.typed(text, false), "api_app_id": s.AppID,
		"is_enterprise_install": fmt.Sprint(u.orgWide()), "response_url": s.newResponseURL(ch, u.a.id, nil),
		"trigger_id": s.newTrigger(u.w, u.a.id, ""),
	}
	if u.w.EnterpriseID != "" {
		fields["enterprise_id"], fields["enterprise_name"] = u.w.EnterpriseID, "Org"
	}
	s.mu.Unlock()
	payload, err := json.Marshal(fields)
	if err != nil {
		return Answer{}, fmt.Errorf("a command's payload: %w", err)
	}
	return u.deliver(ctx, parcel{kind: commands, payload: payload}, func(r receipt) string { return u.answered(ch, name, r) })
}

// answered shows what the app answered to a command, and gives what Slack says if it can't. It is called with s.mu.
func (u *User) answered(ch *channel, name string, r receipt) string {
	failed := func(why string) string { return fmt.Sprintf("%s failed with the error %q", name, why) }
	body := strings.TrimSpace(string(r.body))
	if r.failed != "" {
		return failed(r.failed)
	}
	if body == "" || body == "null" || body == "{}" {
		return ""
	}
	in := response{Text: body}
	if r.json {
		if in.Text = ""; json.Unmarshal([]byte(body), &in) != nil {
			return failed("invalid_command_response")
		}
	}
	u.s.mu.Unlock()
	m, no := u.s.compose(in.Text, in.Blocks, in.Metadata)
	u.s.mu.Lock()
	if no != nil || u.w.grant == nil {
		return failed("invalid_command_response")
	}
	m.sign(u.w.grant)
	if in.ResponseType == "in_channel" {
		u.s.post(ch, m)
	} else {
		u.s.whisper(u.a, ch, m)
	}
	return ""
}

// Shortcut chooses a shortcut from a message's menu.
func (u *User) Shortcut(ctx context.Context, channelID, ts, callbackID string) (Answer, error) {
	s := u.s
	s.mu.Lock()
	ch := u.room(channelID)
	if ch == nil || ch.messages[ts] == nil || ch.messages[ts].Subtype == tombstone {
		s.mu.Unlock()
		return Answer{Refused: noMessage}, nil
	}
	m := ch.messages[ts]
	payload := u.base("message_action", "")
	maps.Copy(payload, map[string]any{"callback_id": callbackID, "action_ts": s.ts(), "message_ts": m.TS, "message": m.wire(false),
		"channel": ch.named(), "response_url": s.newResponseURL(ch, u.a.id, m)})
	s.mu.Unlock()
	return u.interact(ctx, payload, nil)
}

// Global chooses a shortcut from Slack's own menu.
func (u *User) Global(ctx context.Context, callbackID string) (Answer, error) {
	u.s.mu.Lock()
	payload := u.base("shortcut", "")
	payload["callback_id"], payload["action_ts"] = callbackID, u.s.ts()
	u.s.mu.Unlock()
	return u.interact(ctx, payload, nil)
}

// verification is the token that Slack sends along and nobody should look at.
const verification = "verification-token"

// base is what all interactions begin with; view is the id of the modal that it happened in. It is called with s.mu.
// https://docs.slack.dev/reference/interaction-payloads
func (u *User) base(kind, view string) map[string]any {
	team := map[string]any{"id": u.w.ID, "domain": u.w.Domain}
	var enterprise any
	if u.w.EnterpriseID != "" {
		enterprise = map[string]any{"id": u.w.EnterpriseID, "name": "Org"}
		team["enterprise_id"], team["enterprise_name"] = u.w.EnterpriseID, "Org"
	}
	return map[string]any{
		"type": kind, "token": verification, "api_app_id": u.s.AppID, "team": team, "enterprise": enterprise, "is_enterprise_install": u.orgWide(),
		"user":       map[string]any{"id": u.a.id, "username": u.a.Name, "name": u.a.Name, "team_id": u.w.ID},
		"trigger_id": u.s.newTrigger(u.w, u.a.id, view),
	}
}

// orgWide says whether the app was installed for a whole organisation.
func (u *User) orgWide() bool { return u.w.grant != nil && u.w.grant.org != "" }

// called is a channel's name in payloads, where those of private ones are not told.
func (c *channel) called() string {
	switch c.kind {
	case direct:
		return "directmessage"
	case private:
		return "privategroup"
	case public:
	}
	return c.name
}

func (c *channel) named() map[string]any { return map[string]any{"id": c.id, "name": c.called()} }

// interact delivers an interaction; then, if set, does what follows from the answer.
func (u *User) interact(ctx context.Context, payload map[string]any, then func(receipt) string) (Answer, error) {
	body, err := json.Marshal(payload)
	if err != nil {
		return Answer{}, fmt.Errorf("an interaction's payload: %w", err)
	}
	if then == nil {
		kind := strings.ReplaceAll(fmt.Sprint(payload["type"]), "_", " ")
		then = func(r receipt) string {
			if r.failed != "" {
				return fmt.Sprintf("%s failed with the error %q", kind, r.failed)
			}
			return ""
		}
	}
	return u.deliver(ctx, parcel{kind: interactions, payload: body}, then)
}

// deliver hands something over and collects what the person sees of it. then is called with s.mu.
func (u *User) deliver(ctx context.Context, p parcel, then func(receipt) string) (Answer, error) {
	if !u.s.host.Begin() {
		return Answer{}, fakeserver.ErrClosed
	}
	defer u.s.host.Done()
	u.s.mu.Lock()
	installed := u.w.grant != nil
	seen := u.a.shownCount()
	u.s.mu.Unlock()
	r := receipt{failed: dispatchFailed}
	if installed {
		r, _ = u.s.hand(ctx, p, nil)
	}
	if err := ctx.Err(); err != nil {
		return Answer{}, fmt.Errorf("waiting for the app: %w", err)
	}
	u.s.mu.Lock()
	answer := Answer{Status: r.status, sent: []parcel{p}}
	answer.Refused = then(r)
	u.s.mu.Unlock()
	u.look(&answer, seen)
	return answer, nil
}

// Repeat delivers again what an action sent to the app: events as Slack does when it heard no answer, commands and interactions
// with the same ids as before. It is signed anew, a second later.
func (u *User) Repeat(ctx context.Context, a Answer) (Answer, error) {
	var out Answer
	for _, p := range a.sent {
		p.later += time.Second
		if p.kind == events {
			p.attempt, p.reason = p.attempt+1, "http_timeout"
		}
		var err error
		out, err = u.deliver(ctx, p, func(r receipt) string { return r.failed })
		if err != nil {
			return out, err
		}
	}
	return out, nil
}
