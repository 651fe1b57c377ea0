package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"balie/adapters/adaptertest/golden"
	"balie/internal/chat"
)

// longForm has three pages.
func longForm() *chat.Form {
	f := &chat.Form{Value: chat.Value{Verb: "open", Arg: "draft"}, Title: "New ticket", Intro: "Category: **Hardware**", Fixed: chat.Values{"category": {"hw"}}}
	for i := range 11 {
		f.Fields = append(f.Fields, chat.Field{ID: fmt.Sprint("f", i), Kind: chat.TextField, Label: fmt.Sprint("Question *", i), Value: []string{fmt.Sprint("draft ", i)}})
	}
	f.Fields[10].Kind = chat.FileField
	return f
}

func shortForm() *chat.Form {
	return &chat.Form{Value: chat.Value{Verb: "reply", Ticket: aTicket}, Title: "Reply", Fields: []chat.Field{
		{ID: "text", Kind: chat.LongTextField, Label: "Your reply", Required: true}}}
}

// opened lets somebody press a button that opens the form.
func (s *stage) opened(f *chat.Form, more ...func(map[string]any)) shownAnswer {
	s.Helper()
	s.Says(chat.Reply{Form: f}, nil)
	got := s.does(s.click(s.d.bag(aGuild).id(chat.Value{Verb: "open"}, false), more...))
	if got.Type != answerModal {
		s.Fatalf("no form opened: %s", got.raw)
	}
	return got
}

// fills sends a form.
func (s *stage) fills(form shownAnswer, values map[string]string, more ...func(map[string]any)) map[string]any {
	var components []any
	for id, v := range values {
		components = append(components, map[string]any{"type": 18, "component": map[string]any{"type": 4, "custom_id": id, "value": v}})
	}
	return s.deed(formInteraction, map[string]any{"custom_id": form.Data.CustomID, "components": components}, more...)
}

// prefilled are the values that a form opens with.
func (a shownAnswer) prefilled() map[string]string {
	out := map[string]string{}
	for _, c := range a.Data.Components {
		var v string
		if c.Component != nil && json.Unmarshal(c.Component.Value, &v) == nil {
			out[c.Component.CustomID] = v
		}
	}
	return out
}

// whisper is a private message with the components of an answer.
func whisper(a shownAnswer) func(map[string]any) {
	return on(map[string]any{"id": "33", "flags": flagEphemeral, "components": a.Data.Components})
}

func TestShortForms(t *testing.T) {
	s := setStage(t)
	form := s.opened(shortForm())
	s.Says(chat.Reply{Text: "Sent."}, nil)
	card := on(map[string]any{"id": aCard})
	got := s.does(s.fills(form, map[string]string{"text": "on my way"}, card))
	e := s.last()
	if e.Submit == nil || e.Submit.Form != shortForm().Value || e.Submit.Values.Get("text") != "on my way" || e.Submit.Closed || !strings.HasPrefix(e.ID, "form|") {
		t.Errorf("submitted %+v", e)
	}
	if e.Channel != aChannel || e.Workspace != aGuild || e.Person.ID != ana || e.Direct {
		t.Errorf("the event is %+v", e)
	}
	if got.Type != answerMessage || got.Data.Content != "Sent." {
		t.Errorf("the answer is %s", got.raw)
	}
	// Sent once more, perhaps by another connection, it is the same event.
	s.does(s.fills(form, map[string]string{"text": "on my way"}, card))
	if again := s.last(); again.ID != e.ID {
		t.Errorf("one form has the ids %q and %q", again.ID, e.ID)
	}
	before := len(s.Told())
	if got := s.does(s.fills(form, map[string]string{"text": "stolen"}, by(bram))); got.Data.Content != words("").notYours || len(s.Told()) != before {
		t.Errorf("somebody else sent it: %s", got.raw)
	}
	s.Says(chat.Reply{}, nil)
	if got := s.does(s.fills(form, nil, card)); got.Type != answerDeferredUpdate {
		t.Errorf("without an answer: %s", got.raw)
	}
	if got := s.does(s.fills(form, nil)); got.Data.Content != words("").done {
		t.Errorf("without an answer, of a command: %s", got.raw)
	}
	for name, id := range map[string]string{"forged": "f.nonce.0.AAAAAAAAAAA", "unknown": s.d.values.pageID(formMark, "nonce", 0), "another bot's": "feedback",
		"no such page": s.d.values.pageID(formMark, strings.Split(form.Data.CustomID, ".")[1], 7)} {
		form.Data.CustomID = id
		before := len(s.Told())
		if got := s.does(s.fills(form, nil)); got.Data.Content != words("").oldForm || len(s.Told()) != before {
			t.Errorf("%s: %s", name, got.raw)
		}
	}
}

