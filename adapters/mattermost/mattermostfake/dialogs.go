package mattermostfake

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/mattermost/mattermost/server/public/model"
)

// openDialog shows a dialog to whose trigger it is. The trigger is all that is asked for.
func openDialog(c *call) (any, *model.AppError) {
	var in model.OpenDialogRequest
	if e := c.decode(&in, "dialog"); e != nil {
		return nil, e
	}
	if in.URL == "" {
		return nil, invalidBody("url")
	}
	client, user, e := c.s.openTrigger(in.TriggerId)
	if e != nil {
		return nil, e
	}
	if err := in.IsValid(); err != nil {
		c.s.host.Note("a dialog is invalid: %v", err)
	}
	in.TriggerId = client
	c.s.understand(&in.Dialog)
	c.s.publish(model.WebsocketEventOpenDialog, toUser(user), map[string]any{"dialog": encoded(in)})
	return ok200, nil
}

// understand takes out of a dialog what a server of this age does not know, and notes what it can't show.
func (s *Server) understand(d *model.Dialog) {
	v := s.version
	if !v.atLeast(11, 1) {
		d.SourceURL = ""
	}
	d.Elements = slices.Clone(d.Elements)
	for i := range d.Elements {
		e := &d.Elements[i]
		switch {
		case (e.Type == "date" || e.Type == "datetime") && !v.atLeast(11, 1),
			(e.Type == "file" || e.Type == "action_button") && !v.atLeast(11, 10):
			s.host.Note("a server %s has no dialog elements of type %q", v, e.Type)
		case (e.DataSource == "dynamic" || e.MultiSelect) && !v.atLeast(11, 0):
			s.host.Note("a server %s has no dynamic or multiple choice in dialogs", v)
		}
		if !v.atLeast(11, 0) {
			e.MultiSelect, e.DataSourceURL = false, ""
		}
		if !v.atLeast(11, 1) {
			e.Refresh = false
		}
		if !v.atLeast(11, 6) {
			e.DateTimeConfig = nil
		}
		if !v.atLeast(11, 10) {
			e.AllowMultiple, e.ActionButton = false, nil
		}
	}
}

// dialogCall reads what a client sends about a dialog and refuses who may not read the channel it names.
func (c *call) dialogCall() (*model.SubmitDialogRequest, *model.AppError) {
	var in model.SubmitDialogRequest
	if e := c.decode(&in, "dialog"); e != nil {
		return nil, e
	}
	if in.URL == "" {
		return nil, invalidBody("url")
	}
	in.UserId = c.me.Id
	ch := c.s.channels[in.ChannelId]
	switch {
	case ch == nil:
		return nil, fault(http.StatusNotFound, noChannel)
	case !c.s.canRead(c.me.Id, ch):
		return nil, notPermitted(c, model.PermissionReadChannelContent)
	case in.TeamId == "" && ch.TeamId == "" && c.s.version.atLeast(11, 10):
	case !c.s.canTeam(c.me.Id, in.TeamId, model.PermissionViewTeam):
		return nil, notPermitted(c, model.PermissionViewTeam)
	}
	if !c.s.version.atLeast(11, 10) {
		in.FileIds = nil
	}
	for _, id := range in.FileIds {
		if f := c.s.files[id]; f == nil || f.info.CreatorId != c.me.Id {
			return nil, notPermitted(c, model.PermissionReadChannelContent)
		}
	}
	return &in, nil
}

func submitDialog(c *call) (any, *model.AppError) {
	in, e := c.dialogCall()
	if e != nil {
		return nil, e
	}
	s := c.s
	target := in.URL
	in.URL = ""
	if in.Type != "refresh" || !s.version.atLeast(11, 1) {
		in.Type = "dialog_submission"
	}
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fault(http.StatusBadRequest, "app.submit_interactive_dialog.json_error")
	}
	answer, e := s.ask(target, body)
	if e != nil {
		return nil, e
	}
	var r model.SubmitDialogResponse
	if len(answer) == 0 {
		return &r, nil
	}
	if json.Unmarshal(answer, &r) != nil {
		s.host.Note("a dialog was answered with something that is no JSON")
		return nil, fault(http.StatusInternalServerError, "app.submit_interactive_dialog.decode_json_error")
	}
	if !s.version.atLeast(11, 1) {
		if r.Type != "" {
			s.host.Note("a server %s does not know the answer type %q", s.version, r.Type)
		}
		r.Type, r.Form = "", nil
	}
	if err := r.IsValid(); err != nil {
		s.host.Note("the answer to a dialog is invalid: %v", err)
		if r.Form == nil || r.Type != "form" {
			e := fault(http.StatusBadRequest, "app.submit_interactive_dialog.invalid_response")
			e.DetailedError = err.Error()
			return nil, e
		}
	}
	if r.Form != nil {
		s.understand(r.Form)
	}
	return &r, nil
}

func lookupDialog(c *call) (any, *model.AppError) {
	if !c.s.version.atLeast(11, 0) {
		return nil, fault(http.StatusNotFound, "api.context.404.app_error")
	}
	in, e := c.dialogCall()
	if e != nil {
		return nil, e
	}
	if !model.IsValidLookupURL(in.URL) {
		return nil, invalidBody("url")
	}
	target := in.URL
	in.URL, in.Type = "", "dialog_lookup"
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fault(http.StatusBadRequest, "app.lookup_interactive_dialog.json_error")
	}
	answer, e := c.s.ask(target, body)
	if e != nil {
		return nil, e
	}
	var r model.LookupDialogResponse
	if len(answer) > 0 && json.Unmarshal(answer, &r) != nil {
		c.s.host.Note("a lookup was answered with something that is no JSON")
		return nil, fault(http.StatusInternalServerError, "app.lookup_interactive_dialog.decode_json_error")
	}
	return &r, nil
}
