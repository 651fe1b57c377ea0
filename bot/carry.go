package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"balie/internal/chat"
	"balie/internal/i18n"
	"balie/internal/store"
	"balie/internal/ticket"
)

// carry carries out one delivery. What it posts is rendered from the ticket as it is now.
func (d *deliverer) carry(ctx context.Context, l *lane, p store.Delivery) error {
	ctx, cancel := context.WithTimeout(ctx, d.pace.Send)
	defer cancel()
	switch p.Effect.Kind {
	case ticket.EffectFetch:
		return d.fetch(ctx, l, p)
	case ticket.EffectGather:
		return d.gather(ctx, l.Ticket)
	case ticket.EffectCard, ticket.EffectEntry, ticket.EffectUpdate, ticket.EffectRemove, ticket.EffectStory:
	}
	room, ok := l.Ticket.Room(p.Effect.Room)
	if !ok {
		return nil // left meanwhile
	}
	platform, ok := d.platforms[room.Place.Platform]
	if !ok {
		return unknownPlatform(room.Place.Platform)
	}
	s := sending{deliverer: d, lane: l, delivery: p, room: room, platform: platform, view: d.viewOf(ctx, l.Ticket, room)}
	switch p.Effect.Kind {
	case ticket.EffectCard:
		return s.card(ctx)
	case ticket.EffectEntry:
		return s.entry(ctx)
	case ticket.EffectUpdate:
		return s.update(ctx)
	case ticket.EffectRemove:
		return s.remove(ctx)
	case ticket.EffectStory:
		return s.story(ctx)
	case ticket.EffectFetch, ticket.EffectGather:
	}
	return nil
}

// viewOf is the view for a room: in its person's language, or in its team's.
func (b *Bot) viewOf(ctx context.Context, tk ticket.Ticket, r ticket.Room) view {
	lang := b.policy.DefaultLanguage()
	if r.Person == "" {
		if team, _ := b.policy.Team(tk.Team); team.Language != "" {
			lang = team.Language
		}
	} else if who, err := b.desk.Person(ctx, r.Person); err == nil {
		lang = b.policy.Language(who.Locale)
	}
	return view{Bot: b, say: i18n.In(lang), platform: r.Place.Platform}
}

// sending is one delivery to one room.
type sending struct {
	*deliverer
	*lane
	delivery store.Delivery
	room     ticket.Room
	platform chat.Platform
	view     view
}

func (s sending) card(ctx context.Context) error {
	if s.fresh {
		return nil // several changes are one edit
	}
	if ref, ok := s.ref(s.room.ID); ok {
		gone, err := s.change(func() error { return s.platform.Edit(ctx, ref, s.root(ctx)) })
		if !gone {
			s.fresh = err == nil
			return err
		}
		// Somebody deleted it: a ticket without a card would be lost.
	}
	if err := s.turn(); err != nil {
		return err
	}
	err := s.begin(ctx, s.root(ctx))
	s.fresh = err == nil
	return err
}

func (s sending) root(ctx context.Context) chat.Post {
	p := s.view.root(ctx, s.Ticket, s.room)
	p.Key, p.To = s.delivery.ID, s.room.Place
	s.repeated(&p)
	return p
}

// repeated tells the adapter what it needs where an earlier try may have made the post.
func (s sending) repeated(p *chat.Post) {
	if p.Again = s.again(s.delivery); !p.Again.IsZero() {
		p.Others = s.refs()
	}
}

// turn says whether the delivery may make a post now; else it is a *laterError.
func (s sending) turn() error {
	every := s.pace.every(s.platform.Caps())
	if at := s.slots.post(s.room.Place, every, s.delivery.ID, s.Ticket.ID); !at.IsZero() {
		return &laterError{at}
	}
	return nil
}

// change does what changes a post, unless the room's place wants to be left alone. Gone says that there is no such post.
func (s sending) change(do func() error) (gone bool, err error) {
	if at := s.slots.edit(s.room.Place); !at.IsZero() {
		return false, &laterError{at}
	}
	err = do()
	if err == nil {
		return false, nil
	}
	if e, ok := errors.AsType[*chat.SendError](err); ok && e.Gone {
		return true, nil
	}
	return false, &editError{err}
}

// thread is the place under the room's first post.
func (s sending) thread() (chat.Place, error) {
	root, ok := s.ref(s.room.ID)
	if !ok {
		return chat.Place{}, &chat.SendError{Refused: errNoRoot.Error(), Err: errNoRoot}
	}
	return chat.Place{Platform: root.Platform, Workspace: root.Workspace, Channel: root.Channel, Thread: root.Message}, nil
}

