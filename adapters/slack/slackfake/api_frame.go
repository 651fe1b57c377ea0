package slackfake

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"balie/adapters/fakeserver"
)

// answer is what a method answers besides "ok".
type answer map[string]any

// refusal is what a method answers instead.
type refusal struct {
	code     string
	messages []string
	more     map[string]any
	wait     int // seconds, of who is too early
}

func refuse(code string, messages ...string) *refusal {
	return &refusal{code: code, messages: messages}
}

// Error is the error's code.
func (r *refusal) Error() string { return r.code }

// method is one of the Web API.
type method struct {
	do     func(*call) (answer, *refusal)
	tier   int      // calls a minute, 0 is no limit
	scopes []string // one of them is needed
	app    bool     // wants the app-level token
	open   bool     // without a token, too
	json   bool     // takes JSON, too
}

// call is one request to the Web API.
type call struct {
	s      *Server
	method string
	token  string
	bearer bool
	form   url.Values
	fields map[string]json.RawMessage
	grant  *grant // nil of an app-level token or none
	r      *http.Request
}

// str is an argument as text; numbers and booleans are as JSON has them.
func (c *call) str(name string) string {
	if c.fields == nil {
		return c.form.Get(name)
	}
	raw := c.fields[name]
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	if bytes.Equal(raw, []byte("null")) {
		return ""
	}
	return string(raw)
}

func (c *call) has(name string) bool {
	if c.fields == nil {
		return c.form.Has(name)
	}
	_, ok := c.fields[name]
	return ok
}

// raw is an argument as JSON, nil if it is none. In a form, and by some in JSON, it stands in a string.
func (c *call) raw(name string) json.RawMessage {
	if raw := c.fields[name]; len(raw) > 0 && raw[0] != '"' {
		return raw
	}
	if text := c.str(name); json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return nil
}

func (c *call) yes(name string) bool {
	v := c.str(name)
	return v == "true" || v == "1"
}

// limit is how many things the caller wants at most.
func (c *call) limit(standard, most int) int {
	n, err := strconv.Atoi(c.str("limit"))
	if err != nil || n <= 0 {
		return standard
	}
	return min(n, most)
}

const maxBody = 2 << 20

func (s *Server) serveMethod(w http.ResponseWriter, r *http.Request) {
	c := &call{s: s, method: r.PathValue("method"), r: r}
	m, known := s.methods[c.method]
	out := outcome{status: http.StatusOK}
	if !known {
		s.unknown(c.method)
		out.no = &refusal{code: "unknown_method", more: map[string]any{"req_method": c.method}}
	} else if no := c.read(w, m); no != nil {
		out.no = no
	} else {
		out = c.run(w, m)
	}
	if out.cut {
		fakeserver.Cut(w)
		return
	}
	out.write(w)
}

// outcome is the answer to a call.
type outcome struct {
	status int
	ok     answer
	no     *refusal
	body   []byte // instead of JSON
	cut    bool   // the connection breaks
	retry  int    // seconds
}

func (o outcome) write(w http.ResponseWriter) {
	if o.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(o.retry))
	}
	if o.body != nil {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(o.status)
		_, _ = w.Write(o.body) // the client may be gone
		return
	}
	v := map[string]any{"ok": o.no == nil}
	meta := map[string]any{}
	if o.no != nil {
		v["error"] = o.no.code
		for name, value := range o.no.more {
			v[name] = value
		}
		if len(o.no.messages) > 0 {
			meta["messages"] = o.no.messages
			v["errors"] = o.no.messages
		}
	}
	for name, value := range o.ok {
		v[name] = value
	}
	if cursor, ok := v["next_cursor"]; ok {
		delete(v, "next_cursor")
		meta["next_cursor"] = cursor
	}
	if len(meta) > 0 {
		v["response_metadata"] = meta
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(o.status)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return // nothing in it can't be encoded
	}
	_, _ = w.Write(b.Bytes()) // the client may be gone
}

