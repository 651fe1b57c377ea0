package slackfake

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"balie/adapters/fakeserver"
)

// User is a person at their client.
type User struct {
	ID, Name string

	s *Server
	w *Workspace
	a *account
}

// As is somebody of the first workspace; nil if nobody is called that.
func (s *Server) As(name string) *User { return s.main.As(name) }

// As is somebody of the workspace; nil if nobody is called that.
func (w *Workspace) As(name string) *User {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	a := w.byName[name]
	if a == nil {
		return nil
	}
	return &User{ID: a.id, Name: a.Name, s: w.s, w: w, a: a}
}

// What Slack says to people.
const (
	notThere  = "channel_not_found"
	notIn     = "not_in_channel"
	archived  = "is_archived"
	noMessage = "message_not_found"
	tooLong   = "msg_too_long"
	noText    = "no_text"
	fileEmpty = "file_empty"
	fileLarge = "file_too_large"
)

// What a client sends at most. https://slack.com/help/articles/201330736
const (
	typedMax    = 12_000
	uploadMax   = 1 << 30
	uploadsMax  = 10
	tombstone   = "tombstone"
	fileShare   = "file_share"
	messageKind = "message"
)

// room is a channel that the person reads. It is called with s.mu.
func (u *User) room(id string) *channel {
	ch := u.s.channels[id]
	if ch == nil || ch.w != u.w || !ch.in[u.a.id] && (ch.kind != public || u.a.Guest) {
		return nil
	}
	return ch
}

// writable is a channel that the person writes in, or why they don't. It is called with s.mu.
func (u *User) writable(id string) (*channel, string) {
	ch := u.room(id)
	switch {
	case ch == nil || u.a.Deleted:
		return nil, notThere
	case !ch.in[u.a.id]:
		return nil, notIn
	case ch.archived:
		return nil, archived
	}
	return ch, ""
}

// doing runs something that a person does at once, and waits until the app heard of it.
func (u *User) doing(ctx context.Context, do func() (refused string)) (Answer, error) {
	s := u.s
	s.mu.Lock()
	if s.host.Closed() {
		s.mu.Unlock()
		return Answer{}, fakeserver.ErrClosed
	}
	seen := u.a.shownCount()
	caught := &capture{}
	s.delivery.captured = caught
	refused := do()
	s.delivery.captured = nil
	s.mu.Unlock()
	answer := Answer{Refused: refused}
	for _, h := range caught.all {
		select {
		case <-h.done:
			answer.Status = h.receipt.status
			answer.sent = append(answer.sent, h.parcel)
		case <-ctx.Done():
			return answer, fmt.Errorf("waiting for the app: %w", ctx.Err())
		}
	}
	u.look(&answer, seen)
	return answer, nil
}

// look fills in what the person sees now.
func (u *User) look(answer *Answer, seen int) {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	for _, m := range u.a.shownSince(seen) {
		if !m.deleted {
			answer.Private = append(answer.Private, *m)
		}
	}
	answer.View = u.s.topView(u.a)
}

// Say posts a message: in a channel or, with the time stamp of its first message, in a thread. "@name" mentions. What it
// gives besides the message is what came of it until the app had taken it.
func (u *User) Say(ctx context.Context, channelID, threadTS, text string, fileIDs ...string) (Message, Answer, error) {
	var said Message
	answer, err := u.doing(ctx, func() string {
		ch, no := u.writable(channelID)
		if no != "" {
			return no
		}
		if threadTS != "" {
			root := ch.messages[threadTS]
			if root == nil || root.ThreadTS != "" {
				return "thread_not_found"
			}
		}
		m, no := u.write(text, fileIDs)
		if no != "" {
			return no
		}
		m.ThreadTS = threadTS
		u.s.post(ch, m)
		for _, id := range fileIDs {
			u.s.files[id].share(ch, m)
		}
		said = *m
		return ""
	})
	return said, answer, err
}

// write makes a message of what somebody typed. It is called with s.mu.
func (u *User) write(text string, fileIDs []string) (*Message, string) {
	switch {
	case strings.TrimSpace(text) == "" && len(fileIDs) == 0:
		return nil, noText
	case len([]rune(text)) > typedMax:
		return nil, tooLong
	case len(fileIDs) > uploadsMax:
		return nil, fileLarge
	}
	m := &Message{User: u.a.id, Text: u.w.typed(text, true), clientMsg: clientID()}
	if strings.TrimSpace(text) != "" {
		m.Blocks = richText(m.Text)
	}
	for _, id := range fileIDs {
		f := u.s.files[id]
		if f == nil || f.User != u.a.id {
			return nil, "file_not_found"
		}
		m.Files, m.Subtype = append(m.Files, f.File), fileShare
	}
	return m, ""
}

// Edit changes what the person said.
func (u *User) Edit(ctx context.Context, channelID, ts, text string) (Answer, error) {
	return u.own(ctx, channelID, ts, func(ch *channel, m *Message) string {
		now, no := u.write(text, nil)
		if no != "" {
			return no
		}
		next := *m
		next.Text, next.Blocks, next.EditedBy = now.Text, now.Blocks, u.a.id
		next.EditedTS = u.s.ts()
		u.s.change(ch, &next)
		return ""
	})
}

