package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"balie/adapters/slack/slackfake"
)

// slackHouse is a crew in a Slack, the program that helps them, and what is noted of the two.
type slackHouse struct {
	*crew
	town   *slackTown
	server *server
	log    string // the program's

	calls, hooks *recorder
	refused      atomic.Int64 // of the program's answers
	limited      atomic.Int64 // of Slack's: the program was too early

	mu      sync.Mutex
	waiting map[string]begun // for a form, by a ticket's tag
}

// begun is something that somebody did, to which a form is the answer.
type begun struct {
	kind string
	at   time.Time
}

// partForm is from what somebody did until the program sends the form for it.
const partForm = ", until the form is sent"

// moveToSlack makes a Slack with a crew, each so many with a team to help them, and starts the program for it.
func (b *bench) moveToSlack(ctx context.Context, sockets bool, each int) (h *slackHouse, err error) {
	at, err := b.place("slack")
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	h = &slackHouse{log: logOf(at), waiting: map[string]begun{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, tail(h.log), h.leave())
		}
	}()
	var watch func(slackfake.Request) func() // or the recorder sees it
	if sockets {
		watch = h.enveloped
	}
	if h.town, err = settleSlack(b.people, each, watch); err != nil {
		return h, err
	}
	h.crew = newCrew(h.town, b.people, h.town.triage, newTimings())
	h.about, h.helps, h.speak, h.think = h.town.category, ownAgent, h.town.write, b.think
	if h.calls, err = record(strings.TrimPrefix(h.town.URL, "http://"), h.called, h.answered); err != nil {
		return h, err
	}
	// From now on Slack is where the recorder is, which nobody has asked yet.
	h.town.URL, h.town.APIURL = h.calls.URL, h.calls.URL+"/api/"
	if h.hooks, err = record(addr, h.told, h.heard); err != nil {
		return h, err
	}
	if !sockets {
		h.town.Deliver(h.hooks.URL + "/hooks/slack")
	}
	env := append(h.town.environment(sockets), "BALIE_URL="+h.hooks.URL)
	if h.server, err = b.program.serve(ctx, at, addr, h.town.policy(), env); err != nil {
		return h, err
	}
	for sockets && h.town.Sockets() < 2 {
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return h, err
		}
	}
	return h, nil
}

// leave ends everything of the house, and says what Slack did not like of what it was sent.
func (h *slackHouse) leave() error {
	var errs []error
	if h.server != nil {
		errs = append(errs, h.server.stop())
	}
	if h.town != nil {
		for _, p := range h.town.Problems() {
			errs = append(errs, errors.New("what Slack was sent and does not take: "+p))
		}
		h.town.Close()
	}
	for _, r := range []*recorder{h.hooks, h.calls} {
		if r != nil {
			errs = append(errs, r.close())
		}
	}
	return errors.Join(errs...)
}

// began notes that the program hears of something to which a form is the answer.
func (h *slackHouse) began(tag, kind string) {
	if tag == "" {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting[tag] = begun{kind, time.Now()}
}

// told notes when a signed request goes to the program.
func (h *slackHouse) told(x *exchange) { h.asks(slackKind(x.path, x.body), x.body) }

func (h *slackHouse) asks(kind string, body []byte) {
	switch kind {
	case kindCommand, kindClick, kindChange:
		h.began(string(tags.Find(body)), kind)
	}
}

// enveloped notes when an envelope goes down a socket to the program, and how long it took to be acknowledged.
func (h *slackHouse) enveloped(r slackfake.Request) (answered func()) {
	kind := slackKind(r.Kind, r.Payload)
	if kind == "" {
		return nil
	}
	h.asks(kind, r.Payload)
	began := time.Now()
	return func() { h.times.add(kind+partAnswer, time.Since(began)) }
}

// heard notes how long the program took to answer.
func (h *slackHouse) heard(x *exchange) {
	if x.status != http.StatusOK {
		h.refused.Add(1)
		return
	}
	if kind := slackKind(x.path, x.body); kind != "" {
		h.times.answered(kind, x.took, x.header.Get(serverTiming))
	}
}

// called notes when the program sends a form.
func (h *slackHouse) called(x *exchange) {
	if !strings.Contains(x.path, "/views.") {
		return
	}
	tag := string(tags.Find(x.body))
	h.mu.Lock()
	b, ok := h.waiting[tag]
	delete(h.waiting, tag)
	h.mu.Unlock()
	if ok {
		h.times.add(b.kind+partForm, x.began.Sub(b.at))
	}
}

// answered tells the crew what the program posted.
func (h *slackHouse) answered(x *exchange) {
	if x.status == http.StatusTooManyRequests {
		h.limited.Add(1)
	}
	if x.status != http.StatusOK || !strings.HasSuffix(x.path, "/chat.postMessage") && !strings.HasSuffix(x.path, "/chat.update") {
		return
	}
	var in struct {
		OK      bool
		Channel string
		TS      string
	}
	if json.Unmarshal(x.answer, &in) != nil || !in.OK {
		return
	}
	if m := h.town.read(in.Channel, in.TS); m != nil {
		h.tell(news{time.Now(), m})
	}
}

// slackKind is what a request is about; empty if it is not timed. Over HTTP most stand in it percent-encoded.
func slackKind(path string, body []byte) string {
	has := func(word string) bool {
		return bytes.Contains(body, []byte(`"`+word+`"`)) || bytes.Contains(body, []byte("%22"+word+"%22"))
	}
	switch path[strings.LastIndexByte(path, '/')+1:] {
	case "commands":
		return kindCommand
	case "events":
		if has("client_msg_id") { // which a person's client gave it
			return kindSay
		}
	case "interactions":
		switch {
		case has("view_submission"):
			return kindSubmit
		case has("block_suggestion"):
			return kindLookUp
		case has("block_actions") && has("view_id"):
			return kindChange
		case has("block_actions"):
			return kindClick
		}
	}
	return ""
}

// kindLookUp is that the options of a question are looked up.
const kindLookUp = "options looked up"
