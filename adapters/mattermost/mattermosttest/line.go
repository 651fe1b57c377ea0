package mattermosttest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/patient"
)

// event is an ephemeral post or a dialog that is to be opened.
type event struct {
	post   *model.Post
	dialog *model.OpenDialogRequest
}

// line is an open websocket. It is not the library's client, which may panic when it is closed while a ping comes in.
type line struct {
	conn  *websocket.Conn
	hello chan struct{}
	over  chan struct{} // closed after the last event
	err   error         // why it is over
}

var errOver = errors.New("the websocket broke")

// kept is how many events are remembered at most.
const kept = 1000

// connect opens the person's websocket, unless it is open.
//
// That it is open is tried, by a ping: what the server sends before we notice that it has restarted comes to nobody.
func (u *User) connect(ctx context.Context) (*line, error) {
	client, err := u.Client(ctx)
	if err != nil {
		return nil, err
	}
	u.dialMu.Lock()
	defer u.dialMu.Unlock()
	if l := u.open(); l != nil {
		if u.ping(ctx, l) {
			return l, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err := l.end(); err != nil && !errors.Is(err, net.ErrClosed) {
			return nil, fmt.Errorf("end the websocket of %s: %w", u.Name, err)
		}
	}
	if u.town.closed.Load() {
		return nil, errors.New("the town is closed")
	}
	conn, err := dial(ctx, "ws"+strings.TrimPrefix(u.town.URL, "http")+model.APIURLSuffix+"/websocket")
	if err != nil {
		return nil, fmt.Errorf("connect %s: %w", u.Name, err)
	}
	l := &line{conn: conn, hello: make(chan struct{}), over: make(chan struct{})}
	conn.SetPongHandler(func(value string) error {
		u.came(value)
		return nil
	})
	go u.listen(l)
	err = conn.WriteJSON(model.WebSocketRequest{Seq: 1, Action: string(model.WebsocketAuthenticationChallenge),
		Data: map[string]any{"token": client.AuthToken}})
	if err == nil {
		// Before hello, the server sends the person's events elsewhere.
		select {
		case <-l.hello:
			u.mu.Lock()
			u.line = l
			u.mu.Unlock()
			return l, nil
		case <-l.over:
			err = l.err
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	return nil, errors.Join(fmt.Errorf("connect %s: %w", u.Name, err), l.end())
}

// dial opens a websocket; it waits when the server says that it was asked too often.
func dial(ctx context.Context, url string) (*websocket.Conn, error) {
	dialer := websocket.Dialer{HandshakeTimeout: 20 * time.Second}
	for {
		conn, resp, err := dialer.DialContext(ctx, url, nil)
		if err == nil {
			return conn, nil
		}
		if resp == nil || resp.StatusCode != http.StatusTooManyRequests {
			return nil, err
		}
		if err := patient.Wait(ctx, patient.After(resp.Header)); err != nil {
			return nil, err
		}
	}
}

// end closes the websocket and waits until its reader has stopped.
func (l *line) end() error {
	err := l.conn.Close()
	<-l.over
	return err
}

// open is the person's websocket, if it is open as far as we know.
func (u *User) open() *line {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.line == nil {
		return nil
	}
	select {
	case <-u.line.over:
		return nil
	default:
		return u.line
	}
}

// hangUp ends the person's websocket.
func (u *User) hangUp() {
	u.dialMu.Lock()
	defer u.dialMu.Unlock()
	if l := u.open(); l != nil {
		// What went wrong while we hung up concerns nobody any more.
		_ = l.end()
	}
}

// listen takes what comes until the websocket ends.
func (u *User) listen(l *line) {
	defer close(l.over)
	greeted := false
	for {
		_, data, err := l.conn.ReadMessage()
		if err != nil {
			l.err = errors.Join(errOver, err, l.conn.Close())
			return
		}
		e, err := model.WebSocketEventFromJSON(bytes.NewReader(data))
		if err != nil || !e.IsValid() {
			continue // the answer to a request of ours
		}
		if e.EventType() == model.WebsocketEventHello && !greeted {
			greeted = true
			close(l.hello)
		}
		if err := u.take(e); err != nil {
			l.err = errors.Join(fmt.Errorf("understand %s: %w", e.EventType(), err), l.conn.Close())
			return
		}
	}
}

// take remembers an event that concerns the person.
func (u *User) take(e *model.WebSocketEvent) error {
	field := map[model.WebsocketEventType]string{
		model.WebsocketEventEphemeralMessage:   "post",
		model.WebsocketEventOpenDialog:         "dialog",
		model.WebsocketEventPreferencesChanged: "preferences",
	}[e.EventType()]
	if field == "" {
		return nil
	}
	text, ok := e.GetData()[field].(string)
	if !ok {
		return fmt.Errorf("its %s is no string", field)
	}
	var (
		news        event
		preferences model.Preferences
		err         error
	)
	switch field {
	case "post":
		err = json.Unmarshal([]byte(text), &news.post)
	case "dialog":
		err = json.Unmarshal([]byte(text), &news.dialog)
	default:
		err = json.Unmarshal([]byte(text), &preferences)
	}
	if err != nil {
		return err
	}
	for _, p := range preferences {
		if p.Category == barrierCategory {
			u.came(p.Value)
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if news.post == nil && news.dialog == nil {
		return nil
	}
	u.news = append(u.news, news)
	if len(u.news) > kept {
		u.news = append([]event(nil), u.news[kept/2:]...)
		u.told += kept / 2
	}
	close(u.changed)
	u.changed = make(chan struct{})
	return nil
}

// begin notes that the person does something, and how many events there are by now.
func (u *User) begin(channelID string) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.channel = channelID
	return u.told + len(u.news)
}

// end is what has come since a number of events. Nothing of it is told of by Late.
func (u *User) end(start int) ([]*model.Post, []*model.OpenDialogRequest) {
	u.mu.Lock()
	defer u.mu.Unlock()
	posts, dialogs := u.since(start)
	u.seen = u.told + len(u.news)
	return posts, dialogs
}

func (u *User) since(start int) (posts []*model.Post, dialogs []*model.OpenDialogRequest) {
	for _, e := range u.news[max(0, start-u.told):] {
		if e.post != nil {
			posts = append(posts, e.post)
		} else {
			dialogs = append(dialogs, e.dialog)
		}
	}
	return posts, dialogs
}

const barrierCategory = "balie_test"

// barrier waits until everything has come that the server has sent the person up to now: it changes a preference of theirs,
// which the server tells through the same queue as everything else that it sends to that person.
func (u *User) barrier(ctx context.Context, l *line) error {
	client, err := u.Client(ctx)
	if err != nil {
		return err
	}
	value, came := u.await()
	defer u.came(value)
	_, err = client.UpdatePreferences(ctx, u.ID,
		model.Preferences{{UserId: u.ID, Category: barrierCategory, Name: "barrier", Value: value}})
	if err != nil {
		return err
	}
	select {
	case <-came:
		return nil
	case <-l.over:
		return l.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ping says whether the websocket is alive.
func (u *User) ping(ctx context.Context, l *line) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	value, came := u.await()
	defer u.came(value)
	if err := l.conn.WriteControl(websocket.PingMessage, []byte(value), time.Now().Add(10*time.Second)); err != nil {
		return false
	}
	select {
	case <-came:
		return true
	case <-l.over:
		return false
	case <-ctx.Done():
		return false
	}
}

// await is a value that is to come over the websocket, and what is closed when it does.
func (u *User) await() (string, <-chan struct{}) {
	value, came := rand.Text(), make(chan struct{})
	u.mu.Lock()
	defer u.mu.Unlock()
	u.waiting[value] = came
	return value, came
}

// came notes that an awaited value has come, or is awaited no longer.
func (u *User) came(value string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if came := u.waiting[value]; came != nil {
		delete(u.waiting, value)
		close(came)
	}
}

// settle is a barrier that survives a restart of the server. It says whether the websocket broke meanwhile.
func (u *User) settle(ctx context.Context, l *line) (missed bool, err error) {
	for {
		if l != nil {
			err = u.barrier(ctx, l)
		}
		refusal := (*model.AppError)(nil)
		if err == nil || errors.As(err, &refusal) && refusal.StatusCode < http.StatusInternalServerError {
			return missed, err
		}
		missed = true
		if ended := patient.Wait(ctx, 20*time.Millisecond); ended != nil {
			return missed, errors.Join(ended, err)
		}
		l, err = u.connect(ctx)
	}
}

// Online opens the person's websocket: who does nothing yet gets private posts, too.
func (u *User) Online(ctx context.Context) error {
	_, err := u.connect(ctx)
	return err
}

// Late waits for private posts and dialogs that come after an action was answered: it returns what has come since the last
// Answer as soon as that is enough.
func (u *User) Late(ctx context.Context, enough func(Answer) bool) (Answer, error) {
	for {
		l, err := u.connect(ctx)
		if err != nil {
			return Answer{}, err
		}
		u.mu.Lock()
		changed := u.changed
		posts, dialogs := u.since(u.seen)
		a := Answer{Private: posts}
		if len(dialogs) > 0 {
			a.Dialog = u.opened(dialogs[len(dialogs)-1], u.channel)
		}
		now := u.told + len(u.news)
		u.mu.Unlock()
		if enough(a) {
			u.mu.Lock()
			u.seen = max(u.seen, now)
			u.mu.Unlock()
			return a, nil
		}
		select {
		case <-changed:
		case <-l.over:
		case <-ctx.Done():
			return a, fmt.Errorf("%s waits for something private: %w", u.Name, ctx.Err())
		}
	}
}
