package slackfake

import (
	"encoding/base64"
	"slices"
	"strings"
)

// families are the first parts of the scopes of each kind of channel, and what types of a list it is.
var families = map[kind]struct{ scope, kind string }{
	public: {"channels", "public_channel"}, private: {"groups", "private_channel"}, direct: {"im", "im"},
}

// wire is the channel as the Web API shows it to whom the bot is.
func (c *channel) wire(g *grant) map[string]any {
	v := map[string]any{
		"id": c.id, "created": c.created, "is_archived": c.archived, "is_im": c.kind == direct, "is_mpim": false,
		"is_private": c.kind != public, "is_channel": c.kind == public, "is_group": c.kind == private,
		"is_shared": false, "is_org_shared": false, "is_ext_shared": false, "context_team_id": c.w.ID,
	}
	if c.kind == direct {
		v["user"], v["is_open"] = c.peer, true
		v["is_user_deleted"] = c.w.s.accounts[c.peer].Deleted
		return v
	}
	v["name"], v["name_normalized"], v["is_member"] = c.name, c.name, c.in[g.bot.id]
	v["is_general"] = c.name == "general"
	v["topic"] = map[string]any{"value": "", "creator": "", "last_set": 0}
	v["purpose"] = map[string]any{"value": "", "creator": "", "last_set": 0}
	return v
}

// needs is the refusal if the app lacks the scope for a channel of that kind.
func (c *call) needs(k kind, what string) *refusal {
	if scope := families[k].scope + ":" + what; !c.grant.may(scope) {
		return c.grant.lacks(scope)
	}
	return nil
}

func conversationsInfo(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, no := c.visible(c.str("channel"))
	if no != nil {
		return nil, no
	}
	if no := c.needs(ch.kind, "read"); no != nil {
		return nil, no
	}
	v := ch.wire(c.grant)
	if c.yes("include_num_members") {
		v["num_members"] = len(ch.members)
	}
	return answer{"channel": v}, nil
}

// listed are the channels of the wanted types, those with a name first.
func (c *call) listed(w *Workspace, only func(*channel) bool) (answer, *refusal) {
	types := strings.Split(c.str("types"), ",")
	if c.str("types") == "" {
		types = []string{"public_channel"}
	}
	list := []*channel{}
	for _, k := range []kind{public, private, direct} {
		if !slices.Contains(types, families[k].kind) {
			continue
		}
		if no := c.needs(k, "read"); no != nil {
			return nil, no
		}
		from := w.rooms
		if k == direct {
			from = nil
			for _, ch := range w.direct {
				from = append(from, ch)
			}
			slices.SortFunc(from, func(a, b *channel) int { return strings.Compare(a.id, b.id) })
		}
		for _, ch := range from {
			if ch.kind == k && only(ch) && !(ch.archived && c.yes("exclude_archived")) {
				list = append(list, ch)
			}
		}
	}
	part, next, no := page(c, list, 100, 1000)
	if no != nil {
		return nil, no
	}
	shown := []map[string]any{}
	for _, ch := range part {
		v := ch.wire(c.grant)
		if ch.kind != direct {
			v["num_members"] = len(ch.members)
		}
		shown = append(shown, v)
	}
	return answer{"channels": shown, "next_cursor": next}, nil
}

func conversationsList(c *call) (answer, *refusal) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	w := c.home()
	if w == nil {
		return nil, refuse("team_not_found")
	}
	return c.listed(w, func(ch *channel) bool { return ch.kind == public || ch.in[c.grant.bot.id] })
}

func usersConversations(c *call) (answer, *refusal) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	w := c.home()
	if w == nil {
		return nil, refuse("team_not_found")
	}
	me := c.grant.bot.id
	who := me
	if id := c.str("user"); id != "" {
		a := c.s.accounts[id]
		if a == nil || a.w != w && id != me {
			return nil, refuse("user_not_found")
		}
		who = id
	}
	return c.listed(w, func(ch *channel) bool { return ch.in[who] && (ch.kind == public || ch.in[me]) })
}

func conversationsMembers(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, no := c.visible(c.str("channel"))
	if no != nil {
		return nil, no
	}
	if no := c.needs(ch.kind, "read"); no != nil {
		return nil, no
	}
	part, next, no := page(c, ch.members, 100, 1000)
	return answer{"members": slices.Clone(part), "next_cursor": next}, no
}

// window are the time stamps of a sorted list that the arguments oldest, latest and inclusive leave.
func (c *call) window(list []string) []string {
	from, to := 0, len(list)
	if oldest := c.str("oldest"); oldest != "" && oldest != "0" {
		i, found := slices.BinarySearch(list, stamp(oldest))
		if found && !c.yes("inclusive") {
			i++
		}
		from = i
	}
	if latest := c.str("latest"); latest != "" && latest != "now" {
		i, found := slices.BinarySearch(list, stamp(latest))
		if found && c.yes("inclusive") {
			i++
		}
		to = i
	}
	return list[from:max(from, to)]
}

