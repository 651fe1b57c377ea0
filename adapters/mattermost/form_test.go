package mattermost

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
	"pgregory.net/rapid"

	"balie/adapters/adaptertest"
	"balie/internal/chat"
)

var formNow = time.Date(2026, 3, 4, 9, 30, 0, 0, time.UTC)

const (
	anaID  = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
	roomID = "rrrrrrrrrrrrrrrrrrrrrrrrrr"
	postID = "pppppppppppppppppppppppppp"
)

// unconnected is a platform whose server was never reached.
func unconnected(t testing.TB) *Mattermost {
	t.Helper()
	m, err := New(Options{URL: "http://127.0.0.1:1", Token: "token", CommandTokens: []string{"commandtoken"}, Hooks: "https://balie.example.org/hooks/mattermost",
		Secret: bytes.Repeat([]byte("secret "), 6), Memory: &adaptertest.Memory{}, Now: func() time.Time { return formNow }})
	if err != nil {
		t.Fatal(err)
	}
	m.self.Store(&model.User{Id: "bbbbbbbbbbbbbbbbbbbbbbbbbb", Username: "balie"})
	m.people.known.Add(anaID, &model.User{Id: anaID, Username: "ana", Locale: "nl"})
	m.muted.Store(time.Now().Add(time.Hour).UnixNano())
	return m
}

// dutchForm has every kind of question, with labels as long as Dutch ones are.
func dutchForm() *chat.Form {
	options := []chat.Option{{Value: "hw", Label: "Hardware, zoals laptops, schermen en printers"}, {Value: "sw", Label: "Software"}}
	return &chat.Form{
		Value: chat.Value{Verb: "open", Arg: `{"d":true}`}, Title: "Nieuwe melding voor de informatievoorziening", Submit: "Versturen",
		Intro: "*Dit typte je eerder, zonder het te versturen.*",
		Fields: []chat.Field{
			{ID: "summary", Kind: chat.TextField, Label: "Korte omschrijving van het probleem", Required: true, Max: 150, Value: []string{"Printer stuk"}, Placeholder: "In één zin"},
			{ID: "category", Kind: chat.SelectField, Label: "Categorie", Required: true, Refresh: true, Options: options, Value: []string{"hw"}},
			{ID: "apps", Kind: chat.MultiField, Label: "Toepassingen waarmee je werkt", Options: options, Value: []string{"hw", "sw"}},
			{ID: "colleague", Kind: chat.PersonField, Label: "Collega die erbij was toen het gebeurde", Hint: "Alleen als die meer weet"},
			{ID: "day", Kind: chat.DateField, Label: "Gewenste einddatum", Value: []string{"2026-04-01"}},
			{ID: "agree", Kind: chat.CheckboxField, Label: "Ik ga akkoord met de gedragsregels voor het gebruik van geleende apparatuur", Required: true, Value: []string{"true"}},
			{ID: "description", Kind: chat.LongTextField, Label: "Toelichting", Max: 10_000,
				Hint: "Beschrijf zo precies mogelijk wat er gebeurt, wat je verwachtte, en wat je al hebt geprobeerd; foutmeldingen graag letterlijk overnemen, anders moeten we ernaar vragen."},
			{ID: "many", Kind: chat.SelectField, Label: "Locatie", Lookup: true, Options: options},
		},
	}
}

func TestDialogKeepsTheLimits(t *testing.T) {
	m := unconnected(t)
	d := m.dialog(dutchForm(), state{Channel: roomID, Nonce: "nonce"}, anaID)
	if err := d.IsValid(); err != nil {
		t.Fatalf("the dialog is refused: %v", err)
	}
	golden(t, "dialog", "mattermost-dialog", model.OpenDialogRequest{TriggerId: "trigger", URL: m.hooks + dialogPath, Dialog: d})
	for _, words := range []string{"Nieuwe melding voor de informatievoorziening", "anders moeten we ernaar vragen"} {
		if !strings.Contains(d.IntroductionText, words) {
			t.Errorf("%q is nowhere: %s", words, d.IntroductionText)
		}
	}
	for i, f := range dutchForm().Fields {
		if e := d.Elements[i]; e.DisplayName != f.Label && !strings.HasPrefix(e.HelpText, f.Label) {
			t.Errorf("%q is cut to %q, and the help is %q", f.Label, e.DisplayName, e.HelpText)
		}
	}
}

