package sample

import (
	"time"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// story is a ticket and what became of it.
type story struct {
	before   time.Duration // office time from when it came in until now
	by       string        // account of the requester
	kind     string        // type; incident if empty
	about    topic
	priority string // asked for; what the category proposes if empty
	since    int    // days that it was so already; 0 for unsaid
	summary  string
	text     string
	then     []step
}

// topic is a category with the answers to its questions.
type topic struct {
	category  string
	fields    chat.Values
	colleague string // account of the person asked for
}

func hardware(device, problem, location string) topic {
	f := chat.Values{"device": {device}, "location": {location}}
	if problem != "" {
		f["problem"] = []string{problem}
	}
	return topic{category: "hardware", fields: f}
}

func software(application, part, message string) topic {
	f := chat.Values{"application": {application}}
	if part != "" {
		f["part"] = []string{part}
	}
	if message != "" {
		f["message"] = []string{message}
	}
	return topic{category: "software", fields: f}
}

func access(colleague string, systems ...string) topic {
	return topic{category: "access", fields: chat.Values{"systems": systems, "agreed": {"true"}}, colleague: colleague}
}

func network(location, affected string) topic {
	return topic{category: "network", fields: chat.Values{"location": {location}, "affected": {affected}}}
}

func other() topic { return topic{category: "other"} }

// step is something that somebody does, so much office time after what was before it.
type step struct {
	by    string
	after time.Duration
	whom  string // account of another person that it is about
	do    func(cast) ticket.Action
}

func plain(by string, after time.Duration, a ticket.Action) step {
	return step{by: by, after: after, do: func(cast) ticket.Action { return a }}
}

func claim(by string, after time.Duration) step { return plain(by, after, ticket.Claim{}) }

func reply(by string, after time.Duration, text string) step {
	return plain(by, after, ticket.Reply{Text: text})
}

func ask(by string, after time.Duration, text string) step {
	return plain(by, after, ticket.Reply{Text: text, Ask: true})
}

func note(by string, after time.Duration, text string) step {
	return plain(by, after, ticket.Note{Text: text})
}

func says(by string, after time.Duration, text string) step {
	return plain(by, after, ticket.Message{Text: text})
}

func priority(by string, after time.Duration, to, why string) step {
	return plain(by, after, ticket.SetPriority{To: to, Reason: why})
}

func status(by string, after time.Duration, to, why string) step {
	return plain(by, after, ticket.SetStatus{To: to, Reason: why})
}

func resolve(by string, after time.Duration, text string) step {
	return plain(by, after, ticket.Resolve{Text: text})
}

func reopen(by string, after time.Duration, text string) step {
	return plain(by, after, ticket.Reopen{Text: text})
}

func shut(by string, after time.Duration) step { return plain(by, after, ticket.Close{}) }

func share(by string, after time.Duration) step {
	return plain(by, after, ticket.SetShare{To: ticket.ShareEveryone})
}

func assign(by string, after time.Duration, to string) step {
	return step{by: by, after: after, whom: to, do: func(c cast) ticket.Action {
		return ticket.Assign{To: c[to].id, ToTeams: c[to].actor.Teams}
	}}
}

func follow(by string, after time.Duration, who string) step {
	return step{by: by, after: after, whom: who, do: func(c cast) ticket.Action {
		return ticket.Follow{Person: c[who].id, Account: c[who].account}
	}}
}
