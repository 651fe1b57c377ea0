package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/mattermost/mattermost/server/public/model"
)

// standIn takes what the program sends a Mattermost server, and does with it as little as it can: what it answers takes no
// time. The crew it serves calls the program's hooks itself: see caller.
type standIn struct {
	URL    string
	tell   func(news)
	bot    *model.User
	users  map[string]*model.User // by id
	ids    map[string]string      // by name
	agents []*model.User
	triage string
	key    *ecdsa.PrivateKey // signs what people did
	http   *http.Server
	ended  chan error

	mu      sync.Mutex
	posts   map[string]*model.Post
	directs map[string]string       // the conversation with a user
	dialogs map[string]model.Dialog // that were opened, by trigger
	strange []string                // what it was asked that it does not know
}

// standInVersion is that of the server which it stands for.
const standInVersion = "11.4.0.11.4.0.0.false"

func startStandIn(people int) (*standIn, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("stand in for a Mattermost server: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("stand in for a Mattermost server: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("stand in for a Mattermost server: %w", err)
	}
	s := &standIn{URL: "http://" + l.Addr().String(), users: map[string]*model.User{}, ids: map[string]string{}, triage: model.NewId(),
		key: key, ended: make(chan error, 1), posts: map[string]*model.Post{}, directs: map[string]string{}, dialogs: map[string]model.Dialog{}}
	s.bot = s.add("balie")
	s.bot.IsBot = true
	for i := range people {
		s.add(requester(i))
		if name := helper(i); s.ids[name] == "" {
			s.agents = append(s.agents, s.add(name))
		}
	}
	s.http = &http.Server{Handler: s.routes(base64.StdEncoding.EncodeToString(public)), ReadHeaderTimeout: time.Minute}
	go func() { s.ended <- s.http.Serve(l) }()
	return s, nil
}

func (s *standIn) add(name string) *model.User {
	u := &model.User{Id: model.NewId(), Username: name, FirstName: name, Locale: "en", Roles: "system_user"}
	s.users[u.Id], s.ids[name] = u, u.Id
	return u
}

// close ends it, and says if it was asked what it does not know.
func (s *standIn) close() error {
	err := s.http.Close()
	if ended := <-s.ended; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.strange) > 0 {
		err = errors.Join(err, fmt.Errorf("the stand-in for a Mattermost server was asked what it does not know: %q", s.strange))
	}
	return err
}

func (s *standIn) routes(key string) http.Handler {
	mux := http.NewServeMux()
	const api = model.APIURLSuffix
	on := func(pattern string, do func(r *http.Request) (any, int)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			answer, status := do(r)
			w.Header().Set(model.HeaderVersionId, standInVersion)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(answer) // whoever does not wait for it does not want it
		})
	}
	give := func(answer any) func(*http.Request) (any, int) {
		return func(*http.Request) (any, int) { return answer, http.StatusOK }
	}
	on("GET "+api+"/users/me", give(s.bot))
	on("GET "+api+"/config/client", give(map[string]string{"AsymmetricSigningPublicKey": key}))
	on("GET "+api+"/system/ping", give(map[string]string{"status": "OK"}))
	on("GET "+api+"/users/{id}/channels", give([]any{}))
	on("POST /hooks/commands/{id}", give(map[string]string{}))
	on("POST "+api+"/actions/dialogs/open", s.openDialog)
	on("POST "+api+"/channels/direct", s.openDirect)
	on("POST "+api+"/posts", s.create)
	on("PUT "+api+"/posts/{id}/patch", s.patch)
	on("GET "+api+"/posts/{id}", func(r *http.Request) (any, int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if p := s.posts[r.PathValue("id")]; p != nil {
			return p, http.StatusOK
		}
		return refusal("app.post.get.app_error", http.StatusNotFound)
	})
	on("POST "+api+"/posts/ephemeral", func(*http.Request) (any, int) { // as for bots that got no further rights
		return refusal("api.context.permissions.app_error", http.StatusForbidden)
	})
	on("GET "+api+"/users/{id}", func(r *http.Request) (any, int) {
		if u := s.users[r.PathValue("id")]; u != nil {
			return u, http.StatusOK
		}
		return refusal("app.user.missing_account.const", http.StatusNotFound)
	})
	on("GET "+api+"/users", func(r *http.Request) (any, int) {
		if r.FormValue("in_channel") != s.triage || r.FormValue("page") != "0" && r.FormValue("page") != "" {
			return []any{}, http.StatusOK
		}
		return s.agents, http.StatusOK
	})
	on("/", func(r *http.Request) (any, int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if what := r.Method + " " + r.URL.Path; len(s.strange) < 10 && !slices.Contains(s.strange, what) {
			s.strange = append(s.strange, what)
		}
		return refusal("api.context.404.app_error", http.StatusNotFound)
	})
	mux.HandleFunc("GET "+api+"/websocket", s.websocket)
	return mux
}

