package policy

import (
	"fmt"
	"strings"
	"testing"
)

// wholeFiles are files that are wrong as a whole.
var wholeFiles = []struct{ name, text, want string }{
	{"empty", "", "1:1: the file is empty: begin with a copy of deploy/policy/helpdesk.yaml"},
	{"only comments", "# nothing\n", "1:1: the file is empty: begin with a copy of deploy/policy/helpdesk.yaml"},
	{"not UTF-8", "a: x\nlabel: caf\xe9\n", "2:11: this is not UTF-8 text: save the file with the encoding UTF-8"},
	{"UTF-16", "a\x00:\x00", "1:2: there is a zero byte here: save the file as plain text with the encoding UTF-8"},
	{"a tab", "teams:\n\tict: x\n", "2:1: there is a tab in the indentation: YAML takes spaces only, so use two spaces a level"},
	{"a tab after spaces", "teams:\n  \tict: x\n", "2:3: there is a tab in the indentation: YAML takes spaces only, so use two spaces a level"},
	{"no YAML", "teams: [a\n", "1:8: this is not valid YAML: sequence end token ']' not found; check the indentation, the colons and the quotes"},
	{"a second document", "a: b\n---\nc: d\n", "2:1: a second document begins here: a policy is one document, so remove the line ---"},
	{"a list", "- teams\n", "1:1: the policy must be a mapping with languages, teams, types, programs, categories, priorities, statuses, flow or limits, not a list"},
	{"a text", "helpdesk\n", "1:1: the policy must be a mapping with languages, teams, types, programs, categories, priorities, statuses, flow or limits, not a text"},
	{"brackets", "a: " + strings.Repeat("[", 400_000), "1:44: this is nested more than 40 levels deep, which no policy needs"},
	{"dashes", strings.Repeat("- ", 400_000), "1:81: this is nested more than 40 levels deep, which no policy needs"},
	{"an unknown alias", "a: *b\n", "1:4: there is no anchor &b that *b could stand for"},
	{"an alias in itself", "a: &b\n  c: *b\n", "2:6: *b stands inside &b and so contains itself"},
	{"a tag", "a: !!str b\n", "1:4: tags such as !!str are not used in policies: remove it"},
	{"a merge of a text", "a: {<<: b}\n", "1:9: << takes a mapping, such as *name, not a text"},
	{"a key that is a list", "? [a]\n: b\n", "2:1: this is not valid YAML: found an invalid key for this map; check the indentation, the colons and the quotes"},
	{"a bomb of aliases", bomb(), "6:28: the policy is too large from here on, with its aliases (*name) written out"},
}

// manyQuestions are so many.
func manyQuestions(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "      q%d: {kind: text, label: Question}\n", i)
	}
	return b.String()
}

// bomb is a few lines that stand for ten to the power of twelve texts.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x]\n")
	for i := 1; i <= 12; i++ {
		n, p := string(rune('a'+i)), string(rune('a'+i-1))
		if i == 1 {
			p = "a0"
		}
		b.WriteString(n + ": &" + n + " [" + strings.TrimSuffix(strings.Repeat("*"+p+", ", 10), ", ") + "]\n")
	}
	b.WriteString("z: *m\n")
	return b.String()
}

func TestWholeFiles(t *testing.T) {
	for _, c := range wholeFiles {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("helpdesk.yaml", []byte(c.text))
			if err == nil {
				t.Fatal("it was accepted")
			}
			if got := err.Error(); got != "helpdesk.yaml:"+c.want {
				t.Errorf("\n got %s\nwant helpdesk.yaml:%s", got, c.want)
			}
		})
	}
}

