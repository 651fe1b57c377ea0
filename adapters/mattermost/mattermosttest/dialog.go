package mattermosttest

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"
)

// Dialog is what a person has open. Its Dialog is what it looks like now; the address that it is sent to and the callback id
// stay those of the first step, as in the web client.
type Dialog struct {
	model.OpenDialogRequest
	ChannelID string // where the person is
	TeamID    string

	first  model.Dialog
	values map[string]any // that were sent by now, in this step or an earlier one
}

func (u *User) opened(r *model.OpenDialogRequest, channelID string) *Dialog {
	return &Dialog{OpenDialogRequest: *r, ChannelID: channelID, TeamID: u.town.Team.Id, first: r.Dialog}
}

// Submit sends a dialog. Values that are not given are the defaults that it shows; nil empties a field. What was sent in
// earlier steps is sent again. Any value is sent, also one that a client would complain of at once.
func (u *User) Submit(ctx context.Context, d *Dialog, values map[string]any, fileIDs ...string) (Answer, error) {
	request := d.request(d.filled(values))
	request.FileIds = fileIDs
	return u.answer(ctx, d, d.URL, request)
}

// Refresh changes a field on which others depend and asks how the dialog looks now.
func (u *User) Refresh(ctx context.Context, d *Dialog, field string, values map[string]any) (Answer, error) {
	element := d.Element(field)
	switch {
	case element == nil || !element.Refresh:
		return Answer{}, fmt.Errorf("dialog %q has no field %q that refreshes it", d.Dialog.Title, field)
	case d.first.SourceURL == "":
		return Answer{}, fmt.Errorf("dialog %q has no source_url, so no client refreshes it", d.Dialog.Title)
	}
	request := d.request(d.filled(values))
	request.Type = "refresh"
	return u.answer(ctx, d, d.first.SourceURL, request)
}

// Cancel closes a dialog without sending it. The bot hears of it only if it asked to; values never get there.
func (u *User) Cancel(ctx context.Context, d *Dialog, _ map[string]any) (Answer, error) {
	if !d.first.NotifyOnCancel {
		return Answer{}, nil
	}
	request := d.request(map[string]any{})
	request.URL, request.State, request.Cancelled = d.URL, d.first.State, true
	a, _, err := u.do(ctx, d.ChannelID, "/actions/dialogs/submit", request)
	a.Dialog = nil
	return a, err
}

// Element is the element of that name, nil if there is none.
func (d *Dialog) Element(name string) *model.DialogElement {
	for i := range d.Dialog.Elements {
		if d.Dialog.Elements[i].Name == name {
			return &d.Dialog.Elements[i]
		}
	}
	return nil
}

func (d *Dialog) request(values map[string]any) model.SubmitDialogRequest {
	state := d.Dialog.State
	if state == "" {
		state = d.first.State
	}
	return model.SubmitDialogRequest{CallbackId: d.first.CallbackId, State: state, ChannelId: d.ChannelID, TeamId: d.TeamID,
		Submission: values}
}

// filled is what is sent: what was sent before, then what the dialog shows, then what the person puts into it.
func (d *Dialog) filled(values map[string]any) map[string]any {
	all := map[string]any{}
	maps.Copy(all, d.values)
	for i := range d.Dialog.Elements {
		e := &d.Dialog.Elements[i]
		switch {
		case e.Type == "bool":
			all[e.Name] = strings.EqualFold(e.Default, "true")
		case e.Default == "":
		case e.MultiSelect:
			all[e.Name] = strings.Split(e.Default, ",")
		default:
			all[e.Name] = e.Default
		}
	}
	for name, value := range values {
		if value == nil {
			delete(all, name)
		} else {
			all[name] = value
		}
	}
	return all
}

// answer sends what a dialog sends, and says what is open then.
func (u *User) answer(ctx context.Context, d *Dialog, url string, request model.SubmitDialogRequest) (Answer, error) {
	request.URL = url
	a, r, err := u.do(ctx, d.ChannelID, "/actions/dialogs/submit", request)
	if err != nil {
		return a, err
	}
	next := *d
	next.values = request.Submission
	a.Error, a.Errors = r.Error, r.Errors
	switch {
	case a.Status >= 400 || r.Error != "" || len(r.Errors) > 0:
		a.Dialog = &next
	case r.Type == string(model.SubmitDialogResponseTypeForm) && r.Form != nil:
		next.Dialog = *r.Form
		a.Dialog = &next
	case request.Type == "refresh":
		a.Dialog = &next
	default:
		a.Dialog = nil
	}
	return a, nil
}
