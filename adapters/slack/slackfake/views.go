package slackfake

import (
	"encoding/json"
	"slices"
	"time"
)

// View is a modal or a home tab as the server has it. It is never changed once others know it: an update has the same id
// and another hash.
type View struct {
	ID, Hash, Type              string // Type is "modal" or "home"
	CallbackID, ExternalID      string
	PrivateMetadata             string
	Title, Submit, Close        string
	ClearOnClose, NotifyOnClose bool
	Blocks                      []json.RawMessage // all with a block_id, their elements with an action_id
	RootID, PreviousID          string

	parts                []widget // of the blocks
	w                    *Workspace
	user                 string
	title, submit, close any // as the app sent them
}

// maxStack is how many modals may lie on each other.
const maxStack = 3

// wire is the view as the Web API and interactions show it; state is what the person entered, as {"values": …}.
func (v *View) wire(state any) map[string]any {
	if state == nil {
		state = map[string]any{"values": map[string]any{}}
	}
	m := map[string]any{
		"id": v.ID, "team_id": v.w.ID, "type": v.Type, "private_metadata": v.PrivateMetadata, "callback_id": v.CallbackID,
		"state": state, "hash": v.Hash, "clear_on_close": v.ClearOnClose, "notify_on_close": v.NotifyOnClose,
		"root_view_id": v.RootID, "previous_view_id": nil, "app_id": v.w.s.AppID, "external_id": v.ExternalID,
		"app_installed_team_id": v.w.ID, "bot_id": "", "blocks": v.Blocks, "title": v.title, "submit": v.submit,
		"close": v.close,
	}
	if v.PreviousID != "" {
		m["previous_view_id"] = v.PreviousID
	}
	if v.w.grant != nil {
		m["bot_id"] = v.w.grant.bot.botID
	}
	return m
}

// trigger is what lets the app open a view for somebody.
type trigger struct {
	user string
	w    *Workspace
	view string // the modal that it came from
	made time.Time
	used bool
}

// newTrigger makes the trigger id of an interaction; view is the modal in which somebody did something, or empty. It is
// called with s.mu.
func (s *Server) newTrigger(w *Workspace, user, view string) string {
	id := digits(12) + "." + digits(11) + "." + random(16)
	s.triggers.add(id, &trigger{user: user, w: w, view: view, made: s.host.Now()})
	return id
}

// take uses a trigger.
func (s *Server) take(id string, g *grant) (*trigger, *refusal) {
	t := s.triggers.byID[id]
	switch {
	case t == nil || !g.covers(t.w):
		return nil, refuse("invalid_trigger_id")
	case t.used:
		return nil, refuse("exchanged_trigger_id")
	case s.host.Now().Sub(t.made) > s.o.TriggerLife:
		return nil, refuse("expired_trigger_id")
	}
	t.used = true
	return t, nil
}

// read checks a view that the app sent and fills a View with it. It needs no lock.
func (s *Server) read(raw json.RawMessage, kind string) (*View, *refusal) {
	const most = 250_000
	if len(raw) > most {
		s.host.Problem("a view of %d bytes is too large", len(raw))
		return nil, refuse("view_too_large")
	}
	v, problems := checkView(raw, kind)
	if len(problems) > 0 {
		s.host.Problem("a view that Slack refuses: %s", problems[0])
		return nil, refuse("invalid_arguments", problems...)
	}
	v.Hash = digits(10) + "." + random(4)
	return v, nil
}

// openView puts a view on a person's screen: alone, or on top of the others. It is called with s.mu, as those below.
func (s *Server) openView(a *account, v *View, push bool) *refusal {
	if !push {
		s.clearViews(a)
	}
	if len(a.stack) >= maxStack {
		return refuse("push_limit_reached")
	}
	if v.ExternalID != "" && a.w.external[v.ExternalID] != "" {
		return refuse("duplicate_external_id")
	}
	v.ID, v.w, v.user = s.id("V"), a.w, a.id
	v.RootID = v.ID
	if len(a.stack) > 0 {
		v.RootID, v.PreviousID = a.stack[0], a.stack[len(a.stack)-1]
	}
	a.stack = append(a.stack, v.ID)
	s.keepView(v)
	return nil
}

func (s *Server) keepView(v *View) {
	s.views[v.ID] = v
	s.rendered(v)
	if v.ExternalID != "" {
		v.w.external[v.ExternalID] = v.ID
	}
}