// TestMistakes makes one mistake at a time in the sample, and expects exactly the messages about it.
func TestMistakes(t *testing.T) {
	cases := []struct{ name, old, new, want string }{
		{"unknown section", "priorities:", "priorites:", `1:1: priorities is missing; for example: priorities: {high: High, normal: {label: Normal, default: true}}
36:1: priorites is not a key here; did you mean priorities?`},
		{"unknown key", "priority: high", "prio: high", "15:5: categories.hardware.prio is not a key here; use label, description, team, types, programs, priority or fields"},
		{"key twice", "    label: Hardware\n", "    label: Hardware\n    label: H\n", "13:5: categories.hardware.label stands here twice, first in line 12: remove one or give it another name"},
		{"id twice", "  other: {label: Other}", "  hardware: {label: Other}", "35:3: categories.hardware stands here twice, first in line 11: remove one or give it another name"},
		{"bad id", "programs: {north", "programs: {North Side", `9:12: "North Side" can't be a program's id: use 1 to 40 of a-z, 0-9, - and _, such as north-side; the label may say anything
14:16: categories.hardware.programs: there is no program "north"; use North Side or south`},
		{"bad id without a proposal", "south: South", "'…': South", `9:26: "…" can't be a program's id: use 1 to 40 of a-z, 0-9, - and _; the label may say anything`},
		{"a mapping wanted", "  other: {label: Other}", "  other: Other", "35:10: categories.other must be a mapping with label, description, team, types, programs, priority or fields, not a text"},
		{"a section of a wrong type", "types: {", "types: [incident]\nprogrammes: {", `8:8: types must be a mapping from ids to types, not a list
9:1: programmes is not a key here; did you mean programs?
14:13: categories.hardware.types: there is no type "incident": the policy has no types at all`},
		{"an empty section", "programs: {north: North, south: South}", "programs: {}", `9:11: programs is empty: name at least one program, or remove the key
14:16: categories.hardware.programs: there is no program "north": the policy has no programs at all`},
		{"a section without anything", "types: {incident: Broken, question: {label: {en: Question, nl: Vraag}, hint: Ask}}", "types:", `8:7: types must be a mapping from ids to types, not nothing
13:13: categories.hardware.types: there is no type "incident": the policy has no types at all`},

		{"languages missing", "languages: [en, nl]", "# nothing", "1:1: languages is missing; for example: languages: [en, nl]"},
		{"languages no list", "[en, nl]", "en", "1:12: languages must be a list, not \"en\"; for example: languages: [en, nl]"},
		{"no languages", "[en, nl]", "[]", "1:12: languages is an empty list: name at least one, or remove the key"},
		{"an unknown language", "[en, nl]", "[en, nl, xx]", `1:21: languages: "xx" is not a language: use two-letter codes in small letters, such as en, nl or de`},
		{"a language by name", "[en, nl]", "[en, nl, dutch]", `1:21: languages: "dutch" is not a language: use two-letter codes in small letters, such as en, nl or de`},
		{"a language twice", "[en, nl]", "[en, nl, en]", "1:21: languages: en stands here twice: once is enough"},
		{"a language that is a list", "[en, nl]", "[en, nl, []]", "1:21: languages must be a text, not a list; for example: en"},
		{"a text missing in a language", "{en: Soon, nl: Straks}", "{en: Soon}", `40:46: statuses.new.description has no text for "nl": add nl: …, or write one text for all languages`},
		{"a text in another language", "{en: Soon, nl: Straks}", "{en: Soon, nl: Straks, de: Bald}", `40:69: statuses.new.description: "de" is not one of the policy's languages; use en or nl`},
		{"a text that is a list", "label: ICT", "label: [ICT]", `4:12: teams.ict.label must be a text, not a list; for example: "Printer"`},
		{"an empty text", "label: ICT", "label: ' '", "4:12: teams.ict.label is an empty text: say something, or remove the key"},
		{"a text too long", "label: ICT", "label: " + strings.Repeat("x", 76), "4:12: teams.ict.label is 76 characters long; at most 75 fit everywhere"},
		{"a control character", "label: ICT", `label: "a\x07b"`, "4:12: teams.ict.label contains a control character: remove it"},

		{"no teams", "teams:\n  ict:", "# teams:\ntypos:\n  ict:", `1:1: teams is missing; for example: teams: {ict: {label: ICT, number: "HD-#####"}}
3:1: typos is not a key here; did you mean types?`},
		{"team without a label", "    label: ICT\n", "", "3:3: teams.ict.label is missing; for example: label: ICT"},
		{"team without a number", "    number: \"HD-#####\"\n", "", "3:3: teams.ict.number is missing; for example: number: \"HD-#####\""},
		{"odd characters in a number", "HD-#####", "HD/#####", `5:13: teams.ict.number can't be "HD/#####": write up to 10 letters, digits, - or _ (a letter first, no digit last) and then 1 to 12 #, in quotes, such as "HD-#####"`},
		{"a number without digits", "HD-#####", "HD-", `5:13: teams.ict.number can't be "HD-": write up to 10 letters, digits, - or _ (a letter first, no digit last) and then 1 to 12 #, in quotes, such as "HD-#####"`},
		{"a prefix that ends in a digit", "HD-#####", "HD2#####", `5:13: teams.ict.number can't be "HD2#####": write up to 10 letters, digits, - or _ (a letter first, no digit last) and then 1 to 12 #, in quotes, such as "HD-#####"`},
		{"numbers that collide", "teams:\n", "teams:\n  hr: {label: HR, number: hd####}\n", `6:13: teams.ict.number: "HD-#####" is too much like "hd####" of team hr: use the very same format to share its numbers, or another prefix
12:3: categories.hardware.team is missing: with several teams, say which one handles it: hr or ict
36:3: categories.other.team is missing: with several teams, say which one handles it: hr or ict`},
		{"an unknown team language", "label: ICT", "label: ICT\n    language: de", `5:15: teams.ict.language can't be "de"; use en or nl`},
		{"an unknown platform", "{playground: ict-triage", "{slak: C1", `6:16: teams.ict.channels: there is no platform "slak"; did you mean slack?`},
		{"channels no mapping", "{playground: ict-triage, discord: 123456789012345678, slack: [C01, {workspace: T1, channel: C02}]}", "ict-triage", "6:15: teams.ict.channels must be a mapping from platform to channel, not a text; for example: slack: C0123456789"},
		{"no channels", "{playground: ict-triage, discord: 123456789012345678, slack: [C01, {workspace: T1, channel: C02}]}", "{}", "6:15: teams.ict.channels is empty: name at least one channel, or remove the key"},
		{"an empty list of channels", "[C01, {workspace: T1, channel: C02}]", "[]", "6:76: teams.ict.channels.slack is an empty list: name at least one, or remove the key"},
		{"a channel by name", "ict-triage", "'#ict triage'", `6:28: teams.ict.channels.playground must be the platform's own id, such as C0123456789, not "#ict triage"`},
		{"a channel without an id", ", channel: C02", "", "6:82: teams.ict.channels.slack.channel is missing; for example: channel: C0123456789"},
		{"a workspace with spaces", "workspace: T1", "workspace: My place", `6:94: teams.ict.channels.slack.workspace must be the platform's own id, such as C0123456789, not "My place"`},
		{"requests by name", "label: ICT", "label: ICT\n    requests: {slack: '#help'}", `5:23: teams.ict.requests.slack must be the platform's own id, such as C0123456789, not "#help"`},
		{"requests on an unknown platform", "label: ICT", "label: ICT\n    requests: {slak: C1}", `5:16: teams.ict.requests: there is no platform "slak"; did you mean slack?`},
		{"requests where the cards are", "label: ICT", "label: ICT\n    requests: {playground: help, slack: [C09, C02]}", "5:47: teams.ict.requests.slack: C02 is the team's own channel, where notes are that requesters must not read: use another channel for conversations"},
		{"requests where another team's cards are", "types: {incident", "  hr: {label: HR, number: HR-#, requests: {slack: {workspace: T1, channel: C01}}}\ntypes: {incident", `8:51: teams.hr.requests.slack: C01 is the channel of team ict, where notes are that requesters must not read: use another channel for conversations
12:3: categories.hardware.team is missing: with several teams, say which one handles it: ict or hr
36:3: categories.other.team is missing: with several teams, say which one handles it: ict or hr`},
		{"a channel twice", "slack: [C01,", "slack: [C01, C01,", "6:82: teams.ict.channels.slack names the channel C01 twice: once is enough"},
		{"an agent by name", "Bram@example.org", "Bram", `7:14: teams.ict.agents: "Bram" is no e-mail address; write bram@example.org, or {platform: slack, person: U0123456789}, or {platform: slack, group: S0123456789}`},
		{"an agent twice", "[Bram@example.org", "[bram@example.org, Bram@example.org", "7:32: teams.ict.agents names the same agent twice: once is enough"},
		{"an agent without a person", ", person: 42", "", "7:63: teams.ict.agents: name either a person or a group of the platform, such as {platform: slack, person: U0123456789}"},
		{"an agent of an unknown platform", "platform: discord", "platform: irc", `7:74: teams.ict.agents.platform can't be "irc"; use slack, discord, mattermost or playground`},
		{"no agents", "[Bram@example.org, {platform: slack, group: S01}, {platform: discord, person: 42}]", "[]", "7:13: teams.ict.agents is an empty list: name at least one, or remove the key"},
		{"an unknown thread", "label: ICT", "label: ICT\n    thread: notes", `5:13: teams.ict.thread can't be "notes"; did you mean note?`},
		{"an unknown role", "label: ICT", "label: ICT\n    reopen: [agents]", `5:14: teams.ict.reopen: there is no role "agents"; did you mean agent?`},

		{"an unknown team", "    priority: high\n", "    team: itc\n", `15:11: categories.hardware.team: there is no team "itc"; did you mean ict?`},
		{"an unknown type", "types: [incident]", "types: [incidnt]", `13:13: categories.hardware.types: there is no type "incidnt"; did you mean incident?`},
		{"a type twice", "types: [incident]", "types: [incident, incident]", "13:23: categories.hardware.types names incident twice: once is enough"},
		{"an empty list of types", "types: [incident]", "types: []", "13:12: categories.hardware.types is an empty list: name at least one, or remove the key"},
		{"an unknown program", "programs: [north]", "programs: [west]", `14:16: categories.hardware.programs: there is no program "west"; use north or south`},
		{"an unknown priority", "priority: high", "priority: huge", `15:15: categories.hardware.priority: there is no priority "huge"; use high or normal`},

		{"an unknown kind", "kind: date", "kind: dat", `32:21: categories.hardware.fields.since.kind can't be "dat"; did you mean date?`},
		{"a field without a kind", "kind: date, ", "", "32:7: categories.hardware.fields.since.kind is missing; for example: kind: text"},
		{"a field of ours", "      who: {", "      person: {", "31:7: categories.hardware.fields.person: person is a question of Balie's own forms: choose another id"},
		{"a word for true", "required: true", "required: yes", `20:19: categories.hardware.fields.device.required must be true or false, not "yes"`},
		{"a max that is no number", "max: 100", "max: many", `29:46: categories.hardware.fields.place.max must be a whole number from 1 to 5000, not "many"`},
		{"a max out of range", "max: 3", "max: 6", `34:46: categories.hardware.fields.photo.max must be a whole number from 1 to 5, not "6"`},
		{"a max of a date", "kind: date, ", "kind: date, max: 3, ", "32:27: categories.hardware.fields.since.max: a field of kind date takes no max, only text, long_text and file do"},
		{"select without options", "        options: {printer: Printer, laptop: {en: Laptop, nl: Schootcomputer}}\n", "", `17:7: categories.hardware.fields.device.options is missing; for example: options: {printer: Printer, laptop: Laptop}
26:40: categories.hardware.fields.part.options.toner.when: device has no value "printer"`},
		{"select with empty options", "{printer: Printer, laptop: {en: Laptop, nl: Schootcomputer}}", "{}", `21:18: categories.hardware.fields.device.options is empty: name at least one option, or remove the key
27:40: categories.hardware.fields.part.options.toner.when: device has no value "printer"`},
		{"options on a text", "label: Place,", "label: Place, options: {a: A},", "29:41: categories.hardware.fields.place.options: a field of kind text takes no options, only select and multi_select do"},
		{"depends_on on a text", "label: Place,", "label: Place, depends_on: device,", "29:41: categories.hardware.fields.place.depends_on: a field of kind text takes no depends_on, only select and multi_select do"},
		{"depends_on an unknown field", "depends_on: device", "depends_on: devise", `25:21: categories.hardware.fields.part.depends_on: there is no field "devise"; did you mean device?`},
		{"depends_on a text", "depends_on: device", "depends_on: place", "25:21: categories.hardware.fields.part.depends_on: options can only depend on a field of kind select or multi_select, and place is text"},
		{"depends_on a later field", "required: true\n        options:", "depends_on: part\n        required: true\n        options:", `20:21: categories.hardware.fields.device.depends_on goes round in a circle (device → part → device): let one of them depend on nothing`},
		{"depends_on itself", "depends_on: device", "depends_on: part", `25:21: categories.hardware.fields.part.depends_on goes round in a circle (part → part): let one of them depend on nothing`},
		{"asked too late", "      device:", "      first: {kind: select, label: First, depends_on: device, options: {a: {label: A, when: [laptop]}}}\n      device:", "17:55: categories.hardware.fields.first.depends_on: device is asked after first: move it above"},
		{"a when without a value", "when: [printer]", "when: [printr]", `27:40: categories.hardware.fields.part.options.toner.when: device has no value "printr"; did you mean printer?`},
		{"a when twice", "when: [printer]", "when: [printer, printer]", "27:49: categories.hardware.fields.part.options.toner.when names printer twice: once is enough"},
		{"a when for nothing", "        depends_on: device\n", "", "26:33: categories.hardware.fields.part.options.toner.when needs the field to say what it depends on; for example: depends_on: type"},
		{"too many questions", "      place:", manyQuestions(60) + "      place:", "77:7: categories.hardware.fields has 68 questions; at most 50 fit everywhere"},
		{"an option with a stray key", "when: [printer]", "if: [printer]", "27:33: categories.hardware.fields.part.options.toner.if is not a key here; use label or when"},

		{"an unknown tone", "tone: alert", "tone: red", `37:29: priorities.high.tone can't be "red"; use neutral, info, good, warn or alert`},
		{"no default priority", ", default: true", "", "36:1: no priority is the default: add default: true to the one that most tickets have"},
		{"two default priorities", "tone: alert", "default: true", `38:36: priorities.normal is a second default, high is one already: keep one of them`},

		{"an unknown phase", "phase: open", "phase: opne", `41:30: statuses.busy.phase can't be "opne"; did you mean open?`},
		{"no phase", "{label: Busy, phase: open}", "{label: Busy}", "41:3: statuses.busy.phase is missing; for example: phase: open"},
		{"a timer without units", "wait: 1d12h", "wait: 36", `42:65: statuses.asked.after.wait must be a time such as 21d, 8h or 90m, not "36"`},
		{"a timer in words", "wait: 1d12h", "wait: 3 weeks", `42:65: statuses.asked.after.wait must be a time such as 21d, 8h or 90m, not "3 weeks"`},
		{"a timer too short", "wait: 1d12h", "wait: 0m", `42:65: statuses.asked.after.wait must be from 1m to 1825d, not "0m"`},
		{"a timer too long", "wait: 1d12h", "wait: 999999w", `42:65: statuses.asked.after.wait must be from 1m to 1825d, not "999999w"`},
		{"a timer without an end", "{wait: 1d12h, to: done}", "{wait: 1d12h}", "42:51: statuses.asked.after.to is missing; for example: to: closed"},
		{"a timer to nowhere", "to: done", "to: don", `42:76: statuses.asked.after.to: there is no status "don"; did you mean done?`},
		{"a timer to itself", "to: done", "to: asked", "42:76: statuses.asked.after.to leads to its own status: name another one"},
		{"a timer when closed", "phase: closed}", "phase: closed, after: {wait: 1d, to: new}}", "44:38: statuses.gone.after: a closed ticket stays closed: remove the timer, or give the status another phase"},
		{"timers in a circle", "to: gone", "to: asked", "42:76: statuses.asked.after.to: the timers go round in a circle (asked → done → asked): let one of them end"},

		{"no flow", "flow:\n", "flowers:\n", `1:1: flow is missing; for example: flow: {opened: new, claimed: in-progress, …}
45:1: flowers is not a key here; use languages, teams, types, programs, categories, priorities, statuses, flow or limits`},
		{"a missing target", "  replied: busy\n", "", "45:1: flow.replied is missing; for example: replied: busy"},
		{"an unknown target", "resolved: done", "resolved: solved", `50:13: flow.resolved: there is no status "solved"; use new, busy, asked, done or gone`},
		{"a target of the wrong phase", "resolved: done", "resolved: gone", "50:13: flow.resolved: the status gone has the phase closed, but resolved must lead to phase resolved; use done"},
		{"a target of none of two phases", "reopened: busy", "reopened: done", "51:13: flow.reopened: the status done has the phase resolved, but reopened must lead to phase open or new; use busy or new"},
		{"a missing phase", "phase: closed}", "phase: planned}", "45:1: flow.closed needs a status of phase closed and there is none: add one to statuses, such as closed: {label: …, phase: closed}"},

		{"a limit too large", "text: 5000", "text: 100000", `53:30: limits.text must be a whole number from 500 to 20000, not "100000"`},
		{"a limit of zero", "files: 5", "files: 0", `53:43: limits.files must be a whole number from 1 to 20, not "0"`},
		{"a size in words", "file: 1MB", "file: large", `53:52: limits.file must be a size such as 20MB or 500KB, not "large"`},
		{"a size too large", "file: 1MB", "file: 900MB", `53:52: limits.file must be from 100KB to 100MB, not "900MB"`},
	}
	base := sample(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(base, c.old, c.new, 1)
			if text == base {
				t.Fatalf("%q is not in the sample", c.old)
			}
			_, err := Parse("helpdesk.yaml", []byte(text))
			if err == nil {
				t.Fatal("it was accepted")
			}
			want := "helpdesk.yaml:" + strings.ReplaceAll(c.want, "\n", "\nhelpdesk.yaml:")
			if got := err.Error(); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func TestOptionsCanNotDependOnProgramsThatAreNotThere(t *testing.T) {
	text := strings.NewReplacer("programs: {north: North, south: South}\n", "", "    programs: [north]\n", "", "depends_on: device", "depends_on: program").
		Replace(sample(t))
	_, err := Parse("helpdesk.yaml", []byte(text))
	want := "helpdesk.yaml:23:21: categories.hardware.fields.part.depends_on: the policy has no programs to depend on"
	if err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}
