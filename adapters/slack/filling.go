package slack

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"

	"balie/internal/chat"
)

// typedEvery is how often what is typed into one form is kept.
const typedEvery = 2 * time.Second

// openView is what this process knows of an open form.
type openView struct {
	mu     sync.Mutex
	latest string      // when its newest known change was, as Slack counts
	kept   time.Time   // when what was typed was kept
	last   chat.Values // as it was filled in then
	sent   bool        // it is open no more
}

func (s *Slack) openView(id string) *openView {
	fresh := &openView{}
	if v, ok, _ := s.views.PeekOrAdd(id, fresh); ok {
		return v
	}
	return fresh
}

// changed answers an answer that changed in an open form.
func (a *asked) changed(ctx context.Context) error {
	act := a.in.Actions[0]
	field, _ := fieldOf(act.BlockID)
	asked, ok := a.in.View.inputs()[act.BlockID]
	if !ok || !asked.Dispatch {
		return a.odd("a change of a question that does not change its form")
	}
	e, st, now := a.submitted(ctx)
	e.Submit.Changed = field
	e.ID += "|" + hashID(act.At, act.BlockID)
	open := a.openView(a.in.View.ID)
	open.mu.Lock()
	defer open.mu.Unlock()
	if open.sent || later(open.latest, act.At) {
		return nil // what this one tells is in the newer one, too
	}
	open.latest, open.last = act.At, e.Submit.Values
	if asked.typed() {
		if time.Since(open.kept) < typedEvery {
			return nil
		}
		if _, err := a.ask(ctx, a.h, e); err == nil {
			open.kept = time.Now()
		}
		return nil
	}
	said, err := a.ask(ctx, a.h, e)
	if err != nil {
		a.warn(ctx, said.Text)
		return nil
	}
	if said.Form != nil {
		v, _ := modal(said.Form, st, now)
		a.update(ctx, v)
	}
	return nil
}

// later says whether Slack's time a is after b. Both are seconds with six decimals.
func later(a, b string) bool {
	if len(a) != len(b) {
		return len(a) > len(b)
	}
	return a > b
}

// update replaces an open form. Whoever holds the form's newest change goes on if another update came between; that one
// was made of less.
func (a *asked) update(ctx context.Context, v slackapi.ModalViewRequest) {
	err := a.updateView(ctx, a.w, v, a.in.View.ID, a.in.View.Hash)
	if slackCode(err) == "hash_conflict" {
		err = a.updateView(ctx, a.w, v, a.in.View.ID, "")
	}
	if err != nil && slackCode(err) != "not_found" { // it was closed meanwhile
		a.log.WithError(a.w.sendError("bring a form up to date", err)).Warn("slack: a form could not be changed")
	}
}

func (s *Slack) updateView(ctx context.Context, w *workspace, v slackapi.ModalViewRequest, id, hash string) error {
	return s.pace.call(w.id+"|views.update", func() error {
		_, err := w.api.UpdateViewContext(ctx, v, "", hash, id)
		return err
	})
}

// warn tells in the open form that something could not be done.
func (a *asked) warn(ctx context.Context, wrong string) {
	var v slackapi.ModalViewRequest
	if err := json.Unmarshal([]byte(encode(a.again(wrong))), &v); err != nil {
		a.log.WithError(err).Warn("slack: a form could not be read back")
		return
	}
	a.update(ctx, v)
}

// again is the form as it came, with what is wrong above it and what was typed in it.
func (a *asked) again(wrong string) map[string]any {
	v := a.in.View
	var all map[string]map[string]map[string]any
	if json.Unmarshal(v.State.Values, &all) != nil {
		all = nil
	}
	blocks := []any{map[string]any{"type": "section", "block_id": alertBlock,
		"text": map[string]any{"type": "mrkdwn", "text": ":warning: " + outbound(wrong, 2600), "verbatim": true}}}
	for _, raw := range v.Blocks {
		var b map[string]any
		if json.Unmarshal(raw, &b) != nil || b["block_id"] == alertBlock {
			continue
		}
		id, _ := b["block_id"].(string)
		if element, ok := b["element"].(map[string]any); ok && all[id] != nil {
			filled(element, all[id][answerID])
		}
		blocks = append(blocks, b)
	}
	return map[string]any{"type": "modal", "callback_id": v.CallbackID, "private_metadata": v.Metadata, "notify_on_close": true,
		"title": v.Title, "submit": v.Submit, "blocks": blocks}
}

// filled has an element begin with what it was filled with.
func filled(element, with map[string]any) {
	for from, to := range map[string]string{
		"value": "initial_value", "selected_option": "initial_option", "selected_options": "initial_options",
		"selected_date": "initial_date", "selected_user": "initial_user",
	} {
		v, ok := with[from]
		if !ok {
			continue
		}
		delete(element, to)
		switch x := v.(type) {
		case nil:
			continue
		case string:
			if x == "" {
				continue
			}
		case []any:
			if len(x) == 0 {
				continue
			}
		}
		element[to] = v
	}
}