func (s sending) post(ctx context.Context, e ticket.Entry) (chat.Post, error) {
	to, err := s.thread()
	if err != nil {
		return chat.Post{}, err
	}
	p := s.view.entry(ctx, s.Ticket, s.room, e)
	p.Key, p.To = s.delivery.ID, to
	s.repeated(&p)
	for _, person := range s.delivery.Effect.Mention {
		who, err := s.desk.Person(ctx, person)
		if err != nil {
			return chat.Post{}, err
		}
		if account, ok := s.view.account(who, s.room.Place.Workspace); ok {
			p.Mention = append(p.Mention, account)
		}
	}
	return p, nil
}

// entry posts an entry. Where somebody deleted the conversation it is for, or that could not begin before, it begins anew.
func (s sending) entry(ctx context.Context) error {
	e, err := s.find(ctx)
	if err != nil || e.Deleted {
		return err
	}
	err = s.say(ctx, e)
	if sent, ok := errors.AsType[*chat.SendError](err); !ok || !sent.Gone && !errors.Is(err, errNoRoot) {
		return err
	}
	if err := s.anew(ctx); err != nil {
		return err
	}
	return s.say(ctx, e)
}

// anew makes the room's first post if there is none, or none any more.
func (s sending) anew(ctx context.Context) error {
	root := s.root(ctx)
	root.Key += "|root" // beside the entry's own
	if ref, ok := s.ref(s.room.ID); ok {
		gone, err := s.change(func() error { return s.platform.Edit(ctx, ref, root) })
		if err != nil || !gone {
			return err
		}
	}
	return s.begin(ctx, root)
}

func (s sending) say(ctx context.Context, e ticket.Entry) error {
	p, err := s.post(ctx, e)
	if err != nil {
		return err
	}
	if err := s.attach(ctx, &p, e.Files); err != nil {
		return err
	}
	files, caps := p.Files, s.platform.Caps()
	next := atOnce(files, caps)
	p.Files = files[:next]
	name := store.PostID(s.room.ID, e.N)
	if err := s.once(ctx, name, p); err != nil {
		return err
	}
	for n := next; n < len(files); n = next { // what one post does not take
		next = n + atOnce(files[n:], caps)
		more := chat.Post{Key: p.Key + "|" + strconv.Itoa(n), To: p.To, Author: p.Author, At: p.At, Quiet: true, Files: files[n:next]}
		s.repeated(&more)
		if err := s.once(ctx, store.PostID(name, n), more); err != nil {
			return err
		}
	}
	return nil
}

// atOnce is how many of the files one post takes: one at least, if there are any.
func atOnce(files []chat.OutFile, c chat.Caps) int {
	n, left := 0, c.PostBytes
	for n < len(files) && (c.FilesMax == 0 || n < c.FilesMax) {
		if left -= files[n].Size; n > 0 && c.PostBytes > 0 && left < 0 {
			break
		}
		n++
	}
	return n
}

// once makes one of the posts of a delivery, unless it stands already: between two of them others may have their turn.
func (s sending) once(ctx context.Context, name string, p chat.Post) error {
	if _, ok := s.ref(name); ok {
		return nil
	}
	if err := s.turn(); err != nil {
		return err
	}
	ref, err := s.platform.Send(ctx, p)
	if err == nil {
		s.keep(name, ref)
	}
	return err
}

// attach adds the files to the post. It says so of those that can't be added.
func (s sending) attach(ctx context.Context, p *chat.Post, files []ticket.File) error {
	largest := s.platform.Caps().FileMax
	for _, f := range files {
		info, content, err := s.desk.Store.OpenFile(ctx, f.ID)
		if errors.Is(err, store.ErrNotFound) {
			p.Text += "\n*" + s.view.say.Say("file_lost", "name", escape(f.Name)) + "*"
			continue
		}
		if err != nil {
			return fmt.Errorf("read file %s: %w", f.ID, err)
		}
		if err := content.Close(); err != nil {
			return fmt.Errorf("read file %s: %w", f.ID, err)
		}
		if largest > 0 && info.Size > largest {
			p.Text += "\n*" + s.view.say.Say("file_too_large", "name", escape(f.Name), "size", megabytes(info.Size)) + "*"
			continue
		}
		p.Files = append(p.Files, chat.OutFile{Name: f.Name, Type: f.Type, Size: info.Size,
			Open: func(ctx context.Context) (io.ReadCloser, error) {
				_, content, err := s.desk.Store.OpenFile(ctx, f.ID)
				return content, err
			}})
	}
	return nil
}

// megabytes is a number of bytes for people to read, rounded up.
func megabytes(n int64) string { return strconv.FormatInt((n+1<<20-1)>>20, 10) }

// find is the delivery's entry, wherever it is kept by now.
func (s sending) find(ctx context.Context) (ticket.Entry, error) {
	n := s.delivery.Effect.Entry
	if e, ok := s.Ticket.Entry(n); ok {
		return e, nil
	}
	older, err := s.desk.Store.History(ctx, s.Ticket.ID, n+1, 1)
	if err != nil {
		return ticket.Entry{}, fmt.Errorf("read the history: %w", err)
	}
	if len(older) == 0 || older[0].N != n {
		return ticket.Entry{}, &chat.SendError{Refused: fmt.Sprintf("entry %d is not there", n)}
	}
	return older[0], nil
}

