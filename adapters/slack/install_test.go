package slack

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"balie/adapters/adaptertest"
	"balie/adapters/slack/manifest"
	"balie/adapters/slack/slackfake"
)

// get asks for a page with the cookies.
func (r *replica) get(target string, cookies ...*http.Cookie) *http.Response {
	req := httptest.NewRequest(http.MethodGet, target, nil)
	for _, c := range cookies {
		req.AddCookie(c)
	}
	out := httptest.NewRecorder()
	r.Install().ServeHTTP(out, req)
	return out.Result()
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// out sets out for Slack: its page's address, and the cookie.
func (r *replica) out(t *testing.T) (*url.URL, *http.Cookie) {
	t.Helper()
	resp := r.get("/slack/install")
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || resp.StatusCode != http.StatusFound || len(resp.Cookies()) != 1 {
		t.Fatalf("status %d, to %v", resp.StatusCode, to)
	}
	return to, resp.Cookies()[0]
}

// walk goes all the way: the page that an admin sees in the end.
func (r *replica) walk(t *testing.T, consent func(string) (string, error)) (int, string) {
	t.Helper()
	to, cookie := r.out(t)
	back, err := consent(to.String())
	if err != nil {
		t.Fatal(err)
	}
	resp := r.get(strings.TrimPrefix(back, testURL), cookie)
	return resp.StatusCode, body(t, resp)
}

func TestSetOut(t *testing.T) {
	r := connect(t, slackfake.New(t, slackfake.Options{}), &adaptertest.Memory{}, nil)
	to, cookie := r.out(t)
	q := to.Query()
	if to.Scheme+"://"+to.Host+to.Path != "https://slack.com/oauth/v2/authorize" || q.Get("client_id") != r.opts.ClientID ||
		q.Get("redirect_uri") != testURL+"/slack/oauth" || !slices.Equal(strings.Split(q.Get("scope"), ","), manifest.BotScopes) {
		t.Errorf("Slack's page: %s", to)
	}
	if !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || strings.Contains(to.String(), cookie.Value) {
		t.Errorf("the cookie: %+v", cookie)
	}
	if strings.Contains(to.String(), r.opts.ClientSecret) {
		t.Error("the secret is in the address")
	}
	for path, want := range map[string]int{"/slack/": 404, "/slack/installed": 404, "/slack/oauth/": 404, "/slack/install": 302} {
		if got := r.get(path).StatusCode; got != want {
			t.Errorf("GET %s: %d", path, got)
		}
	}
	out := httptest.NewRecorder()
	r.Install().ServeHTTP(out, httptest.NewRequest(http.MethodPost, "/slack/install", nil))
	if out.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", out.Code)
	}
	plain := connect(t, slackfake.New(t, slackfake.Options{}), &adaptertest.Memory{}, func(o *Options) { o.URL = "http://127.0.0.1:1" })
	if _, cookie := plain.out(t); cookie.Secure {
		t.Error("a browser would not send the cookie back without https")
	}
}