func (s *Server) dropView(v *View) {
	delete(s.views, v.ID)
	if v.ExternalID != "" {
		delete(v.w.external, v.ExternalID)
	}
}

// replaceView updates a view that is open.
func (s *Server) replaceView(old, next *View) *refusal {
	if next.ExternalID != "" && next.ExternalID != old.ExternalID && old.w.external[next.ExternalID] != "" {
		return refuse("duplicate_external_id")
	}
	if next.Type != old.Type {
		return refuse("invalid_arguments", "[ERROR] the type of a view cannot change [json-pointer:/view/type]")
	}
	next.ID, next.w, next.user, next.RootID, next.PreviousID = old.ID, old.w, old.user, old.RootID, old.PreviousID
	s.dropView(old)
	s.keepView(next)
	return nil
}

// closeView takes the top view, or one below with those above it, from a person's screen.
func (s *Server) closeView(a *account, id string) {
	i := slices.Index(a.stack, id)
	if i < 0 {
		return
	}
	for _, gone := range a.stack[i:] {
		s.dropView(s.views[gone])
	}
	a.stack = a.stack[:i]
}

// clearViews closes all views of a person.
func (s *Server) clearViews(a *account) {
	if len(a.stack) > 0 {
		s.closeView(a, a.stack[0])
	}
}

// topView is the view that a person looks at, nil without one.
func (s *Server) topView(a *account) *View {
	if len(a.stack) == 0 {
		return nil
	}
	return s.views[a.stack[len(a.stack)-1]]
}

func viewsOpen(c *call) (answer, *refusal) { return c.present(false) }
func viewsPush(c *call) (answer, *refusal) { return c.present(true) }

func (c *call) present(push bool) (answer, *refusal) {
	s := c.s
	id := c.str("trigger_id")
	if id == "" {
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: trigger_id")
	}
	v, no := s.read(c.raw("view"), "modal")
	s.mu.Lock()
	defer s.mu.Unlock()
	if no != nil {
		return nil, no
	}
	t, no := s.take(id, c.grant)
	if no != nil {
		return nil, no
	}
	a := s.accounts[t.user]
	if push && (t.view == "" || !slices.Contains(a.stack, t.view)) {
		return nil, refuse("invalid_trigger_id")
	}
	if no := s.openView(a, v, push); no != nil {
		return nil, no
	}
	return answer{"view": v.wire(nil)}, nil
}

func viewsUpdate(c *call) (answer, *refusal) {
	s := c.s
	next, no := s.read(c.raw("view"), "")
	s.mu.Lock()
	defer s.mu.Unlock()
	if no != nil {
		return nil, no
	}
	id := c.str("view_id")
	if external := c.str("external_id"); id == "" && external != "" && c.grant.w != nil {
		id = c.grant.w.external[external]
	}
	old := s.views[id]
	if old == nil || !c.grant.covers(old.w) {
		return nil, refuse("not_found")
	}
	if h := c.str("hash"); h != "" && h != old.Hash {
		return nil, refuse("hash_conflict")
	}
	if no := s.replaceView(old, next); no != nil {
		return nil, no
	}
	if a := s.accounts[next.user]; next.Type == "home" {
		a.home = next
	}
	return answer{"view": next.wire(nil)}, nil
}

func viewsPublish(c *call) (answer, *refusal) {
	s := c.s
	next, no := s.read(c.raw("view"), "home")
	s.mu.Lock()
	defer s.mu.Unlock()
	if no != nil {
		return nil, no
	}
	a := s.accounts[c.str("user_id")]
	if a == nil || !c.grant.covers(a.w) || a.Bot {
		return nil, refuse("invalid_arguments", "[ERROR] user_id is not a valid user")
	}
	old := a.home
	if h := c.str("hash"); h != "" && (old == nil || h != old.Hash) {
		return nil, refuse("hash_conflict")
	}
	if old != nil {
		if no := s.replaceView(old, next); no != nil {
			return nil, no
		}
	} else {
		next.ID, next.w, next.user = s.id("V"), a.w, a.id
		next.RootID = next.ID
		s.keepView(next)
	}
	a.home = next
	return answer{"view": next.wire(nil)}, nil
}

// Trigger is a new trigger id of somebody's in the first workspace, as a command has it.
func (s *Server) Trigger(name string) string { return s.TriggerIn(name, "") }

// TriggerIn is a new trigger id of somebody's who did something in a modal.
func (s *Server) TriggerIn(name, viewID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newTrigger(s.main, s.main.idOf(name), viewID)
}
