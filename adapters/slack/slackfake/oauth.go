package slackfake

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// manifest are the scopes that the app asks for.
var manifest = []string{
	"commands", "chat:write", "chat:write.customize", "channels:history", "groups:history", "im:history", "mpim:history",
	"channels:read", "groups:read", "im:read", "mpim:read", "im:write", "users:read", "users:read.email", "usergroups:read",
	"files:read", "files:write", "reactions:read",
}

// code is what an admin's consent gives the app.
type code struct {
	w        *Workspace
	org      string
	scopes   []string
	redirect string
	made     time.Time
	used     bool
}

const codeLife = 10 * time.Minute

// scopes are what is granted in the workspace.
func (w *Workspace) scopes() []string {
	if w.o.Scopes != nil {
		return w.o.Scopes
	}
	return manifest
}

// install installs the app: in a workspace, or in an organisation. It is called with s.mu.
func (s *Server) install(w *Workspace, org string, scopes []string) *grant {
	at := []*Workspace{w}
	if org != "" {
		at = slices.DeleteFunc(slices.Clone(s.workspaces), func(o *Workspace) bool { return o.EnterpriseID != org })
		w = at[0]
	}
	g := &grant{scopes: slices.Clone(scopes), org: org, token: strings.Join([]string{"xoxb", digits(12), digits(13), random(12)}, "-")}
	if w.grant != nil {
		g.bot = w.grant.bot // the same bot comes back
	} else if old := w.byName["balie"]; old != nil && old.botID != "" {
		g.bot = old
	} else {
		g.bot = w.addPerson(Person{Name: "balie", Real: "Balie", Email: "-", Bot: true})
	}
	if i := slices.IndexFunc(w.people, func(a *account) bool { return !a.Bot && !a.Deleted }); i >= 0 {
		g.installer = w.people[i].id
	}
	if org == "" {
		g.w = w
	}
	for _, w := range at {
		first := w.grant == nil
		w.grant = g
		for _, ch := range w.direct {
			ch.join(g.bot.id)
		}
		for _, c := range w.o.Channels {
			if first && c.Bot {
				w.byRoom[c.Name].join(g.bot.id)
			}
		}
	}
	s.grants[g.token] = g
	return g
}

// Authorize is an admin's consent on the page that rawURL is the address of: it gives the address that the browser is
// sent to.
func (w *Workspace) Authorize(rawURL string) (string, error) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	return w.s.authorize(rawURL, w, "")
}

// AuthorizeOrganisation is the same for the whole organisation that a workspace belongs to.
func (w *Workspace) AuthorizeOrganisation(rawURL string) (string, error) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if w.EnterpriseID == "" {
		return "", fmt.Errorf("%s belongs to no organisation", w.Name)
	}
	return w.s.authorize(rawURL, w, w.EnterpriseID)
}

func (s *Server) authorize(rawURL string, w *Workspace, org string) (string, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", fmt.Errorf("reading the address of the consent page: %w", err)
	}
	q := u.Query()
	if q.Get("client_id") != s.ClientID {
		return "", fmt.Errorf("invalid_client_id")
	}
	asked := strings.FieldsFunc(q.Get("scope"), func(r rune) bool { return r == ',' || r == ' ' })
	if len(asked) == 0 {
		return "", fmt.Errorf("invalid_scope: none is asked for")
	}
	for _, scope := range asked {
		if !slices.Contains(manifest, scope) {
			return "", fmt.Errorf("invalid_scope: %s", scope)
		}
	}
	if w.o.Scopes != nil {
		asked = slices.DeleteFunc(asked, func(scope string) bool { return !slices.Contains(w.o.Scopes, scope) })
	}
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || back.Host == "" {
		return "", fmt.Errorf("bad_redirect_uri")
	}
	id := digits(11) + "." + digits(12) + "." + random(16)
	s.codes[id] = &code{w: w, org: org, scopes: asked, redirect: q.Get("redirect_uri"), made: s.host.Now()}
	answer := back.Query()
	answer.Set("code", id)
	answer.Set("state", q.Get("state"))
	back.RawQuery = answer.Encode()
	return back.String(), nil
}

// serveAuthorize is the consent page; who comes has consented. The parameter team names the workspace, the first if empty.
func (s *Server) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	at := s.main
	for _, o := range s.workspaces {
		if o.ID == r.FormValue("team") {
			at = o
		}
	}
	to, err := s.authorize(r.URL.String(), at, "")
	s.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, to, http.StatusFound)
}

