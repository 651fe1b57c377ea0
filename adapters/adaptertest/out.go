package adaptertest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"balie/internal/chat"
)

// sendError checks that the error is what every error of Send, Edit and Delete must be.
func (b *probe) sendError(err error) *chat.SendError {
	b.Helper()
	var e *chat.SendError
	if !errors.As(err, &e) {
		b.Fatalf("error %v, want a *chat.SendError", err)
	}
	set := 0
	for _, there := range []bool{e.Retry > 0, e.Gone, e.Refused != ""} {
		if there {
			set++
		}
	}
	if set > 1 {
		b.Errorf("%+v says more than one thing", e)
	}
	b.noSecret("an error", e.Error())
	return e
}

func (b *probe) count(in chat.Ref, text string) int {
	b.Helper()
	n := 0
	for _, m := range b.shown(b.places.Agent, in) {
		if m.Text == text {
			n++
		}
	}
	return n
}

func sendOnce(b *probe) {
	post := chat.Post{Key: "once", To: b.to(b.places.Open), Text: "only once", Buttons: []chat.Button{{Label: "OK", Value: chat.Value{Verb: "ok"}}}}
	first := b.send(post)
	if again := b.send(post); again != first {
		b.Errorf("the same key gave %+v and %+v", first, again)
	}
	var refs [8]chat.Ref
	var all sync.WaitGroup
	post.Key, post.Text = "at once", "at once"
	for i := range refs {
		all.Go(func() {
			var err error
			if refs[i], err = b.p.Send(b.Context(), post); err != nil {
				b.Errorf("Send: %v", err)
			}
		})
	}
	all.Wait()
	for _, r := range refs {
		if r != refs[0] {
			b.Errorf("the same key gave %+v and %+v", refs[0], r)
		}
	}
	for _, text := range []string{"only once", "at once"} {
		if n := b.count(b.open(), text); n != 1 {
			b.Errorf("%q stands %d times", text, n)
		}
	}
	if first.Platform != b.p.Name() || first.Workspace != b.places.Workspace || first.Channel != b.places.Open || first.Message == "" || first.Thread != "" {
		b.Errorf("reference = %+v", first)
	}
	under := b.send(chat.Post{Key: "under", To: b.under(first), Text: "under"})
	if under.Thread != first.Message || under.Root() != first {
		b.Errorf("in the thread of %+v the reference is %+v", first, under)
	}
	direct := b.send(chat.Post{Key: "direct", To: b.toPerson(b.places.Requester), Text: "for you"})
	if direct.Channel == "" || b.send(chat.Post{Key: "direct-2", To: b.toPerson(b.places.Requester), Text: "again"}).Channel != direct.Channel {
		b.Errorf("the direct conversation is %+v, and another one the next time", direct)
	}
}

func uncertainSend(b *probe) {
	net, ok := b.net.(Faulty)
	if !ok {
		b.Skip("this network does not go wrong on demand")
	}
	post := chat.Post{Key: "uncertain", To: b.to(b.places.Open), Text: "did it arrive?"}
	net.Uncertain(b.T)
	_, err := b.p.Send(b.Context(), post)
	if err == nil {
		b.Fatal("Send succeeded, want it to be uncertain")
	}
	if e := b.sendError(err); e.Gone || e.Refused != "" {
		b.Errorf("%+v: an uncertain post has to be tried again", e)
	}
	b.send(post)
	if n := b.count(b.open(), "did it arrive?"); n != 1 {
		b.Errorf("it stands %d times, want once", n)
	}
}

