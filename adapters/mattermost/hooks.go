package mattermost

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/callback"
	"balie/adapters/upstream"
	"balie/internal/chat"
)

// The callbacks, below Options.Hooks.
const (
	commandPath = "/command"
	actionPath  = "/action"
	dialogPath  = "/dialog"
	lookupPath  = "/lookup"
)

// doctorCallback is what the doctor calls the form that it has the server send, to see that requests arrive.
const doctorCallback = "balie-doctor"

// bodyMax is how large a callback may be, in bytes: the server's own limit for what people send it is 300 000.
const bodyMax = 1 << 20

func (m *Mattermost) routes(h chat.Handler) http.Handler {
	handle := map[string]func(context.Context, chat.Handler, *http.Request) (any, error){
		commandPath: m.command, actionPath: m.action, dialogPath: m.submission, lookupPath: m.lookup,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := callback.Path(r)
		do, ok := handle[path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if !callback.Posted(w, r, "the Mattermost server") {
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, bodyMax)
		began := time.Now()
		ctx, waitedFor := upstream.Counting(r.Context())
		m.introduced(ctx)
		answer, err := do(ctx, h, r)
		took, waited := time.Since(began), waitedFor.Total()
		if m.opts.Answered != nil && err == nil {
			m.opts.Answered(path[1:], took, waited)
		}
		callback.Timing(w, took, waited)
		m.write(w, path, answer, err)
	})
}

// introduced makes sure, where that is possible in time, that it is known who the bot is and what the server can do: the
// first callback may come before Run has connected.
func (m *Mattermost) introduced(ctx context.Context) {
	if m.self.Load() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if _, err := m.me(ctx); err != nil {
		m.log.WithError(err).Warn("mattermost: a callback came before the server told who the bot is")
	}
}

var (
	errNotServer = &callback.Refusal{Status: http.StatusForbidden, Why: "this does not come from the Mattermost server, or the " +
		"token of its command is missing in MATTERMOST_COMMAND_TOKENS"}
	errForged = &callback.Refusal{Status: http.StatusForbidden, Why: "this was not made by Balie, or not for you"}
)

// write answers as servers want it: 200 and JSON, else people read only that an integration failed.
func (m *Mattermost) write(w http.ResponseWriter, path string, answer any, err error) {
	var no *callback.Refusal
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		no = callback.ErrTooLarge
	case err != nil && !errors.As(err, &no):
		m.log.WithError(err).WithField("callback", path).Error("mattermost: a callback could not be answered")
		no = &callback.Refusal{Status: http.StatusInternalServerError, Why: "something went wrong here"}
	}
	if no != nil {
		m.log.WithFields(map[string]any{"callback": path, "status": no.Status}).Warn("mattermost: a request was refused: " + no.Why)
		http.Error(w, no.Why, no.Status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		m.log.WithError(err).Debug("mattermost: nobody waited for the answer")
	}
}

// readJSON reads a JSON body.
func readJSON(r *http.Request, into any) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return callback.ErrGarbage
	}
	return nil
}

// command answers a slash command.
func (m *Mattermost) command(ctx context.Context, h chat.Handler, r *http.Request) (any, error) {
	if err := r.ParseForm(); err != nil {
		if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, tooLarge
		}
		return nil, callback.ErrGarbage
	}
	// Where the server signs in with OAuth for this URL, the header has another token; the form has ours in any case.
	header, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Token ")
	if !m.isCommandToken(r.PostForm.Get("token")) && !m.isCommandToken(header) {
		return nil, errNotServer
	}
	user, channel, thread := r.PostForm.Get("user_id"), r.PostForm.Get("channel_id"), r.PostForm.Get("root_id")
	if !model.IsValidId(user) || !model.IsValidId(channel) || thread != "" && !model.IsValidId(thread) {
		return nil, callback.ErrGarbage
	}
	trigger := r.PostForm.Get("trigger_id")
	if !m.genuine(trigger, user) {
		return nil, errForged
	}
	e := m.event("command|"+triggerName(trigger, encode(r.PostForm)), channel, thread)
	e.Person = m.people.quickly(ctx, user, r.PostForm.Get("user_name"))
	e.Direct = m.withBot(r.PostForm.Get("channel_name"))
	e.Command = &chat.Command{Name: strings.TrimPrefix(r.PostForm.Get("command"), "/"), Text: inbound(r.PostForm.Get("text"))}
	said, failed := m.ask(ctx, h, e)
	return m.answerCommand(ctx, e, said, failed, trigger, r.PostForm.Get("response_url")), nil
}

