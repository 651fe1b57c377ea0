package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiff(t *testing.T) {
	base := sample(t)
	cases := []struct {
		name  string
		edits []string // old, new, old, new …
		want  []string
	}{
		{"nothing", nil, nil},
		{"the order of keys means nothing", []string{"languages: [en, nl]\n", "", "flow:\n", "languages: [en, nl]\nflow:\n"}, nil},
		{"languages", []string{"[en, nl]", "[nl, de]", "{en:", "{de:"}, []string{
			"language en is removed: who speaks it is addressed in nl",
			"language de is new",
			"languages: the default is now nl instead of en",
			"team ict: language is now nl instead of en",
		}},
		{"team", []string{"label: ICT", "label: IT\n    thread: reply\n    reopen: [requester]", "HD-#####", "SD-####",
			"[Bram@example.org, {platform: slack, group: S01}, {platform: discord, person: 42}]", "[carla@example.org]",
			"{playground: ict-triage, discord: 123456789012345678, slack: [C01, {workspace: T1, channel: C02}]}", "{slack: {workspace: T1, channel: C02}}"}, []string{
			`team ict: label (en) is now "IT" instead of "ICT"`,
			`team ict: label (nl) is now "IT" instead of "ICT"`,
			"team ict: new tickets are numbered SD-#### instead of HD-#####; existing ones keep their number",
			"team ict: channels is now slack T1/C02 instead of playground ict-triage, discord 123456789012345678, slack C01, slack T1/C02",
			"team ict: agents is now carla@example.org instead of bram@example.org, slack group S01, discord person 42",
			"team ict: what agents type in a card's thread is now reply instead of note",
			"team ict: who may reopen is now requester instead of requester, agent",
		}},
		{"conversations in a channel", []string{"label: ICT", "label: ICT\n    requests: {slack: [C03, {workspace: T1, channel: C04}]}"}, []string{
			"team ict: conversations of new tickets are for everybody to read in slack C03, slack T1/C04 instead of private; existing ones stay where they are",
		}},
		{"a team gone and one new", []string{"  ict:", "  it:"}, []string{
			"team ict is removed: its tickets stay, but nobody is their agent any more",
			"team it is new",
			"category hardware: new tickets go to team it instead of ict; existing ones stay where they are",
			"category other: new tickets go to team it instead of ict; existing ones stay where they are",
		}},
		{"types and programs", []string{"question: {label: {en: Question, nl: Vraag}, hint: Ask}", "request: Wish", "south: South", "west: West"}, []string{
			"type question is removed: tickets that have it keep it", "type request is new",
			"program south is removed: tickets that have it keep it", "program west is new",
		}},
		{"category", []string{"types: [incident]\n", "types: [question]\n", "    programs: [north]\n    priority: high\n", "    description: Things\n",
			"  other: {label: Other}", "  rest: {label: Rest}"}, []string{
			`category hardware: description (en) is now "Things"`,
			`category hardware: description (nl) is now "Things"`,
			"category hardware: types is now question instead of incident",
			"category hardware: programs is now all instead of north",
			"category hardware: proposed priority is no longer high",
			"category other is removed: no new tickets in it, and those that have it keep it",
			"category rest is new",
		}},
		{"fields", []string{"required: true", "required: false", "      story: {kind: long_text, label: Story}\n", "", "kind: text, label: Place, max: 100", "kind: long_text, label: Place, max: 50, required: true",
			"label: Photo", "label: Photo, hint: Sharp", "toner: {label: Toner, when: [printer]}", "toner: Ink"}, []string{
			"category hardware, field device: need not be answered any more",
			`category hardware, field part, option toner: label (en) is now "Ink" instead of "Toner"`,
			`category hardware, field part, option toner: label (nl) is now "Ink" instead of "Toner"`,
			"category hardware, field part, option toner: when is now always instead of printer",
			"category hardware, field place: kind is now long_text instead of text",
			"category hardware, field place: must be answered now",
			"category hardware, field place: max is now 50 instead of 100",
			"category hardware: field story is removed: tickets keep the answers they have",
			`category hardware, field photo: hint (en) is now "Sharp"`,
			`category hardware, field photo: hint (nl) is now "Sharp"`,
		}},
		{"priorities", []string{"  high: {label: High, tone: alert}\n  normal: {label: Normal, default: true}", "  normal: {label: Normal}\n  high: {label: High, tone: warn, default: true}\n  low: Low"}, []string{
			"priority high: tone is now warn instead of alert",
			"priority high is now the default",
			"priority low is new",
			"priorities are in another order: normal, high, low",
		}},
		{"statuses and flow", []string{"  busy: {label: Busy, phase: open}", "  work: {label: Work, phase: open}", "description: {en: Soon, nl: Straks}", "tone: info",
			"wait: 1d12h", "wait: 90m", ", after: {wait: 3w, to: gone}", "", "claimed: busy", "claimed: work", "replied: busy", "replied: new", "reopened: busy", "reopened: work"}, []string{
			"status new: description is removed",
			"status new: tone is now info instead of neutral",
			"status busy is removed: tickets that stand in it stay there, without a timer, until somebody moves them",
			"status asked: timer is now after 1h30m to done instead of after 1d12h to done",
			"status done: timer is no longer after 21d to gone",
			"status work is new",
			"flow: claimed is now work instead of busy", "flow: replied is now new instead of busy", "flow: reopened is now work instead of busy",
		}},
		{"limits", []string{"{summary: 100, text: 5000, files: 5, file: 1MB}", "{summary: 200, file: 500KB}"}, []string{
			"limits: summary is now 200 instead of 100", "limits: text is now 10000 instead of 5000", "limits: files is now 10 instead of 5",
			"limits: file is now 500KB instead of 1MB",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := Diff(parse(t, base), parse(t, strings.NewReplacer(c.edits...).Replace(base)))
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestDiffOfAPhase(t *testing.T) {
	before := parse(t, strings.Replace(sample(t), "flow:\n", "  later: {label: Later, phase: planned}\nflow:\n", 1))
	after := parse(t, strings.Replace(sample(t), "flow:\n", "  later: {label: Later, phase: waiting_third_party}\nflow:\n", 1))
	want := []string{"status later: phase is now waiting_third_party instead of planned, for tickets that come to it from then on"}
	if got := Diff(before, after); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestWarnings(t *testing.T) {
	cases := []struct {
		name  string
		edits []string
		want  []string
	}{
		{"none", []string{"types: [incident]\n", "\n"}, nil},
		{"a team without a channel", []string{"    channels: {playground: ict-triage, discord: 123456789012345678, slack: [C01, {workspace: T1, channel: C02}]}\n", ""},
			[]string{"team ict has no channel on any platform: nobody sees a card of its tickets"}},
		{"a team without channel or agents", []string{"    channels: {playground: ict-triage, discord: 123456789012345678, slack: [C01, {workspace: T1, channel: C02}]}\n", "",
			"    agents: [Bram@example.org, {platform: slack, group: S01}, {platform: discord, person: 42}]\n", ""},
			[]string{"team ict has no channel on any platform: nobody sees a card of its tickets",
				"team ict has neither agents nor a channel whose members could be: nobody can handle its tickets"}},
		{"a team without categories, with shared numbers", []string{"label: Hardware\n", "label: Hardware\n    team: ict\n", "{label: Other}", "{label: Other, team: ict}",
			"teams:\n", "teams:\n  hr: {label: HR, number: \"HD-#####\", channels: {slack: C9}}\n"},
			[]string{"team hr handles no category: no ticket ever reaches it",
				"teams hr and ict share the numbers HD-#####: their tickets are counted together"}},
		{"dead ends", []string{"  other: {label: Other}\n", ""},
			[]string{"type question has no category: whoever chooses it can't go on", "program south has no category: whoever chooses it can't go on"}},
		{"a dead end of two answers", []string{"{label: Other}", "{label: Other, types: [question], programs: [south]}"},
			[]string{"type question together with program north has no category: whoever chooses both can't go on",
				"type incident together with program south has no category: whoever chooses both can't go on"}},
		{"options that always fit", []string{"{label: Toner, when: [printer]}", "Toner"},
			[]string{"field part of category hardware depends on device, but no option says when: all are always offered"}},
		{"an option that never fits", []string{"depends_on: device", "depends_on: type", "when: [printer]", "when: [question]"},
			[]string{"option toner of field part in category hardware is never offered: the category isn't for that type"}},
		{"an option that never fits a program", []string{"depends_on: device", "depends_on: program", "when: [printer]", "when: [south]"},
			[]string{"option toner of field part in category hardware is never offered: the category isn't for that program"}},
		{"a status nothing leads to", []string{"flow:\n", "  lost: {label: Lost, phase: closed}\n  idle: {label: Idle, phase: planned}\nflow:\n"},
			[]string{"nothing leads to status lost: neither flow nor a timer names it, so tickets get there only by hand"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := Warnings(parse(t, strings.NewReplacer(c.edits...).Replace(sample(t))))
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}