// An answer to a form that came from a private message takes its place.
func TestAnswersTakeThePlaceOfPrivateMessages(t *testing.T) {
	s := setStage(t)
	form := s.opened(shortForm())
	s.Says(chat.Reply{Text: "Sent."}, nil)
	got := s.does(s.fills(form, map[string]string{"text": "x"}, on(map[string]any{"id": "3", "flags": flagEphemeral})))
	if got.Type != answerUpdate || got.Data.Content != "Sent." || !strings.Contains(got.raw, `"embeds":[]`) || !strings.Contains(got.raw, `"components":[]`) {
		t.Errorf("the answer is %s", got.raw)
	}
	// What is made of the newer components can't become an ordinary message.
	got = s.does(s.fills(form, map[string]string{"text": "x"}, on(map[string]any{"id": "3", "flags": flagEphemeral | flagComponents})))
	if got.Type != answerMessage {
		t.Errorf("the answer is %s", got.raw)
	}
	s.Says(chat.Reply{}, nil)
	if got := s.does(s.fills(form, nil, on(map[string]any{"id": "3", "flags": flagEphemeral}))); got.Type != answerUpdate || got.Data.Content != words("").done {
		t.Errorf("without an answer: %s", got.raw)
	}
}

func TestFormsThatAreNotRight(t *testing.T) {
	s := setStage(t)
	form := s.opened(shortForm())
	s.Says(chat.Reply{Errors: map[string]string{"text": "Too *short*.", "": "It is closed."}}, nil)
	wrong := s.does(s.fills(form, map[string]string{"text": "x"}))
	first := s.last()
	want := words("").wrong + "\n- It is closed.\n- **Your reply**: Too *short*."
	if wrong.Type != answerMessage || wrong.Data.Content != want {
		t.Errorf("the answer is %q, want %q", wrong.Data.Content, want)
	}
	golden.Check(t, "form-wrong", "discord-interaction-response", json.RawMessage(strings.ReplaceAll(wrong.raw, wrong.button(t, "Correct"), "p.nonce.0.mac")))
	// The button opens it with what was typed, in another process too.
	s.d.forms = newForms(s.d)
	again := s.does(s.click(wrong.button(t, "Correct"), whisper(wrong)))
	if again.Type != answerModal || again.prefilled()["text"] != "x" || !strings.Contains(again.raw, "⚠ Too *short*.") {
		t.Fatalf("reopened %s", again.raw)
	}
	if got := s.does(s.click(wrong.button(t, "Correct"), whisper(wrong), by(bram))); got.Data.Content != words("").notYours || got.Type != answerMessage {
		t.Errorf("somebody else: %s", got.raw)
	}
	s.Says(chat.Reply{Text: "Sent."}, nil)
	right := s.does(s.fills(again, map[string]string{"text": "longer"}, whisper(wrong)))
	if second := s.last(); second.ID != first.ID || second.Submit.Values.Get("text") != "longer" || right.Type != answerUpdate || right.Data.Content != "Sent." {
		t.Errorf("then %+v, %s", second.Submit, right.raw)
	}
}