func editAndDelete(b *probe) {
	at := b.send(chat.Post{Key: "card", To: b.to(b.places.Open), Card: &chat.Card{Title: "HD-1 · new"}, Buttons: []chat.Button{
		{Label: "Claim", Value: chat.Value{Verb: "claim"}}, {Label: "Close", Value: chat.Value{Verb: "close"}, Confirm: "Sure?", Style: chat.Danger},
	}})
	find := func() *Shown {
		all := b.shown(b.places.Agent, b.open())
		if i := slices.IndexFunc(all, func(m Shown) bool { return m.Ref == at }); i >= 0 {
			return &all[i]
		}
		return nil
	}
	if m := find(); m == nil || !m.Bot || m.Title != "HD-1 · new" || !slices.Equal(m.Buttons, []string{"Claim", "Close"}) {
		b.Fatalf("shown %+v", m)
	}
	for range 2 { // an edit done again changes nothing
		if err := b.p.Edit(b.Context(), at, chat.Post{Card: &chat.Card{Title: "HD-1 · closed"}}); err != nil {
			b.Fatal(err)
		}
		if m := find(); m == nil || m.Title != "HD-1 · closed" || len(m.Buttons) != 0 {
			b.Errorf("after the edit: %+v", m)
		}
	}
	for range 2 {
		if err := b.p.Delete(b.Context(), at); err != nil {
			b.Errorf("Delete: %v", err)
		}
	}
	if m := find(); m != nil {
		b.Errorf("after the deletion: %+v", m)
	}
	if e := b.sendError(b.p.Edit(b.Context(), at, chat.Post{Text: "too late"})); !e.Gone {
		b.Errorf("edit of a deleted post: %v, want gone", e)
	}
	if again := b.send(chat.Post{Key: "card-2", To: b.to(b.places.Open), Card: &chat.Card{Title: "HD-1 · again"}}); again == at {
		b.Error("the new post has the deleted one's reference")
	}
}

func gone(b *probe) {
	for name, to := range map[string]chat.Place{"channel": b.to("no-such-channel"), "person": b.toPerson("no-such-person")} {
		_, err := b.p.Send(b.Context(), chat.Post{Key: "nowhere " + name, To: to, Text: "hello?"})
		if e := b.sendError(err); !e.Gone {
			b.Errorf("to an unknown %s: %v, want gone", name, e)
		}
	}
	elsewhere := b.to(b.places.Open)
	elsewhere.Workspace = "another-workspace"
	_, err := b.p.Send(b.Context(), chat.Post{Key: "elsewhere", To: elsewhere, Text: "hello?"})
	if e := b.sendError(err); e.Refused == "" && !e.Gone {
		b.Errorf("to another workspace: %v", e)
	}
	root := b.send(chat.Post{Key: "root", To: b.to(b.places.Open), Text: "root"})
	if err := b.p.Delete(b.Context(), root); err != nil {
		b.Fatal(err)
	}
	// Some networks keep a thread whose first message is gone; what must not be is an error that says nothing.
	if _, err := b.p.Send(b.Context(), chat.Post{Key: "orphan", To: b.under(root), Text: "anybody?"}); err != nil {
		if e := b.sendError(err); !e.Gone {
			b.Errorf("in a deleted thread: %v, want gone", e)
		}
	}
}

func rateLimit(b *probe) {
	net, ok := b.net.(Faulty)
	if !ok {
		b.Skip("this network has no limits on demand")
	}
	const every = 400 * time.Millisecond
	net.Limit(b.T, b.places.Closed, every)
	var limited *chat.SendError
	for i := range 5 {
		if _, err := b.p.Send(b.Context(), chat.Post{Key: fmt.Sprint("flood", i), To: b.to(b.places.Closed), Text: "flood"}); err != nil {
			limited = b.sendError(err)
			break
		}
	}
	if limited == nil || limited.Retry <= 0 || limited.Retry > 10*every {
		b.Fatalf("a flood gave %v, want when to try again", limited)
	}
	b.send(chat.Post{Key: "meanwhile", To: b.to(b.places.Open), Text: "elsewhere it goes on"})
	wait := time.NewTimer(limited.Retry + 50*time.Millisecond)
	defer wait.Stop()
	<-wait.C
	b.send(chat.Post{Key: "after", To: b.to(b.places.Closed), Text: "after the wait"})
}

