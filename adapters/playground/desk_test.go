package playground_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"sync"
	"time"

	"balie/internal/chat"
)

// desk is a very small helpdesk, with every kind of field and post, for tests that need somebody at the other end. What
// it posts goes out one after the other, never while an event is being answered.
type desk struct {
	w     *world
	posts chan func(context.Context)
	ended sync.WaitGroup

	mu      sync.Mutex
	tickets int
	card    chat.Ref
	root    chat.Ref
	who     chat.Person
	owner   string
	summary string
}

func newDesk(w *world) *desk {
	d := &desk{w: w, posts: make(chan func(context.Context), 100)}
	w.setAnswer(d.handle)
	d.ended.Go(func() {
		for post := range d.posts {
			post(context.Background())
		}
	})
	w.Cleanup(func() {
		w.setAnswer(nil)
		close(d.posts)
		d.ended.Wait()
	})
	return d
}

func (d *desk) form(v chat.Values) *chat.Form {
	f := &chat.Form{
		Value: chat.Value{Verb: "open"}, Title: "New ticket", Submit: "Create ticket",
		Intro: "Tell us what is wrong. **Urgent**? Call *extension 12*.",
		Fields: []chat.Field{
			{ID: "summary", Kind: chat.TextField, Label: "Summary", Required: true, Value: v["summary"], Max: 200, Hint: "One line, as you would say it"},
			{ID: "category", Kind: chat.SelectField, Label: "Category", Required: true, Refresh: true, Value: v["category"],
				Options: []chat.Option{{Value: "hardware", Label: "Hardware", Hint: "printers, laptops"}, {Value: "access", Label: "Access"}}},
		},
	}
	switch v.Get("category") {
	case "hardware":
		f.Fields = append(f.Fields,
			chat.Field{ID: "asset", Kind: chat.TextField, Label: "Asset tag", Required: true, Placeholder: "P-123", Value: v["asset"]},
			chat.Field{ID: "affected", Kind: chat.MultiField, Label: "What does not work", Value: v["affected"],
				Options: []chat.Option{{Value: "print", Label: "Printing"}, {Value: "scan", Label: "Scanning", Hint: "to mail or disk"}, {Value: "copy", Label: "Copying"}}})
	case "access":
		f.Fields = append(f.Fields,
			chat.Field{ID: "for", Kind: chat.PersonField, Label: "For whom", Value: v["for"]},
			chat.Field{ID: "until", Kind: chat.DateField, Label: "Until", Value: v["until"]})
	}
	f.Fields = append(f.Fields,
		chat.Field{ID: "priority", Kind: chat.SelectField, Label: "Priority", Value: v["priority"],
			Options: []chat.Option{{Value: "high", Label: "High"}, {Value: "normal", Label: "Normal"}}},
		chat.Field{ID: "description", Kind: chat.LongTextField, Label: "Description", Value: v["description"]},
		chat.Field{ID: "shot", Kind: chat.FileField, Label: "Screenshot", Max: 3},
		chat.Field{ID: "agree", Kind: chat.CheckboxField, Label: "My colleagues have it too", Value: v["agree"]})
	return f
}

func (d *desk) handle(_ context.Context, e chat.Event) (chat.Reply, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case e.Command != nil && e.Command.Text == "mine":
		return chat.Reply{Text: "You have **one** open ticket.", Posts: []chat.Post{{Card: d.ticketCard()}}}, nil
	case e.Command != nil:
		return chat.Reply{Form: d.form(chat.Values{"summary": {e.Command.Text}})}, nil
	case e.Shortcut != nil:
		return chat.Reply{Form: d.form(chat.Values{"summary": {e.Shortcut.Message.Text}})}, nil
	case e.Submit != nil && e.Submit.Changed != "":
		return chat.Reply{Form: d.form(e.Submit.Values)}, nil
	case e.Submit != nil && e.Submit.Closed:
		return chat.Reply{Text: "Kept for later: /ticket opens it again."}, nil
	case e.Submit != nil:
		return d.submitted(e)
	case e.Click != nil:
		return d.clicked(e)
	case e.Message != nil && e.Thread != "" && e.Thread == d.root.Message && !e.Message.Edited && !e.Message.Deleted:
		text, key := e.Message.Text, e.ID
		d.posts <- func(ctx context.Context) {
			d.post(ctx, chat.Post{Key: key, To: d.under(d.card), Author: d.author(), Text: text})
		}
	}
	return chat.Reply{}, nil
}