func TestNothingTypedIsLostWhileTheStoreIsAway(t *testing.T) {
	s := setStage(t)
	form := s.opened(shortForm())
	s.Says(chat.Reply{Text: "Please try again."}, errors.New("away"))
	s.shelf.Fail(errors.New("away"))
	failed := s.does(s.fills(form, map[string]string{"text": "typed with care"}))
	if failed.Data.Content != "Please try again." || failed.Type != answerMessage {
		t.Fatalf("the answer is %s", failed.raw)
	}
	again := s.does(s.click(failed.button(t, "Try again"), whisper(failed)))
	if again.prefilled()["text"] != "typed with care" {
		t.Errorf("reopened %s", again.raw)
	}
	// A form opens even so.
	if got := s.opened(shortForm()); got.Data.CustomID == form.Data.CustomID {
		t.Error("two forms have one name")
	}
	// The memory is back with what it had: this process knows better.
	s.shelf.Fail(nil)
	s.d.opts.Lease = noLease{}
	if again := s.does(s.click(failed.button(t, "Try again"), whisper(failed))); again.prefilled()["text"] != "typed with care" {
		t.Errorf("reopened %s", again.raw)
	}
}

// noLease says that there are other processes.
type noLease struct{}

func (noLease) Hold(context.Context, time.Duration) (bool, error) { return false, nil }
func (noLease) Release(context.Context) error                     { return nil }

func TestLongForms(t *testing.T) {
	for _, several := range []bool{false, true} {
		s := setStage(t, func(o *Options) {
			if several {
				o.Lease = noLease{}
			}
		})
		elsewhere := func() { // the next interaction comes to another process
			if several {
				s.d.forms = newForms(s.d)
			}
		}
		page := s.opened(longForm())
		if !strings.Contains(page.Data.Title, "(1/3)") || page.prefilled()["f0"] != "draft 0" || len(page.prefilled()) != 4 {
			t.Fatalf("the first page is %s", page.raw)
		}
		s.Says(chat.Reply{Text: "Draft kept."}, nil)
		elsewhere()
		kept := s.does(s.fills(page, map[string]string{"f0": "zero", "f3": "three"}))
		e := s.last()
		if e.Submit == nil || !e.Submit.Closed || !maps.EqualFunc(e.Submit.Values, chat.Values{"f0": {"zero"}, "f3": {"three"}, "category": {"hw"}}, slices.Equal) {
			t.Errorf("after the first page the bot was told %+v", e.Submit)
		}
		if kept.Type != answerMessage || kept.Data.Content != "Page 1 of 3 is kept. Nothing has been sent yet." {
			t.Errorf("after the first page: %s", kept.raw)
		}
		elsewhere()
		page = s.does(s.click(kept.button(t, "Continue (2/3)"), whisper(kept)))
		if page.prefilled()["f4"] != "draft 4" {
			t.Errorf("the second page is %s", page.raw)
		}
		// The bot can't keep a draft now; the form goes on all the same.
		s.Says(chat.Reply{}, errors.New("away"))
		kept = s.does(s.fills(page, map[string]string{"f4": "four"}, whisper(kept)))
		if kept.Type != answerUpdate {
			t.Errorf("after the second page: %s", kept.raw)
		}
		elsewhere()
		page = s.does(s.click(kept.button(t, "Continue (3/3)"), whisper(kept)))
		s.Says(chat.Reply{Errors: map[string]string{"f5": "Which one?", "f9": "When?"}}, nil)
		last := s.fills(page, map[string]string{"f9": "nine"}, whisper(kept))
		data := last["data"].(map[string]any)
		data["components"] = append(data["components"].([]any), map[string]any{"type": 18, "component": map[string]any{"type": 19, "custom_id": "f10", "values": []string{"9"}}})
		data["resolved"] = map[string]any{"attachments": map[string]any{"9": map[string]any{"id": "9", "filename": "a.png", "size": 3}}}
		wrong := s.does(last)
		first := s.last()
		want := chat.Values{"f0": {"zero"}, "f3": {"three"}, "f4": {"four"}, "f9": {"nine"}, "category": {"hw"}}
		if first.Submit.Closed || !maps.EqualFunc(first.Submit.Values, want, slices.Equal) || len(first.Submit.Files["f10"]) != 1 || first.Submit.Files["f10"][0].Name != "a.png" {
			t.Errorf("submitted %+v", first.Submit)
		}
		if strings.Index(wrong.Data.Content, "Which one?") > strings.Index(wrong.Data.Content, "When?") {
			t.Errorf("what is wrong is not in order: %s", wrong.raw)
		}
		// It is on the second page; the others stay as they were.
		elsewhere()
		page = s.does(s.click(wrong.button(t, "Correct"), whisper(wrong)))
		if !strings.Contains(page.Data.Title, "(2/3)") || page.prefilled()["f4"] != "four" || page.prefilled()["f6"] != "" {
			t.Errorf("to be corrected: %s", page.raw)
		}
		s.Says(chat.Reply{Text: "Thank you."}, nil)
		elsewhere()
		done := s.does(s.fills(page, map[string]string{"f4": "four", "f5": "five"}, whisper(wrong)))
		want["f5"] = []string{"five"}
		if e := s.last(); e.ID != first.ID || !maps.EqualFunc(e.Submit.Values, want, slices.Equal) || len(e.Submit.Files["f10"]) != 1 || done.Data.Content != "Thank you." {
			t.Errorf("at last %+v, %s", e.Submit, done.raw)
		}
	}
}