// stamp is a time stamp in its full length, so that it compares.
func stamp(ts string) string {
	sec, micro, _ := strings.Cut(ts, ".")
	micro = (micro + "000000")[:6]
	return strings.Repeat("0", max(0, 10-len(sec))) + sec + "." + micro
}

// after is the cursor of what comes after a time stamp.
func after(ts string) string { return base64.StdEncoding.EncodeToString([]byte("next_ts:" + ts)) }

func (c *call) cursor() (string, *refusal) {
	given := c.str("cursor")
	if given == "" {
		return "", nil
	}
	raw, err := base64.StdEncoding.DecodeString(given)
	ts, ok := strings.CutPrefix(string(raw), "next_ts:")
	if err != nil || !ok {
		return "", refuse("invalid_cursor")
	}
	return ts, nil
}

// history is the channel whose messages the app may read.
func (c *call) history() (*channel, *refusal) {
	ch, no := c.joined(c.str("channel"))
	if no != nil {
		return nil, no
	}
	return ch, c.needs(ch.kind, "history")
}

func conversationsHistory(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, no := c.history()
	if no != nil {
		return nil, no
	}
	list := c.window(ch.roots)
	at, no := c.cursor()
	if no != nil {
		return nil, no
	}
	if at != "" {
		i, _ := slices.BinarySearch(list, at)
		list = list[:i]
	}
	n := min(len(list), c.limit(100, 999))
	more := n < len(list)
	messages := make([]map[string]any, 0, n)
	for i := len(list) - 1; i >= len(list)-n; i-- {
		messages = append(messages, ch.messages[list[i]].wire(c.yes("include_all_metadata")))
	}
	v := answer{"messages": messages, "has_more": more, "pin_count": 0}
	if more {
		v["next_cursor"] = after(list[len(list)-n])
	}
	return v, nil
}

func conversationsReplies(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, no := c.history()
	if no != nil {
		return nil, no
	}
	root := ch.messages[c.str("ts")]
	if root != nil && root.ThreadTS != "" {
		root = ch.messages[root.ThreadTS]
	}
	if root == nil {
		return nil, refuse("thread_not_found")
	}
	list := c.window(ch.threads[root.TS])
	at, no := c.cursor()
	if no != nil {
		return nil, no
	}
	if at != "" {
		i, found := slices.BinarySearch(list, at)
		if found {
			i++
		}
		list = list[i:]
	}
	n := min(len(list), c.limit(1000, 1000))
	more := n < len(list)
	meta := c.yes("include_all_metadata")
	messages := []map[string]any{root.wire(meta)} // on every page
	for _, ts := range list[:n] {
		v := ch.messages[ts].wire(meta)
		v["parent_user_id"] = root.author()
		messages = append(messages, v)
	}
	v := answer{"messages": messages, "has_more": more}
	if more {
		v["next_cursor"] = after(list[n-1])
	}
	return v, nil
}

func conversationsOpen(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if id := c.str("channel"); id != "" {
		ch, no := c.joined(id)
		if no != nil {
			return nil, no
		}
		return answer{"no_op": true, "already_open": true, "channel": map[string]any{"id": ch.id}}, nil
	}
	users := strings.Split(c.str("users"), ",")
	if c.str("users") == "" {
		return nil, refuse("users_list_not_supplied")
	}
	if len(users) > 1 {
		return nil, c.grant.lacks("mpim:write")
	}
	a := s.accounts[users[0]]
	switch {
	case a == nil || !c.grant.covers(a.w):
		return nil, refuse("user_not_found")
	case a.Bot:
		return nil, refuse("cannot_dm_bot")
	case a.Deleted:
		return nil, refuse("user_disabled")
	}
	ch, again := a.w.direct[a.id], true
	if ch == nil {
		ch, again = a.w.directWith(a.id), false
	}
	v := map[string]any{"id": ch.id}
	if c.yes("return_im") {
		v = ch.wire(c.grant)
	}
	if !again {
		return answer{"channel": v}, nil
	}
	return answer{"no_op": true, "already_open": true, "channel": v}, nil
}

func conversationsJoin(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, no := c.visible(c.str("channel"))
	switch {
	case no != nil:
		return nil, no
	case ch.kind != public:
		return nil, refuse("method_not_supported_for_channel_type")
	case ch.archived:
		return nil, refuse("is_archived")
	}
	ch.join(c.grant.bot.id)
	return answer{"channel": ch.wire(c.grant)}, nil
}
