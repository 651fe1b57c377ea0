package mattermostfake

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/fakeserver"
)

const (
	api            = "/api/v4"
	maxBody        = 300_000
	maxUpload      = 100 << 20
	errPermissions = "api.context.permissions.app_error"
	limitExceeded  = "limit exceeded" // no error of the interface's, but of the limiter before it
	errSession     = "api.context.session_expired.app_error"
)

// call is one request, being answered. Handlers run with the server's lock held.
type call struct {
	s      *Server
	w      http.ResponseWriter
	r      *http.Request
	params map[string]string
	body   []byte
	me     *model.User // nil without a session
	sess   *session
	status int  // of the answer; 0 is 200
	lost   bool // the answer never arrives
}

// raw is an answer that is not JSON.
type raw struct {
	kind string
	data []byte
}

type handler func(c *call) (any, *model.AppError)

// route is one thing that clients may ask for.
type route struct {
	method, path string // without /api/v4
	do           handler
	open         bool // without a session, too
	segments     []string
}

type routeKey struct {
	method string
	length int
}

func index(table []route) map[routeKey][]route {
	m := map[routeKey][]route{}
	for _, r := range table {
		r.segments = strings.Split(r.path, "/")
		k := routeKey{r.method, len(r.segments)}
		m[k] = append(m[k], r)
	}
	return m
}

// find is the route with the most literal segments that fits.
func (s *Server) find(method, path string) (route, map[string]string, bool) {
	segments := strings.Split(path, "/")
	var best route
	most := -1
	for _, r := range s.routes[routeKey{method, len(segments)}] {
		literal := 0
		for i, want := range r.segments {
			if want == segments[i] {
				literal++
			} else if !strings.HasPrefix(want, "{") || segments[i] == "" {
				literal = -1
				break
			}
		}
		if literal > most {
			best, most = r, literal
		}
	}
	if most < 0 {
		return route{}, nil, false
	}
	params := map[string]string{}
	for i, want := range best.segments {
		if name, ok := strings.CutPrefix(want, "{"); ok {
			params[strings.TrimSuffix(name, "}")] = segments[i]
		}
	}
	return best, params, true
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if s.inTrouble(w, r) {
		return
	}
	w.Header().Set(model.HeaderRequestId, model.NewId())
	w.Header().Set(model.HeaderVersionId, s.version.full())
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodGet {
		w.Header().Set("Expires", "0")
	}
	path, isAPI := strings.CutPrefix(r.URL.Path, api)
	if !isAPI {
		path = "!" + path // response URLs are outside
	}
	found, params, ok := s.find(r.Method, path)
	if !ok {
		s.host.Problem("nobody knows the call %s %s", r.Method, r.URL.Path)
		write(w, http.StatusNotImplemented, model.NewAppError("", "api.fake.unknown", nil, r.URL.Path, http.StatusNotImplemented))
		return
	}
	for name, value := range params {
		if strings.HasSuffix(name, "_name") || name == "me" {
			continue
		}
		if !alphanumeric(value) {
			write(w, http.StatusNotFound, fault(http.StatusNotFound, "api.context.404.app_error"))
			return
		}
	}
	c := &call{s: s, w: w, r: r, params: params}
	limit := int64(maxBody)
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") || path == "/files" {
		limit = maxUpload
	}
	if path != "/websocket" {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
		if err != nil {
			write(w, http.StatusRequestEntityTooLarge,
				fault(http.StatusRequestEntityTooLarge, "api.context.request_body_too_large.app_error"))
			return
		}
		c.body = body
	}
	status, kind, data := c.answer(found)
	if c.lost {
		fakeserver.Cut(w)
		return
	}
	if status == 0 {
		return // a websocket
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(data) // the client may be gone
}

// answer runs the handler under the lock and encodes what it gave while nobody can change it.
func (c *call) answer(r route) (status int, kind string, data []byte) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[r.method+" "+r.path]++
	if fault := s.authenticate(c, r.open); fault != nil {
		return encode(fault.StatusCode, fault)
	}
	for _, name := range []string{"user", "team", "channel", "post", "command", "file", "bot", "role"} {
		if v, ok := c.params[name]; ok && !model.IsValidId(v) {
			if v != "me" || name != "user" || c.me == nil {
				return encode(http.StatusBadRequest, invalidURL(name+"_id"))
			}
			c.params[name] = c.me.Id
		}
	}
	v, fault := r.do(c)
	if fault != nil && fault.Id == limitExceeded {
		return fault.StatusCode, "text/plain; charset=utf-8", []byte("limit exceeded\n")
	}
	if fault != nil {
		return encode(fault.StatusCode, fault)
	}
	if c.status == 0 {
		c.status = http.StatusOK
	}
	switch v := v.(type) {
	case hijacked:
		return 0, "", nil
	case raw:
		return c.status, v.kind, v.data
	default:
		return encode(c.status, v)
	}
}

// hijacked is the answer of a handler that took over the connection.
type hijacked struct{}

var ok200 = map[string]string{"status": "OK"}

func encode(status int, v any) (int, string, []byte) {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		return http.StatusInternalServerError, "text/plain", []byte(err.Error())
	}
	return status, "application/json", b.Bytes()
}

func write(w http.ResponseWriter, status int, v any) {
	status, kind, data := encode(status, v)
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(data) // the client may be gone
}

// decode reads the request's JSON.
func (c *call) decode(v any, what string) *model.AppError {
	if err := json.Unmarshal(c.body, v); err != nil {
		return invalidBody(what)
	}
	return nil
}

// outside gives up the lock while f runs, for calls to integrations.
func (s *Server) outside(f func()) {
	s.mu.Unlock()
	defer s.mu.Lock()
	f()
}

func alphanumeric(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

func invalidBody(what string) *model.AppError {
	return fault(http.StatusBadRequest, "api.context.invalid_body_param.app_error", "Name", what)
}

func invalidParam(what string) *model.AppError {
	return fault(http.StatusBadRequest, "api.context.invalid_param.app_error", "Name", what)
}

func invalidURL(what string) *model.AppError {
	return fault(http.StatusBadRequest, "api.context.invalid_url_param.app_error", "Name", what)
}

func notPermitted(c *call, p *model.Permission) *model.AppError {
	e := fault(http.StatusForbidden, errPermissions)
	e.DetailedError = "userId=" + c.me.Id + ", permission=" + p.Id
	return e
}