// Discord lets no form follow a form: a button opens it.
func TestAFormAfterAForm(t *testing.T) {
	s := setStage(t)
	form := s.opened(shortForm())
	s.Says(chat.Reply{Form: longForm()}, nil)
	got := s.does(s.fills(form, map[string]string{"text": "x"}))
	if got.Type != answerMessage || got.Data.Content != words("").formReady {
		t.Fatalf("the answer is %s", got.raw)
	}
	if next := s.does(s.click(got.button(t, "Open the form"), whisper(got))); next.Type != answerModal || !strings.Contains(next.Data.Title, "(1/3)") {
		t.Errorf("then %s", next.raw)
	}
}

func TestFormsInDirectConversations(t *testing.T) {
	s := setStage(t)
	form := s.opened(longForm(), direct)
	kept := s.does(s.fills(form, nil, direct))
	if e := s.last(); !e.Direct || e.Channel != "555" || e.Workspace != aGuild || kept.Data.Flags&flagEphemeral != 0 {
		t.Errorf("the event is %+v, the answer %s", e, kept.raw)
	}
	// The question is replaced there, too, although everybody in the conversation sees it; a card never is.
	page := s.does(s.click(kept.button(t, "Continue (2/3)"), direct, whisper(kept)))
	ordinary := on(map[string]any{"id": "33", "components": kept.Data.Components})
	if got := s.does(s.fills(page, nil, direct, ordinary)); got.Type != answerUpdate {
		t.Errorf("the answer is %s", got.raw)
	}
	if got := s.does(s.fills(page, nil, direct, on(map[string]any{"id": aCard}))); got.Type != answerMessage {
		t.Errorf("on a card: %s", got.raw)
	}
}

