package playground

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"balie/adapters/playground/wire"
	"balie/internal/chat"
)

const (
	pageDefault = 40
	pageMax     = 200
)

// serveWorkspace tells who and what there is for this person; the first one, for who has not chosen yet.
func (p *Playground) serveWorkspace(w http.ResponseWriter, r *http.Request) error {
	who, err := p.persona(cmp.Or(r.URL.Query().Get("as"), p.opts.People[0].ID))
	if err != nil {
		return err
	}
	out := wire.Workspace{
		Name: p.opts.Title, Me: who.wire(), Bot: p.bot,
		Limits: wire.Limits{Message: messageMax, File: fileMax, Files: filesMax},
	}
	for _, other := range p.opts.People {
		out.People = append(out.People, p.people[other.ID].wire())
	}
	for _, c := range p.opts.Channels {
		if room := p.rooms[c.ID]; room.members[who.ID] {
			out.Channels = append(out.Channels, wire.Channel{ID: room.id, Name: room.name, Topic: room.topic})
		}
	}
	out.Channels = append(out.Channels, wire.Channel{ID: directID(who.ID), Name: p.bot.Name, Topic: "Your conversation with the helpdesk", Direct: true})
	for i := range out.Channels {
		c := &out.Channels[i]
		newest, err := p.opts.Content.ListRecords(r.Context(), messageSpace, "channel/"+c.ID, "", 1)
		if err != nil {
			return fmt.Errorf("playground: list messages: %w", err)
		}
		c.Last = p.hub.newest(c.ID)
		if len(newest) > 0 {
			c.Last = max(c.Last, newest[0].Order)
		}
	}
	for _, c := range p.opts.Commands {
		command := wire.Command{Name: c.Name, Hint: who.in(c.Hint)}
		for _, u := range c.Uses {
			command.Uses = append(command.Uses, wire.Use{Text: u.Text, Hint: who.in(u.Hint)})
		}
		out.Commands = append(out.Commands, command)
	}
	for _, s := range p.opts.Shortcuts {
		out.Shortcuts = append(out.Shortcuts, wire.Shortcut{Name: s.Name, Label: who.in(s.Label)})
	}
	return reply(w, out)
}

// visible is a message that stands and that the person may see.
func (p *Playground) visible(ctx context.Context, who *Persona, id string) (*wire.Message, error) {
	gone := &problem{status: 404, Code: "no_message", Message: "There is no such message any more."}
	m, err := p.message(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil, gone
	}
	if err != nil {
		return nil, err
	}
	if room := p.rooms[m.Channel]; m.Deleted || room == nil || !room.members[who.ID] {
		return nil, gone
	}
	return m, nil
}

func (p *Playground) serveMessages(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	who, err := p.persona(q.Get("as"))
	if err != nil {
		return err
	}
	room, err := p.enter(who, q.Get("channel"))
	if err != nil {
		return err
	}
	page, ids, err := p.page(r, "channel/"+room.id)
	if err != nil {
		return err
	}
	if q.Get("replies") != "0" {
		page.Threads = map[string]wire.Replies{}
		for _, id := range ids {
			sum, err := p.replies(r.Context(), id)
			if err != nil {
				return err
			}
			if sum.Count > 0 {
				page.Threads[id] = sum
			}
		}
	}
	return reply(w, page)
}

// serveThread gives the replies of a thread and, on its first page, the root before them.
func (p *Playground) serveThread(w http.ResponseWriter, r *http.Request) error {
	who, err := p.persona(r.URL.Query().Get("as"))
	if err != nil {
		return err
	}
	root, err := p.visible(r.Context(), who, r.URL.Query().Get("root"))
	if err != nil {
		return err
	}
	page, _, err := p.page(r, "thread/"+root.ID)
	if err != nil {
		return err
	}
	if page.Before == "" {
		first, err := record(root)
		if err != nil {
			return err
		}
		page.Messages = slices.Insert(page.Messages, 0, json.RawMessage(first.Body))
	}
	return reply(w, page)
}