func oauthAccess(c *call) (answer, *refusal) {
	s := c.s
	id, secret, basic := c.r.BasicAuth()
	if !basic {
		id, secret = c.str("client_id"), c.str("client_secret")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != s.ClientID {
		return nil, refuse("invalid_client_id")
	}
	if secret != s.ClientSecret {
		return nil, refuse("bad_client_secret")
	}
	given := s.codes[c.str("code")]
	switch {
	case given == nil || s.host.Now().Sub(given.made) > codeLife:
		return nil, refuse("invalid_code")
	case given.used:
		return nil, refuse("code_already_used")
	case c.str("redirect_uri") != given.redirect:
		return nil, refuse("bad_redirect_uri")
	}
	given.used = true
	g := s.install(given.w, given.org, given.scopes)
	v := answer{
		"access_token": g.token, "token_type": "bot", "scope": strings.Join(g.scopes, ","), "bot_user_id": g.bot.id,
		"app_id": s.AppID, "team": nil, "enterprise": nil, "authed_user": map[string]any{"id": g.installer},
		"is_enterprise_install": g.org != "",
	}
	if g.org == "" {
		v["team"] = map[string]any{"id": g.w.ID, "name": g.w.Name}
	}
	if e := given.w.EnterpriseID; e != "" {
		v["enterprise"] = map[string]any{"id": e, "name": "Organisation"}
	}
	return v, nil
}

// BotToken is the token of the app in the workspace, empty while it is not installed.
func (w *Workspace) BotToken() string {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if w.grant == nil || w.grant.broken != "" {
		return ""
	}
	return w.grant.token
}

// RevokeToken has an admin revoke the bot's token.
func (w *Workspace) RevokeToken() {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.s.revoke(w.grant)
}

// Uninstall has an admin remove the app.
func (w *Workspace) Uninstall() {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.s.uninstall(w.grant)
}

// Reinstall has an admin install the app again on the app's own pages: the new bot token is the result.
func (w *Workspace) Reinstall() string {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	return w.s.install(w, "", w.scopes()).token
}

// RevokeToken revokes the bot's token of the first workspace.
func (s *Server) RevokeToken() { s.main.RevokeToken() }

// Uninstall removes the app from the first workspace.
func (s *Server) Uninstall() { s.main.Uninstall() }

// Main is the first workspace.
func (s *Server) Main() *Workspace { return s.main }

// of are the workspaces where an installation counts.
func (s *Server) of(g *grant) []*Workspace {
	return slices.DeleteFunc(slices.Clone(s.workspaces), func(w *Workspace) bool { return w.grant != g })
}

func (s *Server) revoke(g *grant) {
	if g == nil || g.broken != "" {
		return
	}
	g.broken = "token_revoked"
	for _, w := range s.of(g) {
		s.emit(w, map[string]any{
			"type": "tokens_revoked", "tokens": map[string]any{"oauth": []string{}, "bot": []string{g.bot.id}}, "event_ts": s.ts(),
		})
	}
}

func (s *Server) uninstall(g *grant) {
	if g == nil || g.broken != "" {
		return
	}
	g.broken = "account_inactive"
	for _, w := range s.of(g) {
		s.emit(w, map[string]any{
			"type": "tokens_revoked", "tokens": map[string]any{"oauth": []string{}, "bot": []string{g.bot.id}}, "event_ts": s.ts(),
		})
		s.emit(w, map[string]any{"type": "app_uninstalled", "event_ts": s.ts()})
		for _, ch := range s.channels {
			if ch.w == w && ch.kind != direct {
				ch.leave(g.bot.id)
			}
		}
	}
}

func authRevoke(c *call) (answer, *refusal) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if c.yes("test") {
		return answer{"revoked": false}, nil
	}
	c.s.revoke(c.grant)
	return answer{"revoked": true}, nil
}

func appsUninstall(c *call) (answer, *refusal) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if c.str("client_id") != c.s.ClientID {
		return nil, refuse("invalid_client_id")
	}
	if c.str("client_secret") != c.s.ClientSecret {
		return nil, refuse("bad_client_secret")
	}
	c.s.uninstall(c.grant)
	return nil, nil
}

func authTeamsList(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	teams := []map[string]any{}
	for _, w := range s.workspaces {
		if c.grant.covers(w) {
			teams = append(teams, map[string]any{"id": w.ID, "name": w.Name})
		}
	}
	list, next, no := page(c, teams, 100, 1000)
	return answer{"teams": list, "next_cursor": next}, no
}