// Delete takes away what the person said.
func (u *User) Delete(ctx context.Context, channelID, ts string) (Answer, error) {
	return u.own(ctx, channelID, ts, func(ch *channel, m *Message) string {
		u.s.remove(ch, m)
		return ""
	})
}

func (u *User) own(ctx context.Context, channelID, ts string, do func(*channel, *Message) string) (Answer, error) {
	return u.doing(ctx, func() string {
		ch, no := u.writable(channelID)
		if no != "" {
			return no
		}
		m := ch.messages[ts]
		switch {
		case m == nil || m.Subtype == tombstone:
			return noMessage
		case m.User != u.a.id || m.BotID != "":
			return "cant_update_message"
		}
		return do(ch, m)
	})
}

// React puts an emoji on a message.
func (u *User) React(ctx context.Context, channelID, ts, emoji string) (Answer, error) {
	return u.emoji(ctx, channelID, ts, emoji, true)
}

// Unreact takes an emoji of the person's away.
func (u *User) Unreact(ctx context.Context, channelID, ts, emoji string) (Answer, error) {
	return u.emoji(ctx, channelID, ts, emoji, false)
}

func (u *User) emoji(ctx context.Context, channelID, ts, emoji string, on bool) (Answer, error) {
	return u.doing(ctx, func() string {
		ch, no := u.writable(channelID)
		if no != "" {
			return no
		}
		m := ch.messages[ts]
		if m == nil || m.Subtype == tombstone {
			return noMessage
		}
		if !u.s.react(ch, m, u.a.id, strings.Trim(emoji, ":"), on) {
			return "already_reacted"
		}
		return ""
	})
}

// Upload brings a file, to be used in a message or a form. Without an id, the second value is what Slack says.
func (u *User) Upload(_ context.Context, name string, content []byte) (fileID, refused string) {
	switch {
	case len(content) == 0:
		return "", fileEmpty
	case len(content) > uploadMax:
		return "", fileLarge
	}
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	return u.w.upload(u.a.id, name, slices.Clone(content)).ID, ""
}

// Download reads a file that the person sees.
func (u *User) Download(_ context.Context, fileID string) ([]byte, error) {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	f := u.s.files[fileID]
	if f == nil || f.w != u.w || !f.done {
		return nil, fmt.Errorf("there is no file %s", fileID)
	}
	if f.User != u.a.id && !slices.ContainsFunc(f.rooms, func(ch *channel) bool { return u.room(ch.id) != nil }) {
		return nil, fmt.Errorf("%s does not see the file %s", u.Name, fileID)
	}
	return slices.Clone(f.data), nil
}

// Messages are what the channel shows the person, the oldest first, without what stands in threads; nil if they don't see
// the channel.
func (u *User) Messages(channelID string) []Message {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	ch := u.room(channelID)
	if ch == nil {
		return nil
	}
	return ch.read(ch.roots)
}

// Thread is the first message of a thread and what follows, the oldest first; nil if the person does not see it.
func (u *User) Thread(channelID, ts string) []Message {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	ch := u.room(channelID)
	if ch == nil {
		return nil
	}
	return append(ch.read([]string{ts}), ch.read(ch.threads[ts])...)
}

func (c *channel) read(list []string) []Message {
	var out []Message
	for _, ts := range list {
		if m := c.messages[ts]; m != nil {
			out = append(out, *m)
		}
	}
	return out
}

// Message is a message as it stands now; nil if it is not there, or not for this person.
func (u *User) Message(channelID, ts string) *Message {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	if m := u.shownNow(ts); m != nil {
		now := *m
		return &now
	}
	ch := u.room(channelID)
	if ch == nil || ch.messages[ts] == nil {
		return nil
	}
	now := *ch.messages[ts]
	return &now
}

// Visible are the messages that only this person sees, the oldest first, as they are now.
func (u *User) Visible() []Message {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	var out []Message
	for _, m := range u.a.shownSince(0) {
		if now := u.shownNow(m.TS); now == m {
			out = append(out, *m)
		}
	}
	return out
}

// shownNow is the latest version of a message that only this person sees; nil if it is gone. It is called with s.mu.
func (u *User) shownNow(ts string) *Message {
	for _, m := range slices.Backward(u.a.shownSince(0)) {
		if m.TS == ts {
			if m.deleted {
				return nil
			}
			return m
		}
	}
	return nil
}

// View is the modal that the person looks at; nil without one.
func (u *User) View() *View {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	return u.s.topView(u.a)
}

// HomeView is what the person's home tab of the app shows; nil if nothing was published yet.
func (u *User) HomeView() *View {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	return u.a.home
}

// Home opens the home tab. The view is what it shows once the app has heard of that.
func (u *User) Home(ctx context.Context) (*View, Answer, error) {
	answer, err := u.doing(ctx, func() string {
		event := map[string]any{"type": "app_home_opened", "user": u.a.id, "channel": u.w.directWith(u.a.id).id, "tab": "home", "event_ts": u.s.ts()}
		if u.a.home != nil {
			event["view"] = u.a.home.wire(u.s.state(u.a.home.parts, u.s.screen(u.a.home.ID)))
		}
		u.s.emit(u.w, event)
		return ""
	})
	return u.HomeView(), answer, err
}