// page reads a page as the request asks for it, the messages as they are kept.
func (p *Playground) page(r *http.Request, group string) (page wire.Page[json.RawMessage], ids []string, err error) {
	limit := pageDefault
	if s := r.URL.Query().Get("limit"); s != "" {
		if limit, err = strconv.Atoi(s); err != nil || limit < 1 || limit > pageMax {
			return page, nil, &problem{status: 400, Code: "limit", Message: fmt.Sprintf("A page has 1 to %d messages.", pageMax)}
		}
	}
	records, err := p.opts.Content.ListRecords(r.Context(), messageSpace, group, r.URL.Query().Get("before"), limit+1)
	if err != nil {
		return page, nil, fmt.Errorf("playground: list messages: %w", err)
	}
	if len(records) > limit {
		records = records[:limit]
		page.Before = records[limit-1].Order
	}
	page.Messages = make([]json.RawMessage, 0, len(records)+1)
	for _, record := range slices.Backward(records) {
		page.Messages = append(page.Messages, record.Body)
		ids = append(ids, record.ID)
	}
	return page, ids, nil
}

// replies sums up a thread.
func (p *Playground) replies(ctx context.Context, root string) (wire.Replies, error) {
	records, err := p.opts.Content.ListRecords(ctx, messageSpace, "thread/"+root, "", wire.RepliesMax)
	if err != nil {
		return wire.Replies{}, fmt.Errorf("playground: list replies: %w", err)
	}
	sum := wire.Replies{Count: len(records)}
	for i, r := range records[:min(len(records), 10)] {
		m, err := decode(r)
		if err != nil {
			return wire.Replies{}, err
		}
		if i == 0 {
			sum.Last, sum.Order = m.At, m.Order
		}
		if len(sum.From) < 3 && !slices.Contains(sum.From, m.From) {
			sum.From = append(sum.From, m.From)
		}
	}
	return sum, nil
}

// threadMax is how many messages of a thread are read at most: the oldest are left out.
const threadMax = 1000

// Thread reads the thread, oldest first, the root included.
func (p *Playground) Thread(ctx context.Context, ref chat.Ref) ([]chat.Message, error) {
	root, err := p.message(ctx, ref.Root().Message)
	if err != nil {
		return nil, err
	}
	if ref.Platform != platformName || ref.Workspace != p.opts.Workspace || root.Channel != ref.Channel {
		return nil, fmt.Errorf("playground: the thread is not in that channel: %w", ErrNotFound)
	}
	var thread []*wire.Message
	for before := ""; len(thread) < threadMax; {
		records, err := p.opts.Content.ListRecords(ctx, messageSpace, "thread/"+root.ID, before, pageMax)
		if err != nil {
			return nil, fmt.Errorf("playground: list replies: %w", err)
		}
		for _, r := range records {
			m, err := decode(r)
			if err != nil {
				return nil, err
			}
			thread = append(thread, m)
		}
		if len(records) < pageMax {
			break
		}
		before = records[len(records)-1].Order
	}
	if !root.Deleted {
		thread = append(thread, root)
	}
	out := make([]chat.Message, 0, len(thread))
	for _, m := range slices.Backward(thread) {
		out = append(out, p.chatMessage(m))
	}
	return out, nil
}

// chatMessage is a message as the bot knows it.
func (p *Playground) chatMessage(m *wire.Message) chat.Message {
	out := chat.Message{ID: m.ID, At: m.At, Text: m.Text, Files: chatFiles(m.Files), Author: chat.Person{ID: wire.BotID, Name: p.bot.Name, Handle: p.bot.Handle, Avatar: p.bot.Avatar}}
	if who := p.people[m.From]; who != nil {
		out.Author = who.chat()
	} else if m.Author != nil {
		out.Author.Name = m.Author.Name
	}
	return out
}

func (p *Playground) serveFaults(w http.ResponseWriter, _ *http.Request) error {
	return reply(w, p.wireFaults())
}