func (m *Mattermost) isCommandToken(token string) bool {
	is := 0
	for _, ours := range m.opts.CommandTokens {
		is |= subtle.ConstantTimeCompare([]byte(ours), []byte(token))
	}
	return is == 1 && token != ""
}

// withBot says whether the channel with the name is a person's direct conversation with the bot: "<id>__<id>".
func (m *Mattermost) withBot(name string) bool {
	self := m.self.Load()
	a, b, ok := strings.Cut(name, "__")
	return ok && self != nil && (a == self.Id || b == self.Id)
}

// triggerName is what is the same however often one trigger is delivered: its first part is a random id.
func triggerName(trigger string, body []byte) string {
	raw, err := base64.StdEncoding.DecodeString(trigger)
	if id, _, ok := strings.Cut(string(raw), ":"); err == nil && ok && model.IsValidId(id) {
		return id
	}
	return hashID(string(body))
}

// event is something that happened now.
func (m *Mattermost) event(id, channel, thread string) chat.Event {
	return chat.Event{ID: id, Platform: Name, Channel: channel, Thread: thread, At: time.Now().UTC()}
}

// ask has the bot answer within the time there is.
func (m *Mattermost) ask(ctx context.Context, h chat.Handler, e chat.Event) (chat.Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, m.opts.AnswerWithin)
	defer cancel()
	return h(ctx, e)
}

// action answers a pressed button, or a choice from a menu.
func (m *Mattermost) action(ctx context.Context, h chat.Handler, r *http.Request) (any, error) {
	var in model.PostActionIntegrationRequest
	if err := readJSON(r, &in); err != nil {
		return nil, err
	}
	token, _ := in.Context[contextToken].(string)
	if !model.IsValidId(in.UserId) || !model.IsValidId(in.ChannelId) || token == "" {
		return nil, errForged
	}
	p, err := m.pressed(token, in.UserId, in.ChannelId)
	if errors.Is(err, chat.ErrExpired) {
		who := m.people.quickly(ctx, in.UserId, in.UserName)
		return model.PostActionIntegrationResponse{EphemeralText: words(who.Locale).tooOld}, nil
	}
	if err != nil || !m.genuine(in.TriggerId, in.UserId) || !p.private && m.borrowed(ctx, in.PostId) {
		return nil, errForged
	}
	choice, _ := in.Context["selected_option"].(string)
	if len(p.Choices) > 0 && !p.offers(choice) {
		return nil, errForged
	}
	e := m.event("click|"+hashID(in.PostId, token, in.UserId, choice), in.ChannelId, p.Thread)
	e.Person = m.people.quickly(ctx, in.UserId, in.UserName)
	e.Direct = m.withBot(in.ChannelName)
	e.Click = &chat.Click{Value: p.Value, Message: chat.Ref{Platform: Name, Channel: in.ChannelId, Thread: p.Thread, Message: in.PostId}}
	if len(p.Choices) > 0 {
		e.Click.Choice = []string{choice}
	}
	said, _ := m.ask(ctx, h, e) // an error has its text in the reply
	return m.answerAction(ctx, e, said, in.TriggerId), nil
}

