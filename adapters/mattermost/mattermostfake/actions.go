package mattermostfake

import (
	"encoding/json"
	"net/http"

	"github.com/mattermost/mattermost/server/public/model"
)

const (
	actionFailed = "api.post.do_action.action_integration.app_error"
	noActionID   = "api.post.do_action.action_id.app_error"
)

func (s *Server) actionRoutes() []route {
	return []route{
		{method: "POST", path: "/posts/{post}/actions/{action}", do: doAction},
		{method: "POST", path: "/actions/dialogs/open", do: openDialog, open: true},
		{method: "POST", path: "/actions/dialogs/submit", do: submitDialog},
		{method: "POST", path: "/actions/dialogs/lookup", do: lookupDialog},
	}
}

// clicked is a button that was clicked, or a menu with a choice.
type clicked struct {
	kind, source, url string
	context           map[string]any
	channel           *model.Channel
	root              string
	post              *model.Post // nil if it is only somebody's to see
	retain            map[string]any
}

func doAction(c *call) (any, *model.AppError) {
	var in model.DoPostActionRequest
	_ = json.Unmarshal(c.body, &in) // the real server only logs
	k, e := c.clicked(in.Cookie)
	if e != nil {
		return nil, e
	}
	s := c.s
	r := &model.PostActionIntegrationRequest{
		UserId: c.me.Id, UserName: c.me.Username, ChannelId: k.channel.Id, ChannelName: k.channel.Name, TeamId: k.channel.TeamId,
		PostId: c.params["post"], Type: k.kind, Context: k.context,
	}
	if t := s.teams[k.channel.TeamId]; t != nil {
		r.TeamName = t.Name
	}
	if k.kind == model.PostActionTypeSelect && in.SelectedOption != "" {
		if r.Context == nil {
			r.Context = map[string]any{}
		}
		r.DataSource = k.source
		r.Context["selected_option"] = in.SelectedOption
	}
	client, sealed := s.newTrigger(c.me.Id)
	r.TriggerId = sealed
	body, err := json.Marshal(r)
	if err != nil {
		return nil, fault(http.StatusInternalServerError, "api.marshal_error")
	}
	a, e := s.ask(k.url, body)
	if e != nil {
		return nil, e
	}
	var resp model.PostActionIntegrationResponse
	if len(a) > 0 && json.Unmarshal(a, &resp) != nil {
		s.host.Note("an action was answered with something that is no JSON")
		return nil, fault(http.StatusBadRequest, actionFailed)
	}
	if e := s.afterAction(c, k, &resp); e != nil {
		return nil, e
	}
	return &model.PostActionAPIResponse{Status: "OK", TriggerId: client}, nil
}

// clicked finds what was clicked: in the post, or else in the cookie of one that only one person saw.
func (c *call) clicked(cookie string) (*clicked, *model.AppError) {
	s := c.s
	var secret *model.PostActionCookie
	if cookie != "" {
		text, err := model.DecryptPostActionCookie(cookie, s.secret)
		if err != nil || json.Unmarshal([]byte(text), &secret) != nil {
			return nil, fault(http.StatusBadRequest, actionFailed)
		}
		ch := s.channels[secret.ChannelId]
		if ch == nil {
			return nil, fault(http.StatusNotFound, noChannel)
		}
		if !s.canRead(c.me.Id, ch) {
			return nil, notPermitted(c, model.PermissionReadChannelContent)
		}
	}
	p := s.posts[c.params["post"]]
	if secret == nil && (p == nil || p.DeleteAt != 0 || !s.canRead(c.me.Id, s.channels[p.ChannelId])) {
		if p == nil && s.isAdmin(c.me.Id) {
			return nil, fault(http.StatusNotFound, noPost)
		}
		if p == nil || !s.canRead(c.me.Id, s.channels[p.ChannelId]) {
			return nil, notPermitted(c, model.PermissionReadChannelContent)
		}
		return nil, fault(http.StatusNotFound, noPost)
	}
	if p == nil || p.DeleteAt != 0 {
		if secret.Integration == nil || secret.PostId != c.params["post"] {
			return nil, fault(http.StatusBadRequest, actionFailed)
		}
		return &clicked{
			kind: secret.Type, source: secret.DataSource, url: secret.Integration.URL, context: secret.Integration.Context,
			channel: s.channels[secret.ChannelId], root: secret.RootPostId, retain: secret.RetainProps,
		}, nil
	}
	action := p.GetAction(c.params["action"])
	if action == nil || action.Integration == nil {
		return nil, fault(http.StatusNotFound, noActionID)
	}
	k := &clicked{
		kind: action.Type, source: action.DataSource, url: action.Integration.URL, context: action.Integration.Context,
		channel: s.channels[p.ChannelId], root: p.RootId, post: p, retain: map[string]any{},
	}
	if k.root == "" {
		k.root = p.Id
	}
	for _, key := range s.retained() {
		if v, ok := p.GetProps()[key]; ok {
			k.retain[key] = v
		}
	}
	return k, nil
}

// retained are the props that an integration can't change by its answer.
func (s *Server) retained() []string {
	keys := []string{model.PostPropsFromWebhook, model.PostPropsOverrideUsername, model.PostPropsOverrideIconURL}
	if s.version.atLeast(11, 10) {
		keys = append(keys, model.PostPropsFromBot, model.PostPropsFromPlugin)
	}
	return keys
}

// ask calls an integration that has to answer with 200.
func (s *Server) ask(target string, body []byte) ([]byte, *model.AppError) {
	a, err := s.integrate(target, http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}, body)
	if err != nil {
		e := fault(http.StatusBadRequest, actionFailed)
		e.DetailedError = err.Error()
		return nil, e
	}
	if a.status != http.StatusOK {
		e := fault(http.StatusBadRequest, actionFailed)
		e.DetailedError = "status=" + a.line
		return nil, e
	}
	return a.body, nil
}

// afterAction does what an integration answered to a click.
func (s *Server) afterAction(c *call, k *clicked, r *model.PostActionIntegrationResponse) *model.AppError {
	if u := r.Update; u != nil {
		if k.post == nil {
			return fault(http.StatusNotFound, noPost)
		}
		old := s.posts[k.post.Id] // it may have changed meanwhile
		if old == nil || old.DeleteAt != 0 {
			return fault(http.StatusNotFound, noPost)
		}
		if u.GetProps() == nil {
			u.SetProps(k.post.GetProps())
		} else {
			for _, key := range s.retained() {
				u.DelProp(key)
			}
			for key, v := range k.retain {
				u.AddProp(key, v)
			}
		}
		u.IsPinned = k.post.IsPinned
		u.FileIds = old.FileIds
		if _, e := s.replace(old, u, "api.post.update_post.can_not_update_post_in_deleted.error"); e != nil {
			return e
		}
	}
	if r.EphemeralText != "" {
		p := &model.Post{Message: r.EphemeralText, ChannelId: k.channel.Id, RootId: k.root, UserId: c.me.Id}
		if !r.SkipSlackParsing {
			p.Message = model.ParseSlackLinksToMarkdown(p.Message)
		}
		for key, v := range k.retain {
			p.AddProp(key, v)
		}
		s.sendEphemeral(c.me.Id, p)
	}
	return nil
}
