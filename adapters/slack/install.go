package slack

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"balie/adapters/slack/manifest"
	"balie/internal/chat"
)

// How somebody comes from Slack's page to the browser that they set out from.
const (
	stateCookie  = "balie_slack_install"
	statePurpose = "slack install"
	stateFor     = 10 * time.Minute
)

// authorizeURL is Slack's page on which an admin agrees; it is not part of the Web API.
const authorizeURL = "https://slack.com/oauth/v2/authorize"

// Install is where admins of other workspaces install the app, mounted at /slack/.
func (s *Slack) Install() http.Handler { return s.ws.pages() }

func (w *workspaces) pages() http.Handler {
	do := map[string]http.HandlerFunc{manifest.InstallPath: w.setOut, manifest.RedirectPath: w.comeBack}
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		page, ok := do[r.URL.Path]
		switch {
		case !ok:
			http.NotFound(out, r)
		case r.Method != http.MethodGet:
			out.Header().Set("Allow", http.MethodGet)
			http.Error(out, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		case !w.oauth():
			w.show(out, r, http.StatusNotFound, pageNotSetUp)
		default:
			page(out, r)
		}
	})
}

// cookie holds who set out, so that nobody can be made to end what somebody else began.
func (w *workspaces) cookie(holder string, age time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: stateCookie, Value: holder, Path: "/slack/", MaxAge: int(age / time.Second), HttpOnly: true,
		Secure: strings.HasPrefix(w.opts.URL, "https://"), SameSite: http.SameSiteLaxMode,
	}
}

func (w *workspaces) redirectURL() string { return w.opts.URL + manifest.RedirectPath }

// setOut sends an admin to Slack.
func (w *workspaces) setOut(out http.ResponseWriter, r *http.Request) {
	holder := rand.Text()
	http.SetCookie(out, w.cookie(holder, stateFor))
	out.Header().Set("Cache-Control", "no-store")
	out.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(out, r, authorizeURL+"?"+url.Values{
		"client_id": {w.opts.ClientID}, "scope": {strings.Join(manifest.BotScopes, ",")}, "redirect_uri": {w.redirectURL()},
		"state": {w.sealer.Seal(statePurpose, holder, w.now().Add(stateFor), nil)},
	}.Encode(), http.StatusFound)
}

// comeBack takes in what the admin decided.
func (w *workspaces) comeBack(out http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	cookie, err := r.Cookie(stateCookie)
	http.SetCookie(out, w.cookie("", -time.Second))
	if err != nil || cookie.Value == "" {
		w.show(out, r, http.StatusBadRequest, pageNotYours)
		return
	}
	_, err = w.sealer.Open(statePurpose, cookie.Value, q.Get("state"), w.now())
	switch {
	case errors.Is(err, chat.ErrExpired):
		w.show(out, r, http.StatusBadRequest, pageExpired)
	case err != nil:
		w.show(out, r, http.StatusBadRequest, pageNotYours)
	case q.Get("error") == "access_denied":
		w.show(out, r, http.StatusForbidden, pageDenied)
	case q.Get("error") != "":
		w.log.WithField("error", oneWord(q.Get("error"))).Warn("slack: the app could not be installed: Slack refused")
		w.show(out, r, http.StatusBadGateway, pageRefused)
	case q.Get("code") == "":
		w.show(out, r, http.StatusBadRequest, pageNotYours)
	default:
		status, page, about := w.install(r.Context(), q.Get("code"))
		w.show(out, r, status, page, about...)
	}
}

// installMost is how long an installation may take.
const installMost = 20 * time.Second

// install exchanges the code that Slack gave, and gives the page to be shown.
func (w *workspaces) install(ctx context.Context, code string) (int, pageName, []string) {
	ctx, cancel := context.WithTimeout(ctx, installMost)
	defer cancel()
	got, err := slackapi.GetOAuthV2ResponseContext(ctx, w.http, w.opts.ClientID, w.opts.ClientSecret, code, w.redirectURL(),
		slackapi.OAuthOptionAPIURL(w.apiURL()))
	if err != nil {
		return w.notExchanged(err)
	}
	i := installed(got, w.now())
	log := w.log.WithFields(map[string]any{"workspace": i.key(), "by": i.By})
	switch {
	case i.key() == "" || i.BotUser == "" || !strings.Contains(i.Token, "xoxb-"):
		log.Error("slack: the app could not be installed: Slack gave no bot's token, or did not say for which workspace")
		return http.StatusBadGateway, pageRefused, nil
	case !w.welcome(ctx, i):
		log.Warn("slack: the app was not installed: SLACK_WORKSPACES does not name the workspace")
		w.giveBack(ctx, i)
		return http.StatusForbidden, pageNotListed, []string{i.called(), i.key()}
	case got.RefreshToken != "" || got.ExpiresIn > 0:
		log.Error("slack: the app was not installed, for its tokens expire: make it anew, without token rotation " +
			"(balie slack manifest)")
		w.giveBack(ctx, i)
		return http.StatusInternalServerError, pageRotation, nil
	}
	// What OAuth does not tell. An installation works without it, too.
	if who, err := w.whose(ctx, i.Token); err == nil {
		i.BotID, i.URL = who.BotID, who.URL
		i.TeamName = cmp.Or(i.TeamName, who.TeamName)
	} else {
		log.WithError(&failure{"look at a new installation", err}).Warn("slack: a new installation's token could not be tried")
	}
	if err := w.keep(ctx, i); err != nil {
		log.WithError(err).Error("slack: an installation could not be kept")
		return http.StatusServiceUnavailable, pageNotKept, nil
	}
	log.WithField("scopes", strings.Join(i.Scopes, ",")).Info("slack: the app was installed in a workspace")
	return http.StatusOK, pageDone, []string{i.called()}
}