// TestAnyFormIsADialog: whatever labels and texts a policy or a person brings, the server takes the dialog.
func TestAnyFormIsADialog(t *testing.T) {
	m := unconnected(t)
	kinds := []chat.FieldKind{chat.TextField, chat.LongTextField, chat.SelectField, chat.MultiField, chat.PersonField, chat.DateField, chat.CheckboxField, chat.FileField}
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.StringN(0, 60, 400)
		f := &chat.Form{Title: "x" + words.Draw(t, "title"), Submit: words.Draw(t, "submit"), Intro: words.Draw(t, "intro")}
		for i, kind := range rapid.SliceOfN(rapid.SampledFrom(kinds), 1, 6).Draw(t, "kinds") {
			f.Fields = append(f.Fields, chat.Field{ID: "f" + string(rune('a'+i)), Kind: kind, Label: words.Draw(t, "label"), Hint: words.Draw(t, "hint"),
				Placeholder: words.Draw(t, "placeholder"), Required: rapid.Bool().Draw(t, "required"), Max: rapid.IntRange(0, 20_000).Draw(t, "max"),
				Options: []chat.Option{{Value: "a", Label: words.Draw(t, "option")}}, Value: []string{rapid.SampledFrom([]string{"a", "true", "2026-01-02", words.Draw(t, "value")}).Draw(t, "v")}})
		}
		fitted := chat.Fit(*f, m.Caps())
		d := m.dialog(&fitted, state{Channel: roomID, Nonce: "n"}, anaID)
		if err := d.IsValid(); err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
	})
}

func TestAnswersComeBack(t *testing.T) {
	m := unconnected(t)
	f := dutchForm()
	f.Fixed = chat.Values{"type": {"incident"}}
	d := m.dialog(f, state{Channel: roomID, Thread: postID, Nonce: "nonce"}, anaID)
	s, err := m.opened(d.State, anaID, roomID)
	if err != nil || s.Form != f.Value || s.Thread != postID {
		t.Fatalf("the state is %+v, %v", s, err)
	}
	got := s.answersTo(map[string]any{
		"summary": "Printer stuk", "category": "hw", "apps": []any{"hw", "sw", 7}, "colleague": anaID, "day": "2026-04-01T00:00:00Z", "agree": true,
		"description": " ", "many": "sw", "type": "request", "invented": "x",
	})
	want := chat.Values{"type": {"incident"}, "summary": {"Printer stuk"}, "category": {"hw"}, "apps": {"hw", "sw"}, "colleague": {anaID},
		"day": {"2026-04-01"}, "agree": {"true"}, "many": {"sw"}}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("answers %v, want %v", got, want)
	}
	if got := s.answersTo(map[string]any{"colleague": "somebody", "agree": "yes", "apps": "hw,sw", "day": 7}); !reflect.DeepEqual(got, chat.Values{"type": {"incident"}, "apps": {"hw", "sw"}}) {
		t.Errorf("odd answers became %v", got)
	}
	out := s.errorsFor(map[string]string{"summary": "Te lang.", "nowhere": "Ook dit.", "": "Alles."})
	if out.Errors["summary"] != "Te lang." || out.Error != "Alles.\nOok dit." {
		t.Errorf("errors %+v", out)
	}
	golden(t, "dialog-errors", "mattermost-dialog-response", out)
}