// read takes the request apart.
func (c *call) read(w http.ResponseWriter, m method) *refusal {
	r := c.r
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		c.token, c.bearer = text, true
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return refuse("request_timeout")
	}
	switch kind {
	case "application/json":
		if !m.json {
			c.form = url.Values{} // Slack overlooks it
			break
		}
		if len(body) > 0 && json.Unmarshal(body, &c.fields) != nil {
			return refuse("invalid_json")
		}
		if c.fields == nil {
			c.fields = map[string]json.RawMessage{}
		}
	case "application/x-www-form-urlencoded", "":
		c.form, err = url.ParseQuery(string(body))
		if err != nil {
			return refuse("invalid_form_data")
		}
		for name, values := range r.URL.Query() {
			if !c.form.Has(name) {
				c.form[name] = values
			}
		}
	default:
		return refuse("invalid_post_type")
	}
	if c.token == "" && c.fields == nil && r.Method == http.MethodPost {
		c.token = c.form.Get("token")
	}
	return nil
}

// run checks who calls and how often, and does it.
func (c *call) run(w http.ResponseWriter, m method) outcome {
	s := c.s
	if out, done := s.goWrong(c); done {
		return out
	}
	s.mu.Lock()
	no := s.admit(c, m, w.Header())
	var wait int
	if no == nil {
		wait = s.limits.tier(c, m, s.host.Now(), s.o.Tiers)
	}
	s.mu.Unlock()
	if no != nil {
		return outcome{status: http.StatusOK, no: no}
	}
	if wait > 0 {
		return limited(wait)
	}
	ok, no := m.do(c)
	if no != nil && no.wait > 0 {
		return limited(no.wait)
	}
	out := outcome{status: http.StatusOK, ok: ok, no: no}
	if no == nil && s.takeUncertain(c.method) {
		out.cut = true
	}
	return out
}

// limited is the answer to who calls too often.
func limited(seconds int) outcome {
	return outcome{status: http.StatusTooManyRequests, no: refuse("ratelimited"), retry: seconds}
}

// admit finds out whose the token is and what it may do.
func (s *Server) admit(c *call, m method, h http.Header) *refusal {
	s.faults.count(c)
	if m.open {
		return nil
	}
	if c.token == "" || m.app && !c.bearer {
		return refuse("not_authed")
	}
	if m.app {
		if c.token != s.AppToken {
			if s.grants[c.token] != nil {
				return refuse("not_allowed_token_type")
			}
			return refuse("invalid_auth")
		}
		h.Set("X-OAuth-Scopes", "connections:write")
		return nil
	}
	g := s.grants[c.token]
	switch {
	case g == nil && c.token == s.AppToken:
		return refuse("not_allowed_token_type")
	case g == nil:
		return refuse("invalid_auth")
	case g.broken != "":
		return refuse(g.broken)
	}
	c.grant = g
	h.Set("X-OAuth-Scopes", strings.Join(g.scopes, ","))
	h.Set("X-Accepted-OAuth-Scopes", strings.Join(m.scopes, ","))
	if len(m.scopes) > 0 && !slices.ContainsFunc(m.scopes, g.may) {
		return g.lacks(m.scopes[0])
	}
	return nil
}

// may says whether the app was granted a scope.
func (g *grant) may(scope string) bool { return slices.Contains(g.scopes, scope) }

// lacks is the refusal without a scope.
func (g *grant) lacks(scope string) *refusal {
	return &refusal{code: "missing_scope", more: map[string]any{"needed": scope, "provided": strings.Join(g.scopes, ",")}}
}

// covers says whether the app was installed for a workspace with it.
func (g *grant) covers(w *Workspace) bool {
	return g != nil && w != nil && (g.w == w || g.w == nil && g.org == w.EnterpriseID)
}

func (s *Server) unknown(method string) {
	if s.o.Unknown != nil {
		s.o.Unknown(method)
		return
	}
	s.host.Problem("the app called the unknown method %s", method)
}