func (s sending) update(ctx context.Context) error {
	ref, ok := s.ref(store.PostID(s.room.ID, s.delivery.Effect.Entry))
	e, err := s.find(ctx)
	if err != nil || !ok || e.Deleted {
		return err
	}
	p, err := s.post(ctx, e)
	if err != nil {
		return err
	}
	p.Mention = nil
	_, err = s.change(func() error { return s.platform.Edit(ctx, ref, p) })
	return err // there is nothing left to change if it is gone
}

func (s sending) remove(ctx context.Context) error {
	ref, ok := s.ref(store.PostID(s.room.ID, s.delivery.Effect.Entry))
	if !ok {
		return nil
	}
	_, err := s.change(func() error { return s.platform.Delete(ctx, ref) })
	return err
}

func (s sending) story(ctx context.Context) error {
	to, err := s.thread()
	if err != nil {
		return err
	}
	if err := s.turn(); err != nil {
		return err
	}
	entries := s.Ticket.Entries
	if len(entries) > 0 && entries[0].N > 1 {
		const most = 1000
		older, err := s.desk.Store.History(ctx, s.Ticket.ID, entries[0].N, most)
		if err != nil {
			return fmt.Errorf("read the history: %w", err)
		}
		all := make([]ticket.Entry, 0, len(older)+len(entries))
		for i := range older {
			all = append(all, older[len(older)-1-i])
		}
		entries = append(all, entries...)
	}
	p := s.view.story(ctx, entries, s.delivery.Effect.Entry)
	p.Key, p.To, p.At = s.delivery.ID, to, s.delivery.At
	s.repeated(&p)
	_, err = s.platform.Send(ctx, p)
	return err
}

// fetch stores the files of an entry, while their platform still has them.
func (d *deliverer) fetch(ctx context.Context, l *lane, p store.Delivery) error {
	e, err := sending{deliverer: d, lane: l, delivery: p}.find(ctx)
	if err != nil {
		return err
	}
	for _, f := range e.Files {
		if f.Platform == "" {
			continue
		}
		platform, ok := d.platforms[f.Platform]
		if !ok {
			return unknownPlatform(f.Platform)
		}
		fetcher, ok := platform.(chat.Fetcher)
		if !ok {
			return &chat.SendError{Refused: f.Platform + " hands over no files"}
		}
		if err := d.fetchOne(ctx, fetcher, f); err != nil {
			return fmt.Errorf("fetch %q: %w", f.Name, err)
		}
	}
	return nil
}

func (d *deliverer) fetchOne(ctx context.Context, from chat.Fetcher, f ticket.File) error {
	content, err := from.Fetch(ctx, f.Source)
	if err != nil {
		return err
	}
	limit := d.policy.Limits.File
	err = d.desk.Store.PutFile(ctx, store.FileInfo{ID: f.ID, Name: f.Name, Type: f.Type}, &limited{r: content, left: limit})
	return errors.Join(err, content.Close())
}

// limited fails once more was read than a file may have, whatever size was claimed.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, &chat.SendError{Refused: "the file is larger than it said"}
	}
	return n, err
}

// gather takes the messages along that stood around the one the ticket was made from.
func (d *deliverer) gather(ctx context.Context, tk ticket.Ticket) error {
	if len(tk.Entries) == 0 {
		return nil
	}
	from := tk.Entries[0].Origin.Message
	platform, ok := d.platforms[from.Platform]
	if !ok {
		return unknownPlatform(from.Platform)
	}
	threads, ok := platform.(chat.Threads)
	if !ok {
		return nil
	}
	messages, err := threads.Thread(ctx, from.Root())
	if err != nil {
		return fmt.Errorf("read the thread: %w", err)
	}
	var q ticket.Quote
	for _, m := range messages {
		if m.Deleted || m.ID == from.Message && len(m.Files) == 0 {
			continue // its text is the ticket's description already
		}
		who, err := d.desk.Identify(ctx, chat.Identity{Platform: from.Platform, Workspace: from.Workspace, ID: m.Author.ID}, m.Author)
		if err != nil {
			return err
		}
		ref := from.Root()
		if m.ID != ref.Message {
			ref.Thread, ref.Message = ref.Message, m.ID
		}
		var attached []ticket.File
		for _, f := range m.Files {
			attached = append(attached, ticket.File{Name: f.Name, Type: f.Type, Size: f.Size, Platform: from.Platform, Source: f})
		}
		q.Quotes = append(q.Quotes, ticket.Quoted{By: who.ID, At: m.At, Text: m.Text, Files: attached, Message: ref})
	}
	_, err = d.desk.Act(ctx, tk.ID, ticket.Balie, q)
	return err
}
