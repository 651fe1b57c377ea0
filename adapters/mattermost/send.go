package mattermost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/upstream"
	"balie/internal/chat"
)

// keyProp is where a post carries the delivery's key, to be found by.
const keyProp = "balie_key"

// outcome is what is known of a post that was sent.
type outcome struct {
	ref chat.Ref // empty if it is not known whether it stands
}

// Send posts p. The server itself takes one pending id only once, for half a minute; before and after that we look whether
// the post stands, whenever an earlier try may have made it.
func (m *Mattermost) Send(ctx context.Context, p chat.Post) (chat.Ref, error) {
	switch {
	case p.Key == "":
		return chat.Ref{}, &chat.SendError{Refused: "the post has no key"}
	case p.To.Platform != Name || p.To.Workspace != "":
		return chat.Ref{}, &chat.SendError{Refused: "the place is on another platform or server"}
	}
	channel, err := m.destination(ctx, p.To)
	if err != nil {
		return chat.Ref{}, err
	}
	c := creation{key: p.Key, channel: channel, thread: p.To.Thread, again: p.Again, files: p.Files}
	c.message, c.attachments = m.render(p, m.handles(ctx), m.buttonsAt(spot{channel: channel, thread: p.To.Thread}))
	return m.create(ctx, c)
}

// creation is a post to be made.
type creation struct {
	key, channel, thread string
	again                time.Time // since when it may have been made by an earlier try; zero if there was none
	message              string
	attachments          []*model.MessageAttachment
	files                []chat.OutFile
}

// create makes the post, unless it stands already. Two who make the same one at once make one.
func (m *Mattermost) create(ctx context.Context, c creation) (chat.Ref, error) {
	v, err, _ := m.sending.Do("post "+c.key, func() (any, error) { return m.createOnce(ctx, c) })
	ref, _ := v.(chat.Ref)
	return ref, err
}

func (m *Mattermost) createOnce(ctx context.Context, c creation) (chat.Ref, error) {
	if !model.IsValidId(c.channel) || c.thread != "" && !model.IsValidId(c.thread) {
		return chat.Ref{}, &chat.SendError{Gone: true, Err: errors.New("there is no such channel or thread")}
	}
	before, tried := m.sent.Get(c.key)
	if before.ref != (chat.Ref{}) {
		return before.ref, nil
	}
	if tried || !c.again.IsZero() {
		found, err := m.find(ctx, c)
		if err != nil {
			return chat.Ref{}, err
		}
		if found != nil {
			return m.note(c.key, found), nil
		}
	}
	files, err := m.upload(ctx, c.channel, c.files)
	if err != nil {
		return chat.Ref{}, err
	}
	p := &model.Post{ChannelId: c.channel, RootId: c.thread, Message: c.message, FileIds: files, PendingPostId: c.key}
	p.AddProp(keyProp, c.key)
	setAttachments(p, c.attachments)
	m.sent.Add(c.key, outcome{})
	made, resp, err := m.api.CreatePost(ctx, p)
	if err != nil && resp != nil && resp.StatusCode == http.StatusInternalServerError && ctx.Err() == nil {
		// As servers answer when a thread gets several first replies at once. The pending id keeps this from being a second post.
		made, resp, err = m.api.CreatePost(ctx, p)
	}
	if err != nil {
		sent := m.sendError("post", resp, err)
		if sent.Gone || sent.Refused != "" || sent.Blocked != "" || resp != nil && resp.StatusCode == http.StatusTooManyRequests {
			m.sent.Remove(c.key) // it does not stand, for sure
		}
		return chat.Ref{}, m.missing(ctx, sent, resp, c.channel)
	}
	if made.Id == "" {
		return chat.Ref{}, &chat.SendError{Retry: upstream.DownWait, Err: errors.New("post: the server's answer makes no sense")}
	}
	return m.note(c.key, made), nil
}

// note remembers where a post stands.
func (m *Mattermost) note(key string, p *model.Post) chat.Ref {
	ref := refOf(p)
	m.sent.Add(key, outcome{ref})
	m.roots.Add(p.Id, true)
	return ref
}

func refOf(p *model.Post) chat.Ref {
	return chat.Ref{Platform: Name, Channel: p.ChannelId, Thread: p.RootId, Message: p.Id}
}

