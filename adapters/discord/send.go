package discord

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"balie/adapters/upstream"
	"balie/internal/chat"
)

var errNoPlace = errors.New("there is no such channel or thread")

// nonceFor is how long Discord remembers the nonce of a post for sure: it speaks of a few minutes.
// https://docs.discord.com/developers/resources/message#create-message
const nonceFor = 2 * time.Minute

// nonce names a post, so that Discord makes it once however often it is sent in a few minutes. It is no secret.
func nonce(key string) string {
	sum := sha256.Sum256([]byte(key))
	return base64.RawURLEncoding.EncodeToString(sum[:15])
}

// creation is a post to be made.
type creation struct {
	chat.Post
	guild   string
	channel wireChannel // the policy's, or the direct conversation
	out     outgoing

	roomMade bool // for it, in a full guild
}

// ref is the reference of a message of the creation's place.
func (c creation) ref(thread, message string) chat.Ref {
	return chat.Ref{Platform: Name, Workspace: c.guild, Channel: c.channel.ID, Thread: thread, Message: message}
}

// Send posts p.
func (d *Discord) Send(ctx context.Context, p chat.Post) (chat.Ref, error) {
	switch {
	case p.Key == "":
		return chat.Ref{}, &chat.SendError{Refused: "the post has no key"}
	case p.To.Platform != Name:
		return chat.Ref{}, &chat.SendError{Refused: "the place is on another platform"}
	}
	v, err, _ := d.sending.Do("post "+p.Key, func() (any, error) { return d.send(ctx, p) })
	ref, _ := v.(chat.Ref)
	return ref, err
}

func (d *Discord) send(ctx context.Context, p chat.Post) (chat.Ref, error) {
	if ref, ok := d.sent.Get(p.Key); ok {
		return ref, nil
	}
	c, err := d.creation(ctx, p)
	if err != nil {
		return chat.Ref{}, err
	}
	ref, err := d.create(ctx, c)
	if err != nil {
		return chat.Ref{}, err
	}
	d.sent.Add(p.Key, ref)
	return ref, nil
}

// creation finds out where a post goes, and how it looks there.
func (d *Discord) creation(ctx context.Context, p chat.Post) (creation, error) {
	c := creation{Post: p, guild: p.To.Workspace}
	id := p.To.Channel
	var err error
	if p.To.Person != "" {
		if id, err = d.places.directWith(ctx, p.To.Person, p.To.Workspace); err != nil {
			return c, err
		}
		d.places.met(p.To.Person, p.To.Workspace)
	}
	if p.To.Thread != "" && !snowflake.MatchString(p.To.Thread) {
		return c, &chat.SendError{Gone: true, Err: errNoPlace}
	}
	if c.channel, err = d.places.channel(ctx, id); err != nil {
		if codeOf(err) == codeUnknownChannel {
			err = &chat.SendError{Gone: true, Err: fmt.Errorf("there is no channel %s any more: name another one in the policy: %w", oneLine(id, threadMax), err)}
		}
		return c, d.toAdmin(ctx, err, wireChannel{ID: id, Name: id}, 0)
	}
	if c.channel.Type != directChannel && p.To.Workspace != "" && c.channel.GuildID != p.To.Workspace {
		return c, &chat.SendError{Refused: "the channel is in another server"}
	}
	if c.guild == "" {
		c.guild = c.channel.GuildID
	}
	b := d.bag(c.guild)
	c.out = render(p, b)
	if err := b.keep(ctx); err != nil {
		return c, &chat.SendError{Err: fmt.Errorf("discord: keep what the buttons carry: %w", err)}
	}
	return c, nil
}

// create makes the post, unless it stands already.
func (d *Discord) create(ctx context.Context, c creation) (chat.Ref, error) {
	if !c.Again.IsZero() && time.Since(c.Again) > nonceFor {
		found, err := d.find(ctx, c)
		if err != nil || found != (chat.Ref{}) {
			return found, err
		}
	}
	to := c.To
	switch {
	case c.channel.Type == directChannel:
		id, err := d.post(ctx, c, c.channel.ID, to.Thread)
		if err == nil {
			d.places.origins.Add(cmp.Or(to.Thread, id), c.guild)
		}
		return c.ref(to.Thread, id), err
	case to.Thread == "" && c.private() && c.channel.Type != textChannel:
		return chat.Ref{}, &chat.SendError{Blocked: "conversations with requesters can't be kept private in the channel #" +
			oneLine(c.channel.Name, threadMax) + ": name a text channel under requests in the policy", Err: errNoPlace}
	case to.Thread == "" && c.private():
		return d.privateThread(ctx, c)
	case to.Thread == "" && c.channel.isForum():
		return d.forumPost(ctx, c)
	case to.Thread == "":
		id, err := d.post(ctx, c, c.channel.ID, "")
		if err == nil && c.Topic != nil {
			d.threadUnder(ctx, c, id)
		}
		return c.ref("", id), err
	}
	return d.underRoot(ctx, c)
}

// need are the permissions that posts of the kind need.
func (d *Discord) need(c creation) uint64 {
	t, _ := d.places.channels.Peek(c.To.Thread)
	return Needs(c.private() || t.Type == privateThread)
}

// private says whether it begins a conversation that is kept from others.
func (c creation) private() bool { return c.Topic != nil && len(c.Topic.People) > 0 }

// newMessage is a message to be made.
func newMessage(c creation, out outgoing, replyTo string) map[string]any {
	m := out.payload()
	m["nonce"], m["enforce_nonce"] = nonce(c.Key), true
	if replyTo != "" {
		m["message_reference"] = map[string]any{"message_id": replyTo, "fail_if_not_exists": false}
	}
	return m
}