func TestOldFormsAreForgotten(t *testing.T) {
	s := setStage(t)
	s.Says(chat.Reply{Text: "Sent."}, nil)
	kept := func() int {
		all, err := s.shelf.List(t.Context(), formGroup)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	given := s.opened(shortForm())
	sent := s.opened(shortForm())
	s.Says(chat.Reply{Text: "Sent."}, nil)
	s.does(s.fills(sent, map[string]string{"text": "x"}))
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{0, 2}, {formStays + time.Minute, 1}, {formLasts + time.Minute, 0}} {
		if err := s.d.forms.tidy(t.Context(), time.Now().Add(c.after)); err != nil || kept() != c.want {
			t.Errorf("after %s %d forms are kept, want %d (%v)", c.after, kept(), c.want, err)
		}
	}
	for _, form := range []shownAnswer{given, sent} {
		if got := s.does(s.fills(form, nil)); got.Data.Content != words("").oldForm {
			t.Errorf("the answer is %s", got.raw)
		}
	}
	s.shelf.Fail(errors.New("away"))
	if err := s.d.forms.tidy(t.Context(), time.Now()); err == nil {
		t.Error("nobody said that the memory is away")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.d.forms.run(ctx) // returns
}

func TestPhrasesAreInBothLanguages(t *testing.T) {
	en, nl := string(fmt.Appendf(nil, "%#v", words("en-GB"))), string(fmt.Appendf(nil, "%#v", words("nl")))
	if strings.Contains(en, `""`) || strings.Contains(nl, `""`) || strings.Count(en, "%d") != strings.Count(nl, "%d") || en == nl {
		t.Errorf("English: %s\nDutch: %s", en, nl)
	}
	if one, two := words("nl").filesKept(1), words("nl").filesKept(2); one != "1 bestand is bewaard" || two != "2 bestanden zijn bewaard" {
		t.Errorf("%q, %q", one, two)
	}
}

// TestFilesOfFormsExpire: a file that nobody can read any more is asked for again, and the others are kept.
func TestFilesOfFormsExpire(t *testing.T) {
	s := setStage(t)
	form := s.opened(&chat.Form{Value: chat.Value{Verb: "reply", Ticket: aTicket}, Title: "Reply", Fields: []chat.Field{
		{ID: "text", Kind: chat.TextField, Label: "Your reply"}, {ID: "files", Kind: chat.FileField, Label: "Files", Required: true}}})
	// sends fills the form in, with files whose links work for so long.
	sends := func(form shownAnswer, lasts map[string]time.Duration, more ...func(map[string]any)) shownAnswer {
		in := s.fills(form, map[string]string{"text": "look"}, more...)
		ids, attachments := []string{}, map[string]any{}
		for name, d := range lasts {
			id := fmt.Sprint(len(attachments) + 1)
			ids = append(ids, id)
			attachments[id] = map[string]any{"id": id, "filename": name, "size": 3,
				"url": fmt.Sprintf("https://cdn.discordapp.com/ephemeral-attachments/1/%s/%s?ex=%x&is=1&hm=ab", id, name, time.Now().Add(d).Unix())}
		}
		data := in["data"].(map[string]any)
		data["components"] = append(data["components"].([]any), map[string]any{"type": 18, "component": map[string]any{"type": 19, "custom_id": "files", "values": ids}})
		data["resolved"] = map[string]any{"attachments": attachments}
		return s.does(in)
	}
	s.Says(chat.Reply{Text: "Sent."}, nil)
	before := len(s.Told())
	wrong := sends(form, map[string]time.Duration{"soon_gone.png": linkLeast - time.Minute, "fresh.png": 23 * time.Hour})
	want := words("").wrong + "\n- **Files**: Please add again: soon\\_gone.png. Discord keeps that for a day only."
	if len(s.Told()) != before || wrong.Data.Content != want {
		t.Fatalf("%d events, the answer is %s", len(s.Told())-before, wrong.raw)
	}
	form = s.does(s.click(wrong.button(t, "Correct"), whisper(wrong)))
	if form.prefilled()["text"] != "look" || !strings.Contains(form.raw, "1 file is kept") || !strings.Contains(form.raw, `"max_values":9,"required":false`) {
		t.Errorf("to be corrected: %s", form.raw)
	}
	done := sends(form, map[string]time.Duration{"again.png": 24 * time.Hour}, whisper(wrong))
	var names []string
	for _, f := range s.last().Submit.Files["files"] {
		names = append(names, f.Name)
	}
	if done.Data.Content != "Sent." || !slices.Equal(names, []string{"fresh.png", "again.png"}) {
		t.Errorf("then %s with %q", done.raw, names)
	}
	for _, id := range []string{"", "{}", `{"u":"::"}`, `{"u":"https://x/?ex=z"}`} {
		if end := linkEnd(chat.File{ID: id}); !end.IsZero() {
			t.Errorf("%q ends at %s", id, end)
		}
	}
}