// submit answers a form that was sent.
func (a *asked) submit(ctx context.Context) (any, error) {
	e, st, now := a.submitted(ctx)
	if st.Form.Verb == "" {
		return nil, a.odd("a form that carries nothing")
	}
	// What is typed is not kept any more once it was sent: it would come back as a draft.
	open := a.openView(a.in.View.ID)
	open.mu.Lock()
	defer open.mu.Unlock()
	said, failed := a.ask(ctx, a.h, e)
	switch {
	case len(said.Errors) > 0:
		return a.wrong(ctx, e, st, now, said.Errors), nil
	case failed != nil:
		return a.above(said.Text), nil
	case said.Form != nil:
		v, _ := modal(said.Form, st, now)
		return answerUpdate(v), nil
	}
	open.sent = true
	if said.Public != nil && a.announce(ctx, a.w, e, *said.Public) != nil {
		return a.above(words(e.Person.Locale).noPost), nil
	}
	if said.Home != nil {
		a.showHome(ctx, a.w, e.Person.ID, *said.Home)
	}
	// What was asked for is stored: that the answer can't be shown is no reason to say anything else.
	a.soon(ctx, func(ctx context.Context) {
		if err := a.whisper(ctx, a.w, e, said, st.Later, false); err != nil {
			a.log.WithError(err).Warn("slack: the answer to a form could not be shown")
		}
	})
	return nil, nil
}

// answerUpdate is the answer that replaces an open form.
func answerUpdate(v any) map[string]any {
	return map[string]any{"response_action": "update", "view": v}
}

// wrong shows what is wrong at the questions that are there, else above the form. A question that is not there is asked
// first: the form is older than what it is about.
func (a *asked) wrong(ctx context.Context, e chat.Event, st state, now *standing, errs map[string]string) any {
	at := map[string]string{}
	var above, missing []string
	for _, id := range slices.Sorted(maps.Keys(errs)) {
		said := chat.Clean(errs[id])
		switch block, ok := now.blocks[id]; {
		case ok:
			at[block] = chat.Cut(said, labelTextMax)
		case id == "":
			above = append(above, said)
		default:
			above = append(above, said)
			missing = append(missing, id)
		}
	}
	if len(above) == 0 {
		return slackapi.NewErrorsViewSubmissionResponse(at)
	}
	text := strings.Join(above, "\n")
	if len(missing) > 0 {
		again := e
		s := *e.Submit
		s.Changed, again.Submit, again.ID = missing[0], &s, e.ID+"|again"
		if said, err := a.ask(ctx, a.h, again); err == nil && said.Form != nil {
			f := *said.Form
			f.Intro = strings.TrimPrefix(f.Intro+"\n\n"+text, "\n\n")
			v, _ := modal(&f, st, now)
			if answer := answerUpdate(v); len(encode(answer)) < ackMax {
				return answer
			}
		}
	}
	for _, said := range at { // both can't be shown at once
		text += "\n" + said
	}
	return a.above(text)
}

// above is the answer that leaves the form open, with what is wrong above it. Where that would be larger than an answer may
// be, it stands at the first question.
func (a *asked) above(wrong string) any {
	answer := answerUpdate(a.again(wrong))
	if len(encode(answer)) < ackMax {
		return answer
	}
	for _, raw := range a.in.View.Blocks {
		var b block
		if json.Unmarshal(raw, &b) == nil && b.Type == "input" {
			return slackapi.NewErrorsViewSubmissionResponse(map[string]string{b.BlockID: chat.Cut(chat.Clean(wrong), labelTextMax)})
		}
	}
	return answer
}

// closed takes note of a form that was closed without being sent.
func (a *asked) closed(ctx context.Context) error {
	e, st, _ := a.submitted(ctx)
	e.Submit.Closed = true
	e.ID += "|closed"
	open := a.openView(a.in.View.ID)
	open.mu.Lock()
	defer open.mu.Unlock()
	if len(e.Submit.Values) == 0 { // Slack does not tell what was typed
		if e.Submit.Values = open.last; e.Submit.Values == nil {
			e.Submit.Values = a.in.View.begun()
		}
	}
	a.views.Remove(a.in.View.ID)
	said, err := a.ask(ctx, a.h, e)
	if err == nil {
		err = a.whisper(ctx, a.w, e, said, st.Later, false)
	}
	if err != nil {
		a.log.WithError(err).Warn("slack: what was typed into a form that was closed could not be kept, or that it was not told")
	}
	return nil
}

// suggest gives the options of a question while somebody types.
func (a *asked) suggest(ctx context.Context) (any, error) {
	if a.in.View == nil || a.in.View.CallbackID != formCallback {
		return suggestions(nil), nil
	}
	e, st, _ := a.submitted(ctx)
	field, _ := fieldOf(a.in.BlockID)
	e.ID += "|lookup"
	values := st.Known.Clone()
	maps.Copy(values, e.Submit.Values)
	e.Query = &chat.Query{Form: e.Submit.Form, Field: field, Text: chat.Clean(a.in.Value), Values: values}
	e.Submit = nil
	said, _ := a.ask(ctx, a.h, e) // without options the person types on
	return suggestions(said.Options), nil
}

// suggestions are the answer to a question for options. The library leaves an empty list out, which Slack does not take.
func suggestions(list []chat.Option) map[string]any { return map[string]any{"options": options(list)} }
