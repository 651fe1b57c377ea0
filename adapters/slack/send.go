package slack

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"balie/adapters/upstream"
	"balie/internal/chat"
)

// Messages of ours carry the delivery's key in their metadata, to be found by. It is no secret.
const (
	metadataType = "balie_post"
	metadataKey  = "key"
)

// outcome is what is known of a post that was sent.
type outcome struct {
	ref chat.Ref // empty if it is not known whether it stands
}

// Send posts p. Slack makes no repeat harmless, so we look whether the post stands whenever an earlier try may have made it.
func (s *Slack) Send(ctx context.Context, p chat.Post) (chat.Ref, error) {
	switch {
	case p.Key == "":
		return chat.Ref{}, &chat.SendError{Refused: "the post has no key"}
	case p.To.Platform != Name:
		return chat.Ref{}, &chat.SendError{Refused: "the place is on another platform"}
	case p.To.Workspace != "" && !workspaceID.MatchString(p.To.Workspace):
		return chat.Ref{}, &chat.SendError{Refused: "there is no such workspace"}
	}
	w, err := s.place(ctx, p.To)
	if err != nil {
		return chat.Ref{}, err
	}
	channel, err := s.destination(ctx, w, p.To)
	if err != nil {
		return chat.Ref{}, err
	}
	return s.create(ctx, creation{key: p.Key, w: w, channel: channel, thread: p.To.Thread, again: p.Again, author: p.Author,
		files: p.Files, rendering: render(p, buttonsIn(w.id))})
}

// creation is a post to be made.
type creation struct {
	key             string
	w               *workspace
	channel, thread string
	again           time.Time // since when it may have been made by an earlier try; zero if there was none
	author          *chat.Author
	files           []chat.OutFile
	rendering
}

// create makes the post, unless it stands already. Two who make the same one at once make one.
func (s *Slack) create(ctx context.Context, c creation) (chat.Ref, error) {
	v, err, _ := s.sending.Do("post "+c.key, func() (any, error) { return s.createOnce(ctx, c) })
	ref, _ := v.(chat.Ref)
	return ref, err
}

var (
	workspaceID = regexp.MustCompile(`^[TE][A-Z0-9]{2,}$`)
	channelID   = regexp.MustCompile(`^[CDG][A-Z0-9]{2,}$`)
	personID    = regexp.MustCompile(`^[UW][A-Z0-9]{2,}$`)
	messageTS   = regexp.MustCompile(`^[0-9]{1,12}\.[0-9]{6}$`)
)

func (s *Slack) createOnce(ctx context.Context, c creation) (chat.Ref, error) {
	if !channelID.MatchString(c.channel) || c.thread != "" && !messageTS.MatchString(c.thread) {
		return chat.Ref{}, &chat.SendError{Gone: true, Err: errors.New("there is no such channel or thread")}
	}
	before, tried := s.sent.Get(c.key)
	ref := before.ref
	if ref == (chat.Ref{}) && (tried || !c.again.IsZero()) {
		found, err := s.find(ctx, c)
		if err != nil {
			return chat.Ref{}, err
		}
		ref = found
	}
	stood := ref != (chat.Ref{})
	if !stood {
		made, err := s.post(ctx, c)
		if err != nil {
			return chat.Ref{}, err
		}
		ref = made
	}
	if len(c.files) > 0 {
		if before.ref != (chat.Ref{}) {
			return ref, nil
		}
		if err := s.attach(ctx, c, ref, stood); err != nil {
			return chat.Ref{}, err
		}
	}
	s.sent.Add(c.key, outcome{ref})
	return ref, nil
}

