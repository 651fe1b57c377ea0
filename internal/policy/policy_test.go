package policy

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"balie/deploy"
	"balie/internal/chat"
	"balie/internal/ticket"
)

// sample is a small policy with everything in it once.
func sample(t testing.TB) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "helpdesk.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func parse(t testing.TB, text string) *ticket.Policy {
	t.Helper()
	p, err := Parse("helpdesk.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func both(s string) ticket.Text { return ticket.Text{"en": s, "nl": s} }

func TestEveryShippedPolicyIsRightAndRaisesNoWarning(t *testing.T) {
	files, err := fs.Glob(deploy.Policies, "policy/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no policies: %v", err)
	}
	for _, name := range files {
		data, err := deploy.Policies.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Parse(name, data)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		for _, w := range Warnings(p) {
			t.Errorf("%s: %s", name, w)
		}
	}
}

func TestTheDefaultPolicyStaysRightWhenItsExamplesAreUncommented(t *testing.T) {
	var lines []string
	for l := range strings.Lines(string(deploy.DefaultPolicy)) {
		rest, commented := strings.CutPrefix(strings.TrimLeft(l, " "), "# ")
		rest = strings.TrimSpace(rest)
		key, _, isKey := strings.Cut(rest, ":")
		if commented && strings.HasPrefix(l, "  ") && (isKey && !strings.Contains(key, " ") || strings.HasPrefix(rest, "- ")) {
			l = strings.Replace(l, "# ", "", 1)
		}
		lines = append(lines, l)
	}
	p := parse(t, strings.Join(lines, ""))
	if len(p.Teams) != 2 || len(p.Teams[0].Triage) != 4 || len(p.Teams[0].Agents) != 3 || len(p.Teams[1].Triage) != 1 ||
		len(p.Teams[0].Requests) != 1 {
		t.Errorf("the examples did not all become settings: %+v", p.Teams)
	}
}

func TestParse(t *testing.T) {
	got := parse(t, sample(t))
	want := &ticket.Policy{
		Languages: []string{"en", "nl"},
		Teams: []ticket.Team{{
			ID: "ict", Label: both("ICT"), Language: "en", Number: "HD-#####",
			Triage: []ticket.Channel{{Platform: "playground", ID: "ict-triage"}, {Platform: "discord", ID: "123456789012345678"},
				{Platform: "slack", ID: "C01"}, {Platform: "slack", Workspace: "T1", ID: "C02"}},
			Agents: []ticket.Agent{{Email: "bram@example.org"}, {Platform: "slack", Group: "S01"}, {Platform: "discord", Person: "42"}},
			Thread: ticket.EntryNote, Reopen: []ticket.Role{ticket.RequesterRole, ticket.AgentRole},
		}},
		Types: []ticket.Choice{{ID: "incident", Label: both("Broken")},
			{ID: "question", Label: ticket.Text{"en": "Question", "nl": "Vraag"}, Hint: both("Ask")}},
		Programs: []ticket.Choice{{ID: "north", Label: both("North")}, {ID: "south", Label: both("South")}},
		Categories: []ticket.Category{{
			ID: "hardware", Label: both("Hardware"), Team: "ict", Types: []string{"incident"}, Programs: []string{"north"}, Priority: "high",
			Fields: []ticket.Field{
				{ID: "device", Kind: chat.SelectField, Label: ticket.Text{"en": "Which device?", "nl": "Welk apparaat?"}, Required: true,
					Options: []ticket.Option{{ID: "printer", Label: both("Printer")},
						{ID: "laptop", Label: ticket.Text{"en": "Laptop", "nl": "Schootcomputer"}}}},
				{ID: "part", Kind: chat.MultiField, Label: both("Part"), DependsOn: "device",
					Options: []ticket.Option{{ID: "toner", Label: both("Toner"), When: []string{"printer"}}, {ID: "other", Label: both("Other")}}},
				{ID: "place", Kind: chat.TextField, Label: both("Place"), Max: 100},
				{ID: "story", Kind: chat.LongTextField, Label: both("Story")},
				{ID: "who", Kind: chat.PersonField, Label: both("Who")},
				{ID: "since", Kind: chat.DateField, Label: both("Since")},
				{ID: "agreed", Kind: chat.CheckboxField, Label: both("Agreed")},
				{ID: "photo", Kind: chat.FileField, Label: both("Photo"), Max: 3},
			},
		}, {ID: "other", Label: both("Other"), Team: "ict"}},
		Priorities: []ticket.Priority{{ID: "high", Label: both("High"), Tone: chat.Alert},
			{ID: "normal", Label: both("Normal"), Tone: chat.Neutral, Default: true}},
		Statuses: []ticket.Status{
			{ID: "new", Label: both("New"), Description: ticket.Text{"en": "Soon", "nl": "Straks"}, Phase: ticket.New, Tone: chat.Neutral},
			{ID: "busy", Label: both("Busy"), Phase: ticket.InProgress, Tone: chat.Neutral},
			{ID: "asked", Label: both("Asked"), Phase: ticket.WaitingRequester, Tone: chat.Neutral,
				After: &ticket.Timer{Wait: 36 * time.Hour, To: "done"}},
			{ID: "done", Label: both("Done"), Phase: ticket.Resolved, Tone: chat.Good,
				After: &ticket.Timer{Wait: 21 * 24 * time.Hour, To: "gone"}},
			{ID: "gone", Label: both("Gone"), Phase: ticket.Closed, Tone: chat.Neutral},
		},
		Flow:   ticket.Flow{Opened: "new", Claimed: "busy", Asked: "asked", Replied: "busy", Resolved: "done", Reopened: "busy", Closed: "gone"},
		Limits: ticket.Limits{Summary: 100, Text: 5000, Files: 5, File: 1 << 20},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the policy differs (-want +got):\n%s", diff)
	}
}