func (d *desk) submitted(e chat.Event) (chat.Reply, error) {
	if v := e.Submit.Values; v.Get("category") == "hardware" && v.Get("asset") == "" {
		return chat.Reply{Errors: map[string]string{"asset": "Which one is it? The tag is on the back."}}, nil
	}
	d.tickets++
	d.who, d.summary, d.owner = e.Person, e.Submit.Values.Get("summary"), ""
	n := d.tickets
	d.posts <- func(ctx context.Context) { d.opened(ctx, n) }
	return chat.Reply{Text: fmt.Sprintf("Thank you, your ticket is **HD-%05d**.", n)}, nil
}

func (d *desk) opened(ctx context.Context, n int) {
	picture := screenshot()
	file := chat.OutFile{Name: "screenshot.png", Type: "image/png", Size: int64(len(picture)), Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(picture)), nil
	}}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.card = d.post(ctx, chat.Post{Key: fmt.Sprint("card", n), To: d.w.channel("ict-triage"), Card: d.ticketCard(), Buttons: d.buttons(), Mention: []string{"bram"}})
	d.root = d.post(ctx, chat.Post{Key: fmt.Sprint("root", n), To: d.w.direct(d.who.ID), Card: d.ticketCard(), Files: []chat.OutFile{file},
		Text: "We have your ticket. Type **in this thread** to add something.", Buttons: []chat.Button{{Label: "Close", Style: chat.Danger, Confirm: "Close the ticket?", Value: chat.Value{Verb: "close"}}}})
}

func (d *desk) clicked(e chat.Event) (chat.Reply, error) {
	switch {
	case e.Click.Value.Verb == "claim" && d.owner != "":
		return chat.Reply{Text: d.owner + " was first."}, nil
	case e.Click.Value.Verb == "claim":
		d.owner = e.Person.Name
	case e.Click.Value.Verb == "assign":
		d.owner = e.Click.Choice[0]
	default:
		return chat.Reply{}, nil
	}
	card, key, owner := d.card, e.ID, d.owner
	d.posts <- func(ctx context.Context) {
		d.mu.Lock()
		p := chat.Post{Card: d.ticketCard(), Buttons: d.buttons()}
		d.mu.Unlock()
		if err := d.w.Edit(ctx, card, p); err != nil {
			d.w.Errorf("Edit: %v", err)
		}
		d.post(ctx, chat.Post{Key: key, To: d.under(d.root), Text: owner + " took your ticket.", Mention: []string{d.who.ID}})
	}
	return chat.Reply{}, nil
}

func (d *desk) ticketCard() *chat.Card {
	c := &chat.Card{
		Title: fmt.Sprintf("HD-%05d · %s", max(1, d.tickets), d.summary), Tone: chat.Warn, Author: d.author(),
		Text: "The printer says **E-42** and makes a noise like a `coffee grinder`.",
		Facts: []chat.Fact{
			{Label: "Status", Value: "New"}, {Label: "Assignee", Value: "Nobody"}, {Label: "Priority", Value: "Normal"},
			{Label: "Asked for", Value: "High"}, {Label: "Category", Value: "Hardware"}, {Label: "Opened", Since: time.Now().Add(-12 * time.Minute)},
		},
	}
	if d.owner != "" {
		c.Tone, c.Facts[0].Value, c.Facts[1].Value = chat.Info, "In progress", d.owner
	}
	return c
}

func (d *desk) buttons() []chat.Button {
	var out []chat.Button
	if d.owner == "" {
		out = append(out, chat.Button{Label: "Claim", Style: chat.Primary, Value: chat.Value{Verb: "claim"}})
	}
	return append(out, chat.Button{Label: "Reply", Value: chat.Value{Verb: "reply"}}, chat.Button{Label: "Resolve", Value: chat.Value{Verb: "resolve"}},
		chat.Button{Label: "Assign", Value: chat.Value{Verb: "assign"}, Options: []chat.Option{{Value: "Bram", Label: "Bram de Wit", Hint: "3 open"}, {Value: "Carla", Label: "Carla Jansen", Hint: "1 open"}}})
}

func (d *desk) author() *chat.Author { return &chat.Author{Name: d.who.Name, Avatar: d.who.Avatar} }

func (d *desk) under(r chat.Ref) chat.Place {
	return chat.Place{Platform: r.Platform, Workspace: r.Workspace, Channel: r.Channel, Thread: r.Message}
}

func (d *desk) post(ctx context.Context, p chat.Post) chat.Ref {
	ref, err := d.w.Send(ctx, p)
	if err != nil {
		d.w.Errorf("Send: %v", err)
	}
	return ref
}

// screenshot is a picture to attach.
func screenshot() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 320, 180))
	for y := range 180 {
		for x := range 320 {
			img.Set(x, y, color.RGBA{uint8(60 + x/4), uint8(110 + y/3), 150, 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}