// setAttachments puts them in a post's props. All of them, always: a post that was read from the server has lost what its
// buttons do.
func setAttachments(p *model.Post, attachments []*model.MessageAttachment) {
	if len(attachments) > 0 {
		p.AddProp(model.PostPropsAttachments, attachments)
	}
}

// destination is the channel that a place is in.
func (m *Mattermost) destination(ctx context.Context, to chat.Place) (string, error) {
	if to.Person == "" {
		return to.Channel, nil
	}
	if channel, ok := m.direct.Get(to.Person); ok {
		return channel, nil
	}
	self, err := m.me(ctx)
	if err != nil {
		return "", err
	}
	if !model.IsValidId(to.Person) {
		return "", &chat.SendError{Gone: true, Err: chat.ErrUnknownPerson}
	}
	ch, resp, err := m.api.CreateDirectChannel(ctx, self.Id, to.Person)
	if err != nil {
		sent := m.sendError("open a direct conversation", resp, err)
		if resp != nil && (resp.StatusCode == http.StatusBadRequest || resp.StatusCode == http.StatusNotFound) {
			sent = &chat.SendError{Gone: true, Err: sent.Err}
		}
		return "", sent
	}
	m.rooms.Add(ch.Id, ch)
	m.direct.Add(to.Person, ch.Id)
	return ch.Id, nil
}

// missing tells a channel that is gone from one that is archived and one that the bot is not in, which servers answer
// alike, and names it to the admin.
func (m *Mattermost) missing(ctx context.Context, sent *chat.SendError, resp *model.Response, channel string) *chat.SendError {
	if resp == nil || resp.StatusCode == http.StatusUnauthorized ||
		sent.Blocked == "" && resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusNotFound {
		return sent
	}
	ch, looked, err := m.api.GetChannel(ctx, channel)
	switch {
	case err != nil && looked != nil && looked.StatusCode == http.StatusNotFound:
		return &chat.SendError{Gone: true, Err: sent.Err}
	case err == nil && ch.DeleteAt > 0:
		return &chat.SendError{Blocked: "the channel " + ch.Name + " is archived: unarchive it, or name another one in the policy", Err: sent.Err}
	case err == nil && ch.Type == model.ChannelTypeDirect:
		// As servers answer for a moment after a direct conversation was opened.
		return &chat.SendError{Retry: upstream.DownWait, Err: sent.Err}
	case err == nil && sent.Blocked != "" && resp.StatusCode == http.StatusForbidden:
		return &chat.SendError{Blocked: "the bot is not in the channel " + ch.Name + " any more: add it again", Err: sent.Err}
	case err != nil && (sent.Gone || sent.Blocked != "" && looked != nil && looked.StatusCode == http.StatusForbidden):
		return &chat.SendError{Blocked: "the bot can't see the channel " + channel + " any more: add it to the team and the channel again",
			Err: sent.Err}
	}
	return sent
}

// lookBack is how much earlier than it was decided a post may seem to stand: clocks differ.
const lookBack = 10 * time.Minute

// find looks for the post with the key where it should stand.
func (m *Mattermost) find(ctx context.Context, c creation) (*model.Post, error) {
	since := time.Now()
	if !c.again.IsZero() && c.again.Before(since) {
		since = c.again
	}
	from := since.Add(-lookBack).UnixMilli()
	const pages = 50
	for page := range pages {
		list, resp, err := m.page(ctx, c, page)
		if err != nil {
			sent := m.sendError("look whether a post stands", resp, err)
			return nil, m.missing(ctx, sent, resp, c.channel)
		}
		older := false
		for _, id := range list.Order { // the others are the roots of threads, however old
			p := list.Posts[id]
			if p == nil {
				continue
			}
			if key, _ := p.GetProp(keyProp).(string); key == c.key && p.DeleteAt == 0 {
				return p, nil
			}
			older = older || p.CreateAt < from
		}
		if len(list.Order) < perPage || older && c.thread == "" || c.thread != "" {
			break
		}
	}
	return nil, nil
}

// page is a part of where the post should stand: the whole thread, or the newest posts of the channel first.
func (m *Mattermost) page(ctx context.Context, c creation, page int) (*model.PostList, *model.Response, error) {
	if c.thread != "" {
		return m.api.GetPostThread(ctx, c.thread, "", false)
	}
	return m.api.GetPostsForChannel(ctx, c.channel, page, perPage, "", false, false)
}