func TestRequests(t *testing.T) {
	p := parse(t, strings.Replace(sample(t), "label: ICT", "label: ICT\n    requests: {playground: help, slack: [C03, {workspace: T2, channel: C02}]}", 1))
	want := []ticket.Channel{{Platform: "playground", ID: "help"}, {Platform: "slack", ID: "C03"}, {Platform: "slack", Workspace: "T2", ID: "C02"}}
	if got := p.Teams[0].Requests; !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestAnchorsAndMerges(t *testing.T) {
	text := strings.Replace(sample(t), "  other: {label: Other}\n", `  other:
    label: Other
    fields:
      base: &base {kind: select, label: Base, options: &list {x: X, y: Y}}
      copy: *base
      again: {<<: *base, label: Again, required: true}
      own: {kind: multi_select, label: Own, options: *list}
`, 1)
	p := parse(t, text)
	fields := p.Categories[1].Fields
	if len(fields) != 4 {
		t.Fatalf("%d fields", len(fields))
	}
	again := fields[2]
	if again.Label["en"] != "Again" || !again.Required || again.Kind != chat.SelectField || len(again.Options) != 2 {
		t.Errorf("the merge went wrong: %+v", again)
	}
	fields[1].ID = "base"
	if !cmp.Equal(fields[0], fields[1]) {
		t.Errorf("the alias is not a copy: %+v", fields[1])
	}
	if len(fields[3].Options) != 2 {
		t.Errorf("the aliased options are %+v", fields[3].Options)
	}
}

func TestALongTextOverSeveralLinesBecomesOne(t *testing.T) {
	p := parse(t, strings.Replace(sample(t), "hint: Ask", `hint: "Ask\n  away"`, 1))
	if got := p.Types[1].Hint["nl"]; got != "Ask away" {
		t.Errorf("%q", got)
	}
}

func TestWindowsLineEndsAndByteOrderMark(t *testing.T) {
	text := "\ufeff" + strings.ReplaceAll(sample(t), "\n", "\r\n")
	if diff := cmp.Diff(parse(t, sample(t)), parse(t, text)); diff != "" {
		t.Error(diff)
	}
	_, want := Parse("helpdesk.yaml", []byte(strings.Replace(sample(t), "tone: good", "tone: great", 1)))
	_, got := Parse("helpdesk.yaml", []byte(strings.Replace(text, "tone: good", "tone: great", 1)))
	if want == nil || got == nil || got.Error() != want.Error() {
		t.Errorf("\n got %v\nwant %v", got, want)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "desk.yaml")
	_, err := Load(path)
	want := path + ": there is no such file: copy deploy/policy/helpdesk.yaml there and change it to fit, or set BALIE_POLICY to where " +
		"your policy is: file does not exist"
	if !errors.Is(err, fs.ErrNotExist) || err.Error() != want {
		t.Errorf("missing file: %v", err)
	}
	if _, err = Load(dir); err == nil {
		t.Error("a folder was loaded")
	}
	if err := os.WriteFile(path, []byte(sample(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("# "+strings.Repeat("x", maxSize)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = Load(path); err == nil || err.Error() != path+":1:1: the file is larger than 1 MB; is it really a policy?" {
		t.Errorf("too large: %v", err)
	}
}

func TestErrorsAreTypedAndAllOfThemInOrder(t *testing.T) {
	text := strings.NewReplacer("tone: alert", "tone: red", "phase: open", "phase: opne", "team: ict", "").Replace(sample(t))
	_, err := Parse("helpdesk.yaml", []byte(text))
	list, ok := errors.AsType[Errors](err)
	if !ok || len(list) < 2 {
		t.Fatalf("%T: %v", err, err)
	}
	if !slices.IsSortedFunc(list, func(a, b *Error) int { return a.Line - b.Line }) {
		t.Errorf("not in the order of the file:\n%v", err)
	}
	one, ok := errors.AsType[*Error](err)
	if !ok || one.Line != 37 || one.Column != 29 || one.File != "helpdesk.yaml" {
		t.Errorf("the first mistake is %+v", one)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample(f)))
	f.Add(deploy.DefaultPolicy)
	for _, c := range wholeFiles {
		if len(c.text) < 10_000 {
			f.Add([]byte(c.text))
		}
	}
	f.Add([]byte("a: &a [*a]\nb: {<<: *a}\n? [x]\n: y\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse("f.yaml", data)
		if (p == nil) == (err == nil) {
			t.Fatalf("policy %v, error %v", p, err)
		}
		if err == nil {
			Warnings(p)
			if d := Diff(p, p); len(d) > 0 {
				t.Errorf("a policy differs from itself: %q", d)
			}
			return
		}
		if list, ok := errors.AsType[Errors](err); !ok || len(list) == 0 || list[0].Line < 1 || list[0].Column < 1 || list[0].Message == "" {
			t.Errorf("an error without a place or a word: %#v", err)
		}
	})
}