// post makes the message.
func (s *Slack) post(ctx context.Context, c creation) (chat.Ref, error) {
	text, blocks := c.text, c.blocks
	if text == "" && len(blocks) == 0 { // of files alone: a message of theirs can't be found again
		var names []string
		for _, f := range c.files {
			names = append(names, plain(chat.FileName(f.Name), 100))
		}
		text = ":paperclip: " + strings.Join(names, ", ")
	}
	opts := []slackapi.MsgOption{
		slackapi.MsgOptionText(text, false), slackapi.MsgOptionBlocks(blocks...),
		slackapi.MsgOptionDisableLinkUnfurl(), slackapi.MsgOptionDisableMediaUnfurl(),
		slackapi.MsgOptionMetadata(slackapi.SlackMetadata{EventType: metadataType, EventPayload: map[string]any{metadataKey: c.key}}),
	}
	if c.thread != "" {
		opts = append(opts, slackapi.MsgOptionTS(c.thread))
	}
	if c.author != nil && c.author.Name != "" {
		opts = append(opts, slackapi.MsgOptionUsername(oneLine(c.author.Name, 80)))
		if strings.HasPrefix(c.author.Avatar, "https://") {
			opts = append(opts, slackapi.MsgOptionIconURL(c.author.Avatar))
		}
	}
	s.sent.Add(c.key, outcome{})
	var ts string
	err := s.pace.call(c.w.id+"|chat.postMessage|"+c.channel, func() (err error) {
		_, ts, err = c.w.api.PostMessageContext(ctx, c.channel, opts...)
		return err
	})
	if err != nil {
		sent := c.w.sendError("post", err)
		if slackCode(err) != "" && !uncertain(slackCode(err)) || sent.Retry > 0 && isLimited(err) {
			s.sent.Remove(c.key) // it does not stand, for sure
		}
		if code := slackCode(err); code == "not_in_channel" || code == "channel_not_found" {
			s.outside.out(c.w.id + "/" + c.channel)
		}
		return chat.Ref{}, s.missing(ctx, c.w, sent, err, c.channel, c.thread)
	}
	if since := s.outside.back(c.w.id + "/" + c.channel); !since.IsZero() {
		s.ears.missed(c.w.id, since)
	}
	if !messageTS.MatchString(ts) {
		return chat.Ref{}, &chat.SendError{Retry: upstream.DownWait, Err: errors.New("post: Slack's answer makes no sense")}
	}
	return chat.Ref{Platform: Name, Workspace: c.w.id, Channel: c.channel, Thread: c.thread, Message: ts}, nil
}

// uncertain says whether Slack may have done what it says it failed at.
func uncertain(code string) bool {
	return slices.Contains([]string{"internal_error", "fatal_error", "request_timeout", "service_unavailable"}, code)
}

func isLimited(err error) bool {
	_, ok := errors.AsType[*slackapi.RateLimitedError](err)
	return ok
}

// destination is the channel that a place is in.
func (s *Slack) destination(ctx context.Context, w *workspace, to chat.Place) (string, error) {
	if to.Person == "" {
		return to.Channel, nil
	}
	key := w.id + "/" + to.Person
	if channel, ok := s.direct.Get(key); ok {
		return channel, nil
	}
	if !personID.MatchString(to.Person) {
		return "", &chat.SendError{Gone: true, Err: chat.ErrUnknownPerson}
	}
	v, err, _ := s.sending.Do("direct "+key, func() (any, error) {
		var channel *slackapi.Channel
		err := s.pace.call(w.id+"|conversations.open", func() (err error) {
			channel, _, _, err = w.api.OpenConversationContext(ctx, &slackapi.OpenConversationParameters{Users: []string{to.Person}, ReturnIM: true})
			return err
		})
		if err != nil {
			return "", w.sendError("open a direct conversation", err)
		}
		s.direct.Add(key, channel.ID)
		return channel.ID, nil
	})
	if err != nil {
		return "", err
	}
	return v.(string), nil
}

// missing names the channel to the admin, where Slack did not let us in.
func (s *Slack) missing(ctx context.Context, w *workspace, sent *chat.SendError, err error, channel, thread string) *chat.SendError {
	switch code := slackCode(err); code {
	case "channel_not_found":
		if !strings.HasPrefix(channel, "D") {
			// Private channels look like this to whoever is not in them.
			sent = &chat.SendError{Blocked: "the bot can't see the channel " + s.roomName(ctx, w, channel) +
				": add it there with /invite, or name another channel in the policy", Err: sent.Err}
		}
	case "not_in_channel":
		sent = &chat.SendError{Blocked: "the bot is not in the channel " + s.roomName(ctx, w, channel) + " any more: add it there with /invite", Err: sent.Err}
	case "is_archived":
		sent = &chat.SendError{Blocked: "the channel " + s.roomName(ctx, w, channel) + " is archived: unarchive it, or name another one in the policy", Err: sent.Err}
	case "thread_not_found":
		sent = &chat.SendError{Gone: true, Err: sent.Err}
	}
	return sent
}