func refusal(id string, status int) (any, int) {
	return &model.AppError{Id: id, Message: id, StatusCode: status}, status
}

func decoded[T any](r *http.Request) (v T, err error) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &v)
	}
	return v, err
}

func (s *standIn) openDialog(r *http.Request) (any, int) {
	in, err := decoded[model.OpenDialogRequest](r)
	if err != nil {
		return refusal("api.context.invalid_body_param.app_error", http.StatusBadRequest)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dialogs[in.TriggerId] = in.Dialog
	return map[string]string{"status": "OK"}, http.StatusOK
}

// opened is the dialog that was opened for a trigger.
func (s *standIn) opened(trigger string) (model.Dialog, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.dialogs[trigger]
	delete(s.dialogs, trigger)
	return d, ok
}

func (s *standIn) openDirect(r *http.Request) (any, int) {
	in, err := decoded[[]string](r)
	if err != nil || len(in) != 2 {
		return refusal("api.context.invalid_body_param.app_error", http.StatusBadRequest)
	}
	user := in[0]
	if user == s.bot.Id {
		user = in[1]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.directs[user] == "" {
		s.directs[user] = model.NewId()
	}
	return &model.Channel{Id: s.directs[user], Type: model.ChannelTypeDirect, Name: model.GetDMNameFromIds(user, s.bot.Id)}, http.StatusCreated
}

func (s *standIn) create(r *http.Request) (any, int) {
	p, err := decoded[*model.Post](r)
	if err != nil {
		return refusal("api.context.invalid_body_param.app_error", http.StatusBadRequest)
	}
	p.Id, p.UserId, p.CreateAt = model.NewId(), s.bot.Id, model.GetMillis()
	return s.keep(p, http.StatusCreated)
}

func (s *standIn) patch(r *http.Request) (any, int) {
	patch, err := decoded[model.PostPatch](r)
	if err != nil {
		return refusal("api.context.invalid_body_param.app_error", http.StatusBadRequest)
	}
	s.mu.Lock()
	before := s.posts[r.PathValue("id")]
	s.mu.Unlock()
	if before == nil {
		return refusal("app.post.get.app_error", http.StatusNotFound)
	}
	p := before.Clone()
	p.Patch(&patch)
	return s.keep(p, http.StatusOK)
}

// keep keeps a post and tells the crew.
func (s *standIn) keep(p *model.Post, status int) (any, int) {
	p.UpdateAt = model.GetMillis()
	text, err := json.Marshal(p)
	if err != nil {
		return refusal("api.marshal_error", http.StatusInternalServerError)
	}
	s.mu.Lock()
	s.posts[p.Id] = p
	s.mu.Unlock()
	s.tell(news{time.Now(), messageOf(p, string(text), s.bot.Id)})
	return json.RawMessage(text), status
}

// websocket greets, and has nothing to tell.
func (s *standIn) websocket(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // the client was told
	}
	defer context.AfterFunc(r.Context(), func() { _ = conn.Close() })() // whoever reads from it is told
	defer func() { _ = conn.Close() }()                                 // of no interest: nothing is lost with it
	hello := model.NewWebSocketEvent(model.WebsocketEventHello, "", "", s.bot.Id, nil, "")
	hello.Add("connection_id", model.NewId())
	hello.Add("server_version", standInVersion)
	text, err := hello.ToJSON()
	if err == nil {
		err = conn.WriteMessage(websocket.TextMessage, text)
	}
	for err == nil {
		var q model.WebSocketRequest
		if err = conn.ReadJSON(&q); err == nil {
			err = conn.WriteJSON(model.NewWebSocketResponse(model.StatusOk, q.Seq, nil))
		}
	}
}