// installed is what OAuth tells of an installation.
func installed(got *slackapi.OAuthV2Response, now time.Time) installation {
	i := installation{
		Team: got.Team.ID, TeamName: got.Team.Name, Enterprise: got.Enterprise.ID, EnterpriseName: got.Enterprise.Name,
		OrgWide: got.IsEnterpriseInstall, Token: got.AccessToken, BotUser: got.BotUserID, App: got.AppID,
		Scopes: scopeList(got.Scope), By: got.AuthedUser.ID, At: now.UTC(),
	}
	if i.OrgWide {
		i.Team, i.TeamName = "", ""
	}
	return i
}

// welcome says whether a workspace may install the app: it or its organization is listed, or the bot's token is its.
func (w *workspaces) welcome(ctx context.Context, i installation) bool {
	if i.Token == w.opts.BotToken {
		return true
	}
	if slices.Contains(w.opts.Workspaces, i.key()) || i.Enterprise != "" && slices.Contains(w.opts.Workspaces, i.Enterprise) {
		return true
	}
	if w.opts.BotToken == "" {
		return false
	}
	if !w.isMet() {
		if err := w.meet(ctx); err != nil {
			w.log.WithError(&failure{"find out whose the bot's token is", err}).Debug("slack: an installation may be the bot's own")
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.single != nil && w.single.key() == i.key()
}

// giveBack revokes a token that we do not want. Slack gives one workspace one token, so one that is in use is kept.
func (w *workspaces) giveBack(ctx context.Context, i installation) {
	if _, err := w.recall(ctx, i.key()); err != nil {
		w.log.WithError(err).Warn("slack: a token that is not wanted stays good: it may be in use")
		return
	}
	for _, t := range w.inUse() {
		if t.Token == i.Token {
			return
		}
	}
	if _, err := w.client(i.Token).SendAuthRevokeContext(ctx, ""); err != nil {
		w.log.WithError(&failure{"revoke a token", err}).WithField("workspace", i.key()).
			Warn("slack: a token that is not wanted could not be revoked: the workspace's admins can remove the app")
	}
}

// notExchanged says why there is no token for the code.
func (w *workspaces) notExchanged(err error) (int, pageName, []string) {
	shown := &failure{"exchange a code for a token", err}
	switch slackCode(err) {
	case "invalid_code", "code_already_used", "code_expired":
		w.log.WithError(shown).Info("slack: the app could not be installed: somebody came too late, or twice")
		return http.StatusBadRequest, pageExpired, nil
	case "invalid_client_id", "bad_client_secret", "bad_redirect_uri", "oauth_authorization_url_mismatch", "invalid_grant_type":
		w.log.WithError(shown).Errorf("slack: the app could not be installed: look at SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and "+
			"BALIE_URL, and whether %s is among the app's redirect URLs", w.redirectURL())
		return http.StatusInternalServerError, pageWrongApp, nil
	case "":
		w.log.WithError(shown).Warn("slack: the app could not be installed: Slack did not answer")
		return http.StatusBadGateway, pageNoAnswer, nil
	}
	w.log.WithError(shown).Warn("slack: the app could not be installed: Slack refused")
	return http.StatusBadGateway, pageRefused, nil
}

// show writes a page in the browser's language.
func (w *workspaces) show(out http.ResponseWriter, r *http.Request, status int, name pageName, about ...string) {
	h := out.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Vary", "Accept-Language")
	body, err := page(name, r.Header.Get("Accept-Language"), manifest.InstallPath, about)
	if err != nil {
		w.log.WithError(err).Error("slack: a page could not be written")
		http.Error(out, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	out.WriteHeader(status)
	if _, err := out.Write(body); err != nil {
		w.log.WithError(fmt.Errorf("write a page: %w", err)).Debug("slack: nobody waited for a page")
	}
}