// borrowed says whether a post that carries a button's token is not the bot's: whoever came to know one, as the server
// shows it of a deleted post, may put it into a post of their own, for others to press. What the server can't tell now
// passes, since it has signed that the person pressed something.
func (m *Mattermost) borrowed(ctx context.Context, post string) bool {
	if ours, ok := m.roots.Get(post); ok {
		return !ours
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	self, err := m.me(ctx)
	if err != nil || !model.IsValidId(post) {
		return err == nil
	}
	p, resp, err := m.api.GetPost(ctx, post, "")
	if err != nil {
		m.log.WithError(m.sendError("look whose button it is", resp, err)).Debug("mattermost: a button is trusted")
		return resp != nil && (resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusForbidden)
	}
	m.roots.Add(post, p.UserId == self.Id)
	return p.UserId != self.Id
}

// submission answers a form that was sent, changed or closed.
func (m *Mattermost) submission(ctx context.Context, h chat.Handler, r *http.Request) (any, error) {
	var in model.SubmitDialogRequest
	if err := readJSON(r, &in); err != nil {
		return nil, err
	}
	if in.CallbackId == doctorCallback {
		return model.SubmitDialogResponse{Error: "this is only to see that requests arrive"}, nil
	}
	s, e, err := m.filled(ctx, in)
	if errors.Is(err, chat.ErrExpired) {
		who := m.people.quickly(ctx, in.UserId, "")
		return model.SubmitDialogResponse{Error: words(who.Locale).tooOld}, nil
	}
	if err != nil {
		return nil, err
	}
	if in.Type == "refresh" && !in.Cancelled {
		// Clients tell which field it was, or do not.
		field, _ := in.Submission["selected_field"].(string)
		i := slices.IndexFunc(s.Asked, func(q asked) bool { return q.Refresh && (q.ID == field || field == "") })
		if i < 0 {
			return nil, errForged
		}
		e.Submit.Changed = s.Asked[i].ID
		e.ID += "|" + hashID(string(encode(e.Submit.Values)))
	}
	e.Submit.Closed = in.Cancelled
	if err := m.attach(ctx, s, in, e.Submit); err != nil {
		return model.SubmitDialogResponse{Error: words(e.Person.Locale).noFiles}, nil
	}
	said, failed := m.ask(ctx, h, e)
	return m.answerForm(ctx, e, s, said, failed), nil
}

// filled is the state of a form that comes back, and the event that this is.
func (m *Mattermost) filled(ctx context.Context, in model.SubmitDialogRequest) (state, chat.Event, error) {
	if !model.IsValidId(in.UserId) || !model.IsValidId(in.ChannelId) {
		return state{}, chat.Event{}, errForged
	}
	s, err := m.opened(in.State, in.UserId, in.ChannelId)
	if errors.Is(err, chat.ErrExpired) {
		return s, chat.Event{}, err
	}
	if err != nil {
		return s, chat.Event{}, errForged
	}
	e := m.event("form|"+s.Nonce, s.Channel, s.Thread)
	e.Person = m.people.quickly(ctx, in.UserId, "")
	e.Submit = &chat.Submit{Form: s.Form, Values: s.answersTo(in.Submission)}
	return s, e, nil
}

// lookup gives the options of a question while somebody types.
func (m *Mattermost) lookup(ctx context.Context, h chat.Handler, r *http.Request) (any, error) {
	var in model.SubmitDialogRequest
	if err := readJSON(r, &in); err != nil {
		return nil, err
	}
	s, e, err := m.filled(ctx, in)
	if errors.Is(err, chat.ErrExpired) {
		return model.LookupDialogResponse{Items: []model.DialogSelectOption{}}, nil
	}
	if err != nil {
		return nil, err
	}
	field, _ := in.Submission["selected_field"].(string)
	text, _ := in.Submission["query"].(string)
	e.ID += "|lookup"
	e.Query = &chat.Query{Form: s.Form, Field: field, Text: chat.Clean(text), Values: e.Submit.Values}
	e.Submit = nil
	said, _ := m.ask(ctx, h, e) // without options the person types on
	out := model.LookupDialogResponse{Items: []model.DialogSelectOption{}}
	for _, o := range options(said.Options) {
		out.Items = append(out.Items, model.DialogSelectOption{Text: o.Text, Value: o.Value})
	}
	return out, nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
