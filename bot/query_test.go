package bot_test

import (
	"slices"
	"testing"

	"balie/bot"
	"balie/internal/chat"
)

// TestQuery gives the options that somebody's words fit, of the form as it is filled in so far.
func TestQuery(t *testing.T) {
	b := newSetup(t).make(&one{caps: chat.Caps{FormRefresh: true}}, bot.Pace{})
	e := event("command")
	e.Command = &chat.Command{Name: "ticket"}
	form := handled(t, b, e).Form
	found := func(field, text string, values chat.Values) []string {
		t.Helper()
		e := event("query")
		e.Query = &chat.Query{Form: form.Value, Field: field, Text: text, Values: values}
		var out []string
		for _, o := range handled(t, b, e).Options {
			out = append(out, o.Value)
		}
		return out
	}
	if got := found("category", "Hard", nil); !slices.Equal(got, []string{"hardware"}) {
		t.Errorf("a beginning finds %q", got)
	}
	if got := found("category", "accounts", nil); !slices.Equal(got, []string{"software"}) {
		t.Errorf("a word inside finds %q", got)
	}
	if all, none := found("category", "", nil), found("category", "hovercraft", nil); len(all) < 4 || len(none) != 0 {
		t.Errorf("nothing finds %q, nonsense %q", all, none)
	}
	hardware := chat.Values{"type": {"incident"}, "category": {"hardware"}, "device": {"printer"}}
	if got := found("problem", "jam", hardware); !slices.Equal(got, []string{"jam"}) {
		t.Errorf("a question of the category finds %q", got)
	}
	if got := found("problem", "", nil); len(got) != 0 {
		t.Errorf("a question that is not asked finds %q", got)
	}

	// What opens no form must not be done by asking.
	e = event("claim")
	e.Query = &chat.Query{Form: chat.Value{Verb: "claim", Ticket: "x"}, Field: "x"}
	if r := handled(t, b, e); r.Text != "" || len(r.Options) != 0 {
		t.Errorf("a query of a claim gives %+v", r)
	}
}