// post makes a message in a channel or thread, as a reply to another one if that is named.
func (d *Discord) post(ctx context.Context, c creation, channel, replyTo string) (id string, err error) {
	files, free, err := uploads(ctx, c.Files, c.out.Attach)
	defer func() { err = errors.Join(err, free()) }()
	if err != nil {
		return "", err
	}
	out := d.fitting(c.channel, c.out)
	var m wireMessage
	err = d.api.do(ctx, call{doing: "post a message", method: http.MethodPost, path: "/channels/" + channel + "/messages",
		body: newMessage(c, out, replyTo), files: files, out: &m})
	if emptied(err) && d.stripped(ctx, c.channel, out, m) {
		return d.post(ctx, c, channel, replyTo) // in words now
	}
	if err != nil {
		return "", d.toAdmin(ctx, err, c.channel, d.need(c))
	}
	if !snowflake.MatchString(m.ID) {
		return "", &chat.SendError{Retry: upstream.DownWait, Err: errors.New("discord: post a message: the answer makes no sense")}
	}
	d.dress(ctx, c.channel, spot{channel: channel, message: m.ID, of: c.channel}, out, m)
	return m.ID, nil
}

// dress gives a message that was made back what Discord took from it.
func (d *Discord) dress(ctx context.Context, in wireChannel, at spot, out outgoing, made wireMessage) {
	if !d.stripped(ctx, in, out, made) {
		return
	}
	if err := d.change(ctx, at, out); err != nil {
		d.log.WithError(err).Warn("discord: a card stands without what it says until its ticket changes")
	}
}

// Edit replaces what stands at r by p.
func (d *Discord) Edit(ctx context.Context, r chat.Ref, p chat.Post) error {
	at, err := d.locate(ctx, r, p.Topic)
	if err != nil {
		return err
	}
	b := d.bag(r.Workspace)
	out := render(p, b)
	if err := b.keep(ctx); err != nil {
		return &chat.SendError{Err: fmt.Errorf("discord: keep what the buttons carry: %w", err)}
	}
	if err := d.within(ctx, at.thread, func() error { return d.change(ctx, at, out) }); err != nil {
		return d.toAdmin(ctx, err, at.of, needCards)
	}
	if p.Topic != nil && at.own != "" {
		return d.bringUpToDate(ctx, at.own, *p.Topic)
	}
	return nil
}

// change makes a message another one. Its files stay, except for the one that has what is too long.
func (d *Discord) change(ctx context.Context, at spot, out outgoing) error {
	out = d.fitting(at.of, out)
	c := call{doing: "edit a message", method: http.MethodPatch, path: "/channels/" + at.channel + "/messages/" + at.message,
		limit: "PATCH message " + at.channel}
	body := out.payload()
	body["flags"] = out.Flags &^ flagSilent // which can't be changed
	var was, now wireMessage
	if len(out.Attach) > 0 {
		look := c
		look.doing, look.method, look.limit, look.out = "look a message up", http.MethodGet, "GET message "+at.channel, &was
		if err := d.api.do(ctx, look); err != nil {
			return err
		}
		kept := was.withoutWhole()
		for i, a := range out.Attach {
			kept = append(kept, map[string]any{"id": i, "filename": a.Name})
		}
		body["attachments"] = kept
	}
	files, free, err := uploads(ctx, nil, out.Attach)
	if err != nil {
		return errors.Join(err, free())
	}
	c.body, c.files, c.out = body, files, &now
	err = errors.Join(d.api.do(ctx, c), free())
	if (err == nil || emptied(err)) && d.stripped(ctx, at.of, out, now) {
		return d.change(ctx, at, out) // in words now
	}
	if err != nil {
		return err
	}
	if kept := now.withoutWhole(); len(out.Attach) == 0 && len(kept) < len(now.Attachments) {
		c.body, c.out = map[string]any{"attachments": kept}, nil
		return d.api.do(ctx, c)
	}
	return nil
}

// withoutWhole are a message's files, as an edit names those that stay, without the one that has what was too long.
func (m wireMessage) withoutWhole() []map[string]any {
	kept := []map[string]any{}
	for _, a := range m.Attachments {
		if a.Filename != wholeName {
			kept = append(kept, map[string]any{"id": a.ID})
		}
	}
	return kept
}

// Delete takes the post at r away. With the first post of a private conversation, or of a forum's, goes the whole of it.
func (d *Discord) Delete(ctx context.Context, r chat.Ref) error {
	at, err := d.locate(ctx, r, nil)
	if err == nil {
		c := call{doing: "delete a message", method: http.MethodDelete, path: "/channels/" + at.channel + "/messages/" + at.message,
			limit: "DELETE message " + at.channel}
		if at.whole {
			c.doing, c.path = "delete a conversation", "/channels/"+at.channel
		}
		err = d.within(ctx, at.thread, func() error { return d.api.do(ctx, c) })
		err = d.toAdmin(ctx, err, at.of, needCards)
	}
	if sent, ok := errors.AsType[*chat.SendError](err); ok && sent.Gone {
		return nil
	}
	return err
}

// toAdmin names to an admin what is missing where, if that is what an error is about.
func (d *Discord) toAdmin(ctx context.Context, err error, c wireChannel, need uint64) error {
	if err == nil {
		return nil
	}
	sent, ok := errors.AsType[*chat.SendError](err)
	if !ok {
		return sendError("talk to Discord", err)
	}
	switch codeOf(err) {
	case codeMissingPermission:
		if what := d.lacks(ctx, c, need); what != "" {
			return &chat.SendError{Blocked: what, Err: sent.Err}
		}
	case codeMissingAccess:
		return &chat.SendError{Blocked: "the bot does not see the channel #" + oneLine(c.Name, threadMax) +
			": give it View Channels there, or name another channel in the policy", Err: sent.Err}
	}
	return sent
}