func TestInstall(t *testing.T) {
	fake := slackfake.New(t, slackfake.Options{})
	second := fake.AddWorkspace(slackfake.Options{Team: "Ana & <Bo>"})
	kept := &adaptertest.Memory{}
	listed := func(o *Options) { o.Workspaces = []string{second.ID} }
	r, other := connect(t, fake, kept, listed), connect(t, fake, kept, listed)
	_, err := r.workspaceOf(t.Context(), second.ID, "")
	blockedWith(t, err, second.ID, testURL+"/slack/install")

	status, page := r.walk(t, second.Authorize)
	if status != http.StatusOK || !strings.Contains(page, "Ana &amp; &lt;Bo&gt;") || !strings.Contains(page, `lang="en"`) {
		t.Fatalf("status %d: %s", status, page)
	}
	w := r.find(t, second.ID, "")
	if w.id != second.ID || w.botUser == "" || w.botID == "" || w.appID != fake.AppID || w.name != "Ana & <Bo>" || len(w.scopes) == 0 {
		t.Errorf("got %+v", w)
	}
	if e := post(t, w); e != nil {
		t.Error(e)
	}
	if w := other.find(t, second.ID, ""); w.token != second.BotToken() {
		t.Error("another replica does not see it")
	}
	if got := other.Workspaces(); !slices.Equal(got, []string{fake.TeamID, second.ID}) {
		t.Errorf("workspaces: %q", got)
	}
	for name, value := range kept.Kept() {
		for _, secret := range []string{second.BotToken(), second.ID, "Ana"} {
			if bytes.Contains(value, []byte(secret)) {
				t.Errorf("%s is kept for everybody to read", name)
			}
		}
	}
	if text := r.logged.String(); strings.Contains(text, second.BotToken()) || strings.Contains(text, fake.ClientSecret) {
		t.Errorf("a secret is in the log: %s", text)
	}

	// It is removed; the replica that is not told notices, too.
	second.Uninstall()
	if err := r.uninstalled(t.Context(), second.ID, ""); err != nil {
		t.Fatal(err)
	}
	for name := range kept.Kept() {
		if strings.HasPrefix(name, installations+"/") {
			t.Errorf("%s is still kept", name)
		}
	}
	if err := other.ws.check(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*replica{r, other} {
		_, err := r.workspaceOf(t.Context(), second.ID, "")
		blockedWith(t, err, "removed from the Slack workspace Ana & <Bo>", testURL+"/slack/install")
		r.find(t, fake.TeamID, "") // goes on
	}
	// And installed again, at one of them.
	if status, page := other.walk(t, second.Authorize); status != http.StatusOK {
		t.Fatalf("status %d: %s", status, page)
	}
	r.ws.mu.Lock()
	clear(r.ws.absent) // some seconds later
	r.ws.mu.Unlock()
	for _, r := range []*replica{r, other} {
		if e := post(t, r.find(t, second.ID, "")); e != nil {
			t.Error(e)
		}
	}
}

func TestInstallRefused(t *testing.T) {
	fake := slackfake.New(t, slackfake.Options{})
	second := fake.AddWorkspace(slackfake.Options{Team: "Elsewhere"})
	kept := &adaptertest.Memory{}
	r := connect(t, fake, kept, nil)
	status, page := r.walk(t, second.Authorize)
	if status != http.StatusForbidden || !strings.Contains(page, second.ID) || !strings.Contains(page, "SLACK_WORKSPACES") {
		t.Errorf("status %d: %s", status, page)
	}
	if second.BotToken() != "" || fake.Calls("auth.revoke") != 1 {
		t.Error("the token that nobody wants is still good")
	}
	for name := range kept.Kept() {
		if strings.HasPrefix(name, installations+"/") {
			t.Errorf("%s is kept", name)
		}
	}

	to, cookie := r.out(t)
	state := to.Query().Get("state")
	_, elses := r.out(t)
	for name, c := range map[string]struct {
		query   string
		cookies []*http.Cookie
		want    int
		says    string
	}{
		"denied":         {"error=access_denied&state=" + state, []*http.Cookie{cookie}, 403, "did not agree"},
		"no cookie":      {"code=1&state=" + state, nil, 400, "Start again"},
		"another's":      {"code=1&state=" + state, []*http.Cookie{elses}, 400, "did not begin in this browser"},
		"forged":         {"code=1&state=AAAA", []*http.Cookie{cookie}, 400, "did not begin in this browser"},
		"without state":  {"code=1", []*http.Cookie{cookie}, 400, "did not begin in this browser"},
		"without a code": {"state=" + state, []*http.Cookie{cookie}, 400, "did not begin in this browser"},
		"a wrong code":   {"code=1&state=" + state, []*http.Cookie{cookie}, 400, "good for ten minutes"},
		"another error":  {"error=invalid_scope%0axoxb-1-2&state=" + state, []*http.Cookie{cookie}, 502, "Slack said no"},
	} {
		t.Run(name, func(t *testing.T) {
			resp := r.get("/slack/oauth?"+c.query, c.cookies...)
			page := body(t, resp)
			if resp.StatusCode != c.want || !strings.Contains(page, c.says) {
				t.Errorf("status %d: %s", resp.StatusCode, page)
			}
			if got := resp.Cookies(); len(got) != 1 || got[0].MaxAge >= 0 {
				t.Errorf("the cookie stays: %v", got)
			}
			h := resp.Header
			if h.Get("Cache-Control") != "no-store" || h.Get("Content-Security-Policy") == "" || h.Get("Referrer-Policy") == "" {
				t.Errorf("headers: %v", h)
			}
		})
	}
	r.ws.now = func() time.Time { return time.Now().Add(stateFor) }
	if resp := r.get("/slack/oauth?code=1&state="+state, cookie); resp.StatusCode != 400 || !strings.Contains(body(t, resp), "too long") {
		t.Errorf("after ten minutes: %d", resp.StatusCode)
	}
	r.ws.now = time.Now
	if strings.Contains(r.logged.String(), "xoxb-1-2") {
		t.Error("what came in an address is in the log as it was")
	}
}

func TestInstallGoesWrong(t *testing.T) {
	fake := slackfake.New(t, slackfake.Options{})
	second := fake.AddWorkspace(slackfake.Options{})
	kept := &adaptertest.Memory{}
	listed := func(o *Options) { o.Workspaces = []string{second.ID} }
	r := connect(t, fake, kept, listed)
	fake.FailNext("oauth.v2.access", 1, slackfake.Fault{Status: 503})
	if status, _ := r.walk(t, second.Authorize); status != http.StatusBadGateway {
		t.Errorf("Slack is away: %d", status)
	}
	fake.FailNext("oauth.v2.access", 1, slackfake.Fault{Body: `{"ok":true,"access_token":"xoxb-1-2","team":{"id":"` + second.ID +
		`"},"bot_user_id":"U1","refresh_token":"xoxe-1","expires_in":43200}`})
	fake.FailNext("auth.revoke", 1, slackfake.Fault{Error: "invalid_auth"})
	if status, page := r.walk(t, second.Authorize); status != http.StatusInternalServerError || !strings.Contains(page, "rotation") {
		t.Errorf("tokens expire: %d, %s", status, page)
	}
	fake.FailNext("oauth.v2.access", 1, slackfake.Fault{Body: `{"ok":true}`})
	if status, _ := r.walk(t, second.Authorize); status != http.StatusBadGateway {
		t.Errorf("an odd answer: %d", status)
	}
	kept.Fail(errors.New("the store is away"))
	if status, page := r.walk(t, second.Authorize); status != http.StatusServiceUnavailable {
		t.Errorf("the store is away: %d, %s", status, page)
	}
	kept.Fail(nil)
	wrong := connect(t, fake, kept, func(o *Options) { listed(o); o.ClientSecret = "not-this-one" })
	status, page := wrong.walk(t, second.Authorize)
	if status != http.StatusInternalServerError || strings.Contains(page, "not-this-one") {
		t.Errorf("a wrong secret: %d, %s", status, page)
	}
	if text := wrong.logged.String() + r.logged.String(); !strings.Contains(text, "SLACK_CLIENT_SECRET") ||
		strings.Contains(text, "not-this-one") || strings.Contains(text, "xoxb-1-2") || strings.Contains(text, "xoxe-1") {
		t.Errorf("logged: %s", text)
	}
	without := connect(t, fake, kept, func(o *Options) { o.ClientID = "" })
	for _, path := range []string{"/slack/install", "/slack/oauth"} {
		if resp := without.get(path); resp.StatusCode != http.StatusNotFound || !strings.Contains(body(t, resp), "SLACK_CLIENT_ID") {
			t.Errorf("%s without OAuth: %d", path, resp.StatusCode)
		}
	}
}

func TestPagesInDutch(t *testing.T) {
	for name := range english {
		page, err := page(name, "nl-BE,en;q=0.5", "/slack/install", []string{"<b>%s", "T1"})
		if err != nil || !bytes.Contains(page, []byte(`lang="nl"`)) || bytes.Contains(page, []byte("%s")) ||
			bytes.Contains(page, []byte("<b>")) {
			t.Errorf("page %d: %s %v", name, page, err)
		}
		if dutch[name].title == "" || dutch[name].title == english[name].title {
			t.Errorf("page %d is not in Dutch", name)
		}
	}
	if page, err := page(pageDenied, "fr", "/slack/install", nil); err != nil || !bytes.Contains(page, []byte(`lang="en"`)) {
		t.Errorf("for others: %s", page)
	}
}

func TestAnotherSecret(t *testing.T) {
	fake := slackfake.New(t, slackfake.Options{})
	second := fake.AddWorkspace(slackfake.Options{})
	kept := &adaptertest.Memory{}
	listed := func(o *Options) { o.Workspaces = []string{second.ID} }
	r := connect(t, fake, kept, listed)
	if status, page := r.walk(t, second.Authorize); status != http.StatusOK {
		t.Fatalf("status %d: %s", status, page)
	}
	changed := connect(t, fake, kept, func(o *Options) { listed(o); o.Secret = bytes.Repeat([]byte("t"), 32) })
	for range 2 {
		if err := changed.ws.check(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := changed.workspaceOf(t.Context(), second.ID, "")
		blockedWith(t, err, "can't be read", testURL+"/slack/install")
	}
	if n := strings.Count(changed.logged.String(), "can't be read"); n != 1 {
		t.Errorf("it was logged %d times", n)
	}
	changed.find(t, fake.TeamID, "")
	if status, page := changed.walk(t, second.Authorize); status != http.StatusOK {
		t.Fatalf("status %d: %s", status, page)
	}
	changed.find(t, second.ID, "")
}