func failure(b *probe) {
	net, ok := b.net.(Faulty)
	if !ok {
		b.Skip("this network does not go wrong on demand")
	}
	at := b.send(chat.Post{Key: "before", To: b.to(b.places.Open), Text: "before"})
	net.Fail(b.T, true)
	_, err := b.p.Send(b.Context(), chat.Post{Key: "lost", To: b.to(b.places.Open), Text: "lost?"})
	for what, err := range map[string]error{
		"Send": err, "Edit": b.p.Edit(b.Context(), at, chat.Post{Text: "x"}), "Delete": b.p.Delete(b.Context(), at),
	} {
		if err == nil {
			b.Errorf("%s succeeded on a network that fails", what)
		} else if e := b.sendError(err); e.Gone || e.Refused != "" {
			b.Errorf("%s: %v: a failure of the moment has to be tried again", what, e)
		}
	}
	net.Fail(b.T, false)
	b.send(chat.Post{Key: "lost", To: b.to(b.places.Open), Text: "lost?"})
	if n := b.count(b.open(), "lost?"); n != 1 {
		b.Errorf("it stands %d times, want once", n)
	}
}

func people(b *probe) {
	d, ok := b.p.(chat.Directory)
	if !ok {
		b.Skip("people can't be looked up here")
	}
	p, err := d.Person(b.Context(), b.places.Workspace, b.places.Requester)
	if err != nil || p.ID != b.places.Requester || p.Name == "" {
		b.Errorf("Person = %+v, %v", p, err)
	}
	if _, err := d.Person(b.Context(), b.places.Workspace, "no-such-person"); !errors.Is(err, chat.ErrUnknownPerson) {
		b.Errorf("an unknown person: %v, want ErrUnknownPerson", err)
	}
	members := func(channel string) (ids []string) {
		all, err := d.Members(b.Context(), b.places.Workspace, channel)
		if err != nil {
			b.Errorf("Members of %s: %v", channel, err)
		}
		for _, m := range all {
			ids = append(ids, m.ID)
		}
		return ids
	}
	if ids := members(b.places.Closed); !slices.Contains(ids, b.places.Agent) || slices.Contains(ids, b.places.Requester) {
		b.Errorf("members of the closed channel: %q", ids)
	}
	if ids := members(b.places.Open); !slices.Contains(ids, b.places.Agent) || !slices.Contains(ids, b.places.Requester) {
		b.Errorf("members of the open channel: %q", ids)
	}
	if all, err := d.Members(b.Context(), b.places.Workspace, "no-such-channel"); err == nil {
		b.Errorf("members of no channel: %+v", all)
	}
}

func threads(b *probe) {
	reader, ok := b.p.(chat.Threads)
	if !ok {
		b.Skip("threads can't be read here")
	}
	root := b.act(Act{Kind: Say, As: b.places.Requester, In: b.open(), Text: "root"}).Message
	thread := chat.Ref{Channel: b.places.Open, Thread: root.Message}
	last := root
	for i := range 3 {
		last = b.act(Act{Kind: Say, As: b.places.Agent, In: thread, Text: fmt.Sprint("reply ", i)}).Message
	}
	b.act(Act{Kind: Say, As: b.places.Requester, In: b.open(), Text: "not in it"})
	for _, ref := range []chat.Ref{root, last} { // from anywhere in the thread
		all, err := reader.Thread(b.Context(), ref.Root())
		if err != nil {
			b.Fatal(err)
		}
		var texts []string
		for _, m := range all {
			texts = append(texts, m.Text)
		}
		if !slices.Equal(texts, []string{"root", "reply 0", "reply 1", "reply 2"}) || all[0].Author.ID != b.places.Requester {
			b.Errorf("thread = %q", texts)
		}
	}
}

func backdated(b *probe) {
	if !b.p.Caps().BackdatedPost {
		b.Skip("posts have the time when they are sent here")
	}
	at := time.Now().Add(-48 * time.Hour).UTC().Truncate(time.Millisecond)
	ref := b.send(chat.Post{Key: "then", To: b.to(b.places.Open), Text: "two days ago", At: at})
	b.send(chat.Post{Key: "now", To: b.to(b.places.Open), Text: "now"})
	for _, m := range b.shown(b.places.Agent, b.open()) {
		if m.Ref == ref && !m.At.Equal(at) {
			b.Errorf("shown at %s, want %s", m.At, at)
		}
	}
}