// TestFilesInForms: they came after what the published types know, so only the server's own rules are checked.
func TestFilesInForms(t *testing.T) {
	m := unconnected(t)
	d := m.dialog(&chat.Form{Title: "Antwoord", Submit: "Stuur", Fields: []chat.Field{
		{ID: "files", Kind: chat.FileField, Label: "Bestanden, zoals schermafbeeldingen", Max: 10}, {ID: "photo", Kind: chat.FileField, Label: "Foto", Max: 1},
	}}, state{Channel: roomID, Nonce: "n"}, anaID)
	if err := d.IsValid(); err != nil || !d.Elements[0].AllowMultiple || d.Elements[1].AllowMultiple {
		t.Errorf("%+v: %v", d.Elements, err)
	}
	s, err := m.opened(d.State, anaID, roomID)
	if err != nil {
		t.Fatal(err)
	}
	got := s.answersTo(map[string]any{"files": anaID + "," + postID + ",nonsense", "photo": []any{postID}})
	if !reflect.DeepEqual(got, chat.Values{"files": {anaID, postID}, "photo": {postID}}) {
		t.Errorf("files %v", got)
	}
}

// post sends a callback to the hooks.
func post(m *Mattermost, h chat.Handler, path string, body any) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	m.Hooks(h).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/hooks/mattermost"+path, bytes.NewReader(encode(body))))
	return w
}

func TestOldFormsAndButtonsSayThatTheyAreOld(t *testing.T) {
	m := unconnected(t)
	now := formNow
	m.opts.Now = func() time.Time { return now }
	nobody := func(context.Context, chat.Event) (chat.Reply, error) {
		t.Error("the bot was told")
		return chat.Reply{}, nil
	}
	d := m.dialog(dutchForm(), state{Channel: roomID, Nonce: "nonce"}, anaID)
	button := m.buttonsAt(spot{channel: roomID, holder: anaID})(chat.Button{Label: "Toon", Value: chat.Value{Verb: "show"}})
	now = now.Add(privateLife + time.Second)
	w := post(m, nobody, dialogPath, model.SubmitDialogRequest{UserId: anaID, ChannelId: roomID, State: d.State, Submission: map[string]any{"summary": "x"}})
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "te oud") {
		t.Errorf("an old form: %d %s", w.Code, w.Body)
	}
	w = post(m, nobody, lookupPath, model.SubmitDialogRequest{UserId: anaID, ChannelId: roomID, State: d.State, Submission: map[string]any{"query": "x"}})
	if w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != `{"items":[]}` {
		t.Errorf("a look-up of an old form: %d %s", w.Code, w.Body)
	}
	w = post(m, nobody, actionPath, model.PostActionIntegrationRequest{UserId: anaID, ChannelId: roomID, PostId: postID, Context: button.Integration.Context})
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "te oud") {
		t.Errorf("an old button: %d %s", w.Code, w.Body)
	}
	// The buttons of a card last.
	lasting := m.buttonsAt(spot{channel: roomID})(chat.Button{Label: "Claim", Value: chat.Value{Verb: "claim"}})
	now = now.AddDate(5, 0, 0)
	told := 0
	w = post(m, func(context.Context, chat.Event) (chat.Reply, error) {
		told++
		return chat.Reply{Text: "Van **jou**."}, nil
	}, actionPath, model.PostActionIntegrationRequest{UserId: anaID, ChannelId: roomID, PostId: postID, Context: lasting.Integration.Context})
	if w.Code != http.StatusOK || told != 1 {
		t.Errorf("a card's button after years: %d %s, told %d times", w.Code, w.Body, told)
	}
}