// roomName is how an admin knows the channel.
func (s *Slack) roomName(ctx context.Context, w *workspace, channel string) string {
	name, ok := s.rooms.Get(w.id + "/" + channel)
	if !ok {
		err := s.pace.call(w.id+"|conversations.info", func() error {
			c, err := w.api.GetConversationInfoContext(ctx, &slackapi.GetConversationInfoInput{ChannelID: channel})
			if err == nil {
				name = c.Name
			}
			return err
		})
		if err != nil {
			return channel
		}
		s.rooms.Add(w.id+"/"+channel, name)
	}
	if name == "" {
		return channel
	}
	return "#" + name + " (" + channel + ")"
}

// Edit replaces the post at r by p.
func (s *Slack) Edit(ctx context.Context, r chat.Ref, p chat.Post) error {
	w, err := s.ours(ctx, r)
	if err != nil {
		return err
	}
	as := render(p, buttonsIn(w.id))
	blocks := as.blocks
	if blocks == nil {
		blocks = []slackapi.Block{} // or the old ones stay
	}
	err = s.pace.call(w.id+"|chat.update", func() error {
		_, _, _, err := w.api.UpdateMessageContext(ctx, r.Channel, r.Message, slackapi.MsgOptionText(as.text, false), slackapi.MsgOptionBlocks(blocks...))
		return err
	})
	if err == nil {
		return nil
	}
	return s.missing(ctx, w, w.sendError("edit a post", err), err, r.Channel, r.Thread)
}

// Delete takes the post at r away, with the files that came after it.
func (s *Slack) Delete(ctx context.Context, r chat.Ref) error {
	w, err := s.ours(ctx, r)
	if err != nil {
		return err
	}
	gone := []string{}
	if r.Thread != "" {
		if gone, err = s.filesAfter(ctx, w, r); err != nil {
			return err
		}
	}
	for _, ts := range append(gone, r.Message) {
		err := s.pace.call(w.id+"|chat.delete", func() error {
			_, _, err := w.api.DeleteMessageContext(ctx, r.Channel, ts)
			return err
		})
		if err == nil {
			continue
		}
		sent := s.missing(ctx, w, w.sendError("delete a post", err), err, r.Channel, r.Thread)
		if !sent.Gone {
			return sent
		}
	}
	return nil
}

// filesAfter are the messages with files that follow the post at r and belong to it.
func (s *Slack) filesAfter(ctx context.Context, w *workspace, r chat.Ref) (all []string, err error) {
	err = s.replies(ctx, w, r.Channel, r.Thread, r.Message, func(m message) (bool, error) {
		switch {
		case m.TS <= r.Message:
			return true, nil
		case m.key() != "": // the next post of ours
			return false, nil
		case len(m.Files) > 0 && m.ofBot(w):
			all = append(all, m.TS)
		}
		return true, nil
	})
	if err == nil {
		return all, nil
	}
	sent := s.missing(ctx, w, w.sendError("look for a post's files", err), err, r.Channel, r.Thread)
	if sent.Gone {
		return nil, nil
	}
	return nil, sent
}

// ours checks that a reference can be to a message here, and gives its workspace.
func (s *Slack) ours(ctx context.Context, r chat.Ref) (*workspace, error) {
	if r.Platform != Name || !channelID.MatchString(r.Channel) || !messageTS.MatchString(r.Message) {
		return nil, &chat.SendError{Refused: "the reference is not to a message here"}
	}
	w, err := s.place(ctx, chat.Place{Platform: Name, Workspace: r.Workspace, Channel: r.Channel})
	if err != nil {
		return nil, err
	}
	return w, nil
}

// Thread reads the messages of a thread, the oldest first.
func (s *Slack) Thread(ctx context.Context, root chat.Ref) ([]chat.Message, error) {
	w, err := s.ours(ctx, root)
	if err != nil {
		return nil, err
	}
	var out []chat.Message
	err = s.replies(ctx, w, root.Channel, root.Message, "", func(m message) (bool, error) {
		if !m.byPerson(w) {
			return true, nil
		}
		who, err := s.people.lookup(ctx, w, m.By.id())
		if err != nil {
			return false, fmt.Errorf("read a thread: %w", err)
		}
		if who.unknown || who.bot {
			return true, nil
		}
		out = append(out, *s.said(ctx, w, m, who.Person))
		return true, nil
	})
	if err != nil {
		return nil, s.missing(ctx, w, w.sendError("read a thread", err), err, root.Channel, root.Thread)
	}
	return out, nil
}