// Edit replaces the post at r by p.
func (m *Mattermost) Edit(ctx context.Context, r chat.Ref, p chat.Post) error {
	if err := ours(r); err != nil {
		return err
	}
	message, attachments := m.render(p, m.handles(ctx), m.buttonsAt(spot{channel: r.Channel, thread: r.Thread}))
	props := model.StringInterface{model.PostPropsAttachments: attachments}
	if len(attachments) == 0 {
		props[model.PostPropsAttachments] = []*model.MessageAttachment{}
	}
	if p.Key != "" {
		props[keyProp] = p.Key
	}
	_, resp, err := m.api.PatchPost(ctx, r.Message, &model.PostPatch{Message: &message, Props: &props})
	if err == nil {
		return nil
	}
	return m.lost(ctx, m.sendError("edit a post", resp, err), resp, r)
}

// Delete takes the post at r away.
func (m *Mattermost) Delete(ctx context.Context, r chat.Ref) error {
	if err := ours(r); err != nil {
		return err
	}
	resp, err := m.api.DeletePost(ctx, r.Message)
	if err == nil {
		return nil
	}
	sent := m.lost(ctx, m.sendError("delete a post", resp, err), resp, r)
	if sent.Gone {
		return nil
	}
	return sent
}

// ours checks that a reference can be to a message here.
func ours(r chat.Ref) error {
	if r.Platform != Name || r.Workspace != "" || !model.IsValidId(r.Message) || !model.IsValidId(r.Channel) {
		return &chat.SendError{Refused: "the reference is not to a message here"}
	}
	return nil
}

// lost tells a post that was deleted from one that the bot may not touch, which servers answer alike.
func (m *Mattermost) lost(ctx context.Context, sent *chat.SendError, resp *model.Response, r chat.Ref) *chat.SendError {
	if resp == nil || !slices.Contains([]int{http.StatusForbidden, http.StatusNotFound, http.StatusBadRequest}, resp.StatusCode) {
		return sent
	}
	p, found, err := m.api.GetPost(ctx, r.Message, "")
	switch {
	case err == nil && p.DeleteAt > 0, err != nil && found != nil && found.StatusCode == http.StatusNotFound:
		return &chat.SendError{Gone: true, Err: sent.Err}
	case sent.Blocked != "" || sent.Gone:
		return m.missing(ctx, &chat.SendError{Blocked: sent.Blocked, Gone: sent.Gone, Err: sent.Err}, resp, r.Channel)
	}
	return sent
}

// handles looks up how people are mentioned.
func (m *Mattermost) handles(ctx context.Context) func(id string) string {
	return func(id string) string {
		u, err := m.people.user(ctx, id)
		if err != nil {
			m.log.WithError(err).WithField("person", id).Warn("mattermost: somebody is not mentioned: who it is can't be looked up")
			return ""
		}
		return u.Username
	}
}

// Thread reads the messages of a thread, the oldest first.
func (m *Mattermost) Thread(ctx context.Context, root chat.Ref) ([]chat.Message, error) {
	if err := ours(root); err != nil {
		return nil, err
	}
	self, err := m.me(ctx)
	if err != nil {
		return nil, err
	}
	list, resp, err := m.api.GetPostThread(ctx, root.Message, "", false)
	if err != nil {
		return nil, m.lost(ctx, m.sendError("read a thread", resp, err), resp, root)
	}
	posts := make([]*model.Post, 0, len(list.Posts))
	for _, id := range slices.Backward(list.Order) {
		if p := list.Posts[id]; p != nil && p.DeleteAt == 0 && byPerson(p, self.Id) {
			posts = append(posts, p)
		}
	}
	slices.SortStableFunc(posts, func(a, b *model.Post) int { return cmp.Compare(a.CreateAt, b.CreateAt) })
	var out []chat.Message
	for _, p := range posts {
		u, err := m.people.user(ctx, p.UserId)
		if errors.Is(err, chat.ErrUnknownPerson) || err == nil && u.IsBot {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read a thread: %w", err)
		}
		out = append(out, *said(p, m.people.person(u), self, false))
	}
	return out, nil
}