// TestAnswersAreAsTheServerWants compares the answers to callbacks, and what people read when the bot can't answer.
func TestAnswersAreAsTheServerWants(t *testing.T) {
	m := unconnected(t)
	e := m.event("id", roomID, "")
	e.Person = chat.Person{ID: anaID, Locale: "nl"}
	card := chat.Card{Title: "HD-00001 · Printer stuk", Footer: "Open · Hoog", Tone: chat.Info}
	said := chat.Reply{Text: "**Je meldingen**", Buttons: []chat.Button{{Label: "Volgende", Value: chat.Value{Verb: "list", Arg: "mine 2"}}},
		Posts: []chat.Post{{Card: &card, Buttons: []chat.Button{{Label: "Toon", Value: chat.Value{Verb: "show", Ticket: "t-1"}}}}}}
	golden(t, "command-list", "mattermost-command-response", m.answerCommand(t.Context(), e, said, nil, "", ""))
	golden(t, "command-failed", "mattermost-command-response", m.answerCommand(t.Context(), e, chat.Reply{Text: "Er ging iets mis."}, errors.New("away"), "", ""))
	golden(t, "action-text", "mattermost-action-response", m.answerAction(t.Context(), e, chat.Reply{Text: "**HD-00001** is van jou, @all."}, ""))
	golden(t, "dialog-closed", "mattermost-dialog-response", m.answerForm(t.Context(), e, state{}, chat.Reply{}, nil))
	golden(t, "dialog-failed", "mattermost-dialog-response", m.answerForm(t.Context(), e, state{}, chat.Reply{Text: "Er ging iets mis."}, errors.New("away")))
	golden(t, "dialog-next", "mattermost-dialog-response", m.answerForm(t.Context(), e, state{Channel: roomID, Nonce: "nonce"}, chat.Reply{Form: dutchForm()}, nil))

	// The server does not answer: whoever typed the command is told, and nothing breaks.
	out := m.answerCommand(t.Context(), e, chat.Reply{Form: dutchForm()}, nil, "trigger", "")
	if out.Text != words("nl").noForm || out.Props[failedProp] != true {
		t.Errorf("without a server a form gives %+v", out)
	}
	if got := m.answerAction(t.Context(), e, chat.Reply{Form: dutchForm()}, "trigger"); got.EphemeralText != words("nl").noForm {
		t.Errorf("without a server a click gives %+v", got)
	}
}

func FuzzCallbacks(f *testing.F) {
	m := unconnected(f)
	token := m.buttonsAt(spot{channel: roomID})(chat.Button{Label: "x", Value: chat.Value{Verb: "claim"}}).Integration.Context[contextToken].(string)
	d := m.dialog(dutchForm(), state{Channel: roomID, Nonce: "n"}, anaID)
	f.Add(actionPath, string(encode(map[string]any{"user_id": anaID, "channel_id": roomID, "context": map[string]any{"t": token}})))
	f.Add(dialogPath, string(encode(map[string]any{"user_id": anaID, "channel_id": roomID, "state": d.State, "submission": map[string]any{"summary": "x"}})))
	f.Add(dialogPath, `{"type":"refresh","submission":null,"state":7}`)
	f.Add(lookupPath, `{"submission":{"query":[]}}`)
	f.Add(commandPath, "token=commandtoken&user_id="+anaID+"&channel_id="+roomID+"&text=%00")
	h := m.Hooks(func(_ context.Context, e chat.Event) (chat.Reply, error) {
		if e.ID == "" || e.Person.ID == "" || e.Channel == "" {
			return chat.Reply{}, errors.New("an event without its id, person or place")
		}
		return chat.Reply{}, nil
	})
	f.Fuzz(func(t *testing.T, path, body string) {
		if strings.ContainsAny(path, " ?#%\x00\r\n") || !strings.HasPrefix(path, "/") {
			return
		}
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.URL.Path = "/hooks/mattermost" + path
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("%s %q: %d %s", path, body, w.Code, w.Body)
		}
	})
}

// TestNothingCanBePosted tells whoever wanted something posted for everybody what to do.
func TestNothingCanBePosted(t *testing.T) {
	m := unconnected(t)
	e := m.event("id", roomID, "")
	e.Person = chat.Person{ID: anaID, Locale: "en"}
	public := chat.Reply{Public: &chat.Post{Key: "panel", Text: "Need help?"}}
	if out := m.answerCommand(t.Context(), e, public, nil, "", ""); out.Text != words("en").noPost || out.Props[failedProp] != true {
		t.Errorf("a command gives %+v", out)
	}
	if out := m.answerAction(t.Context(), e, public, ""); out.EphemeralText != words("en").noPost {
		t.Errorf("a click gives %+v", out)
	}
	if out := m.answerForm(t.Context(), e, state{}, public, nil); out.Error != words("en").noPost {
		t.Errorf("a form gives %+v", out)
	}
}
