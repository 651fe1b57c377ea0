package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"balie/adapters/playground/wire"
)

// Person acts as somebody. It can be copied and shared.
type Person struct {
	c     *Client
	id    string
	nonce string
}

// As acts as the person with the id.
func (c *Client) As(id string) Person { return Person{c: c, id: id} }

// ID is who it acts as.
func (p Person) ID() string { return p.id }

// Direct is the person's direct conversation with the bot.
func (p Person) Direct() string { return "dm-" + p.id }

// Nonce is p with a fixed nonce: an action that is done again with it is the same action. Without one each call is an
// action of its own.
func (p Person) Nonce(nonce string) Person {
	p.nonce = nonce
	return p
}

// Workspace is what the person sees of the whole.
func (p Person) Workspace(ctx context.Context) (wire.Workspace, error) {
	var w wire.Workspace
	return w, p.c.get(ctx, "workspace", url.Values{"as": {p.id}}, &w)
}

// Messages reads the messages of a channel, the oldest first: the last limit ones (40 if it is 0) or, with a page's
// Before, those before it.
func (p Person) Messages(ctx context.Context, channel, before string, limit int) (wire.Page[wire.Message], error) {
	return p.page(ctx, "messages", url.Values{"channel": {channel}}, before, limit)
}

// Thread reads a thread, the root first.
func (p Person) Thread(ctx context.Context, root, before string, limit int) (wire.Page[wire.Message], error) {
	return p.page(ctx, "thread", url.Values{"root": {root}}, before, limit)
}

func (p Person) page(ctx context.Context, path string, q url.Values, before string, limit int) (wire.Page[wire.Message], error) {
	q.Set("as", p.id)
	if before != "" {
		q.Set("before", before)
	}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	var page wire.Page[wire.Message]
	return page, p.c.get(ctx, path, q, &page)
}

// Do sends any action: send, edit, delete, react, command, shortcut, click, submit, change or close. The methods below
// are easier to use.
func (p Person) Do(ctx context.Context, action string, req wire.Request) (wire.Answer, error) {
	req.As, req.Nonce = p.id, p.nonce
	if req.Nonce == "" {
		req.Nonce = Nonce()
	}
	var a wire.Answer
	return a, p.c.post(ctx, action, req, &a)
}

// Say posts a message in a channel or, with thread, under a root; with the ids of uploads.
func (p Person) Say(ctx context.Context, channel, thread, text string, uploads ...string) (wire.Answer, error) {
	return p.Do(ctx, "send", wire.Request{Channel: channel, Thread: thread, Text: text, Uploads: uploads})
}

// Edit changes the text of an own message.
func (p Person) Edit(ctx context.Context, message, text string) (wire.Answer, error) {
	return p.Do(ctx, "edit", wire.Request{Message: message, Text: text})
}

// Delete takes an own message back.
func (p Person) Delete(ctx context.Context, message string) (wire.Answer, error) {
	return p.Do(ctx, "delete", wire.Request{Message: message})
}

// React puts an emoji, by its short name, on a message, or takes it away.
func (p Person) React(ctx context.Context, message, emoji string, removed bool) (wire.Answer, error) {
	return p.Do(ctx, "react", wire.Request{Message: message, Emoji: emoji, Removed: removed})
}

// Command types "/name text" in a channel.
func (p Person) Command(ctx context.Context, channel, name, text string) (wire.Answer, error) {
	return p.Do(ctx, "command", wire.Request{Channel: channel, Name: name, Text: text})
}

// Shortcut chooses an action from a message's menu.
func (p Person) Shortcut(ctx context.Context, message, name string) (wire.Answer, error) {
	return p.Do(ctx, "shortcut", wire.Request{Message: message, Name: name})
}

// Click presses the button with the label, of a message's or private message's Buttons; for a menu, choice is one of its
// options, by label or value.
func (p Person) Click(ctx context.Context, buttons []wire.Button, label string, choice ...string) (wire.Answer, error) {
	i := slices.IndexFunc(buttons, func(b wire.Button) bool { return b.Label == label })
	if i < 0 {
		var labels []string
		for _, b := range buttons {
			labels = append(labels, b.Label)
		}
		return wire.Answer{}, fmt.Errorf("playground: no button %q among %q", label, labels)
	}
	for n, wanted := range choice {
		for _, o := range buttons[i].Options {
			if o.Label == wanted {
				choice = slices.Clone(choice)
				choice[n] = o.Value
			}
		}
	}
	return p.Do(ctx, "click", wire.Request{Token: buttons[i].Token, Choice: choice})
}

// Filled is what somebody typed into a form: values and ids of uploads, by field.
type Filled struct {
	Values map[string][]string
	Files  map[string][]string
}

// Submit sends a form. Answer.Errors tells what is wrong with it, if anything.
func (p Person) Submit(ctx context.Context, f *wire.Form, in Filled) (wire.Answer, error) {
	return p.Do(ctx, "submit", wire.Request{Token: f.Token, Values: in.Values, Files: in.Files})
}

// Change tells that a field was changed. Answer.Form, if set, is the form as it looks now.
func (p Person) Change(ctx context.Context, f *wire.Form, field string, in Filled) (wire.Answer, error) {
	return p.Do(ctx, "change", wire.Request{Token: f.Token, Field: field, Values: in.Values, Files: in.Files})
}

// Close closes a form without sending it.
func (p Person) Close(ctx context.Context, f *wire.Form, in Filled) (wire.Answer, error) {
	return p.Do(ctx, "close", wire.Request{Token: f.Token, Values: in.Values, Files: in.Files})
}

// Upload brings a file, to be posted or put into a form by its id.
func (p Person) Upload(ctx context.Context, name, mediaType string, content io.Reader) (wire.File, error) {
	nonce := p.nonce
	if nonce == "" {
		nonce = Nonce()
	}
	q := url.Values{"as": {p.id}, "nonce": {nonce}, "name": {name}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.c.base+"api/upload?"+q.Encode(), content)
	if err != nil {
		return wire.File{}, fmt.Errorf("playground: upload: %w", err)
	}
	req.Header.Set("Content-Type", mediaType)
	var a wire.Answer
	if err := p.c.do(req, "upload", &a); err != nil {
		return wire.File{}, err
	}
	return *a.File, nil
}

// Download reads a file of a message. The caller closes it.
func (p Person) Download(ctx context.Context, message, file string) (io.ReadCloser, http.Header, error) {
	path := "files/" + url.PathEscape(message) + "/" + url.PathEscape(file)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.c.base+"api/"+path+"?as="+url.QueryEscape(p.id), nil)
	if err != nil {
		return nil, nil, fmt.Errorf("playground: download: %w", err)
	}
	resp, err := p.c.http.Do(req)
	if err != nil {
		return nil, nil, fmt.Errorf("playground: download: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, nil, refusal(resp)
	}
	return resp.Body, resp.Header, nil
}
