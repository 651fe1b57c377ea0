package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	slackapi "github.com/slack-go/slack"

	"balie/adapters/upstream"
	"balie/internal/chat"
)

// outcomes of a failed call.
const (
	isRetry   = "retry"
	isGone    = "gone"
	isRefused = "refused"
	isBlocked = "blocked"
	isUnknown = "unknown"
)

// kind is which of them an error is; exactly one.
func kind(t *testing.T, e *chat.SendError) string {
	t.Helper()
	var kinds []string
	for k, is := range map[string]bool{isRetry: e.Retry > 0, isGone: e.Gone, isRefused: e.Refused != "", isBlocked: e.Blocked != ""} {
		if is {
			kinds = append(kinds, k)
		}
	}
	switch len(kinds) {
	case 0:
		return isUnknown
	case 1:
		return kinds[0]
	}
	t.Fatalf("%v is %q", e, kinds)
	return ""
}

func TestSendErrors(t *testing.T) {
	for want, names := range map[string]string{
		isBlocked: `invalid_auth not_authed account_inactive token_revoked token_expired missing_scope not_in_channel channel_not_found
			is_archived no_permission restricted_action restricted_action_read_only_channel ekm_access_denied org_login_required
			team_access_not_granted not_allowed_token_type access_denied messages_tab_disabled not_enabled no_such_subteam
			storage_limit_reached team_added_to_org`,
		isGone: `message_not_found thread_not_found user_not_found users_not_found cannot_dm_bot user_disabled cant_update_message
			edit_window_closed user_not_in_channel file_not_found not_found`,
		isRefused: `msg_too_long invalid_blocks no_text invalid_arguments msg_blocks_too_long invalid_blocks_format metadata_too_large
			view_too_large hash_conflict expired_trigger_id exchanged_trigger_id unknown_method`,
		isRetry:   `fatal_error internal_error service_unavailable request_timeout ratelimited rate_limited`,
		isUnknown: `something_new`,
	} {
		for _, name := range strings.Fields(names) {
			bare := slackapi.SlackErrorResponse{Err: name}
			for _, err := range []error{bare, fmt.Errorf("call: %w", bare)} {
				e := sendError("post", err)
				if got := kind(t, e); got != want {
					t.Errorf("%s: %s, want %s", name, got, want)
				}
				if !strings.Contains(e.Error(), name) || !errors.Is(e, err) && slackCode(e) != name {
					t.Errorf("%s: %v", name, e)
				}
			}
		}
	}
	garbled := json.Unmarshal([]byte("<html>"), &struct{}{})
	for _, c := range []struct {
		err  error
		want string
		wait [2]time.Duration
	}{
		{&slackapi.RateLimitedError{RetryAfter: 30 * time.Second}, isRetry, [2]time.Duration{30 * time.Second, 30 * time.Second}},
		{&slackapi.RateLimitedError{}, isRetry, [2]time.Duration{time.Second, time.Second}},
		{slackapi.StatusCodeError{Code: 503, Status: "503"}, isRetry, [2]time.Duration{2 * time.Second, 4 * time.Second}},
		{slackapi.StatusCodeError{Code: 429, Status: "429"}, isRetry, [2]time.Duration{upstream.LimitWait, upstream.LimitWait}},
		{slackapi.StatusCodeError{Code: 404, Status: "404"}, isUnknown, [2]time.Duration{}},
		{context.DeadlineExceeded, isRetry, [2]time.Duration{2 * time.Second, 4 * time.Second}},
		{io.ErrUnexpectedEOF, isRetry, [2]time.Duration{2 * time.Second, 4 * time.Second}},
		{garbled, isRetry, [2]time.Duration{2 * time.Second, 4 * time.Second}},
		{errors.New("odd"), isUnknown, [2]time.Duration{}},
	} {
		e := sendError("post", c.err)
		if got := kind(t, e); got != c.want || e.Retry < c.wait[0] || e.Retry > c.wait[1] {
			t.Errorf("%v: %s after %s", c.err, got, e.Retry)
		}
	}
	if sendError("post", nil) != nil {
		t.Error("no error is one")
	}
	known := &chat.SendError{Gone: true}
	if sendError("post", fmt.Errorf("again: %w", known)) != known {
		t.Error("an error that was understood already is another one")
	}
}

func TestSendErrorsSayMore(t *testing.T) {
	e := sendError("list people", slackapi.SlackErrorResponse{Err: "missing_scope", Needed: "users:read", Provided: "chat:write"})
	if !strings.Contains(e.Blocked, "users:read") || !strings.Contains(e.Blocked, "manifest") {
		t.Errorf("an admin reads %q", e.Blocked)
	}
	e = sendError("post", slackapi.SlackErrorResponse{
		Err: "invalid_blocks", ResponseMetadata: slackapi.ResponseMetadata{Messages: []string{"[ERROR] /blocks/0 xoxb-1-2-abc"}},
	})
	if !strings.Contains(e.Refused, "/blocks/0") || strings.Contains(e.Refused, "1-2-abc") {
		t.Errorf("refused: %q", e.Refused)
	}
}

func TestCallsThatFail(t *testing.T) {
	var answer atomic.Pointer[http.HandlerFunc]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*answer.Load())(w, r) }))
	defer server.Close()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s went to somebody else", r.URL)
	}))
	defer elsewhere.Close()
	w, err := newWorkspaces(Options{APIURL: server.URL + "/api", Secret: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	call := func(how http.HandlerFunc) string {
		answer.Store(&how)
		_, err := w.client("xoxb-1-2-hush").AuthTestContext(t.Context())
		e := sendError("call", err)
		if e == nil {
			return "none"
		}
		if strings.Contains(e.Error()+e.Err.Error(), "hush") {
			t.Errorf("the token is in %v", e)
		}
		return kind(t, e)
	}
	for name, c := range map[string]struct {
		how  http.HandlerFunc
		want string
	}{
		"cut":    {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, isRetry},
		"a page": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, isRetry},
		"half":   {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"ok":`) }, isRetry},
		"502":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }, isRetry},
		"sent on": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}, isUnknown},
		"a path": {func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"ok":false,"error":"fatal_error%s"}`, strings.TrimPrefix(r.URL.Path, "/api/auth.test"))
		}, isRetry},
	} {
		if got := call(c.how); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestScrub(t *testing.T) {
	for text, want := range map[string]string{
		"token xoxb-12-34-aBc is bad":                   "token xoxb… is bad",
		"xapp-1-A-2-abc":                                "xapp…",
		"xoxe.xoxb-1-abc, then":                         "xoxe…, then",
		"token=xoxp-1%2D2&x":                            "token=xoxp…&x",
		`Post "https://hooks.slack.com/commands/T/1/x"`: `Post "https://hooks.slack.com/…"`,
		"nothing here, not even a xox or boxes-1":       "nothing here, not even a xox or boxes-1",
	} {
		if got := scrub(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
