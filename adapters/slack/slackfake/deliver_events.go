package slackfake

import (
	"encoding/json"
	"slices"
)

// retries is how often an event is delivered again. https://docs.slack.dev/apis/events-api/#retries
const retries = 3

// happening is an event on its way.
type happening struct {
	id      string
	parcel  parcel
	done    chan struct{} // closed when it was delivered, or when that failed twice
	let     chan struct{} // closed when it need not be held any more
	receipt receipt
	socket  *socket // that it went down last
}

// capture collects the events of what a person does, until it is taken. It is called with s.mu.
type capture struct{ all []*happening }

// deliverEvent sends an event on its way. It is called with s.mu.
//
// What follows from the app's own calls comes in the order of each channel, and before what somebody does there later.
// What several people do at once comes at once, in any order.
func (s *Server) deliverEvent(w *Workspace, g *grant, inner map[string]any) {
	if s.host.Closed() {
		return
	}
	h := &happening{id: s.id("Ev"), done: make(chan struct{})}
	payload, err := json.Marshal(s.wrap(w, g, h.id, inner))
	if err != nil {
		s.host.Note("an event that is no JSON: %v", err)
		return
	}
	h.parcel = parcel{kind: events, payload: payload}
	d := &s.delivery
	place := placeOf(inner)
	d.mu.Lock()
	if d.lose > 0 {
		d.lose--
		d.mu.Unlock()
		return
	}
	before := d.last[place]
	if d.captured == nil && place != "" {
		if d.last == nil {
			d.last = map[string]<-chan struct{}{}
		}
		d.last[place] = h.done
	}
	d.mu.Unlock()
	if d.captured != nil {
		d.captured.all = append(d.captured.all, h)
	}
	s.host.Go(func() {
		defer close(h.done)
		if s.wait(h, before) {
			s.deliver(h)
		}
	})
}

// placeOf is the channel that an event is about.
func placeOf(inner map[string]any) string {
	if item, ok := inner["item"].(map[string]any); ok {
		inner = item
	}
	place, _ := inner["channel"].(string)
	return place
}

// wrap is an event as the app gets it. https://docs.slack.dev/apis/events-api/#event-type-structure
func (s *Server) wrap(w *Workspace, g *grant, id string, inner map[string]any) map[string]any {
	return map[string]any{
		"token": verification, "team_id": w.ID, "context_team_id": w.ID, "context_enterprise_id": orNull(w.EnterpriseID),
		"enterprise_id": orNull(w.EnterpriseID), "api_app_id": s.AppID, "event": inner, "type": "event_callback", "event_id": id,
		"event_time": s.host.Now().Unix(), "is_ext_shared_channel": false, "event_context": "4-" + id,
		"authorizations": []any{map[string]any{"enterprise_id": orNull(w.EnterpriseID), "team_id": w.ID, "user_id": g.bot.id,
			"is_bot": true, "is_enterprise_install": g.org != ""}},
	}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// deliver hands an event over; if that fails once more at once, and then it waits for Redeliver.
func (s *Server) deliver(h *happening) {
	d := &s.delivery
	d.mu.Lock()
	twice := d.twice > 0
	if twice {
		d.twice--
	}
	d.mu.Unlock()
	ok := s.try(h)
	if twice && ok { // it was taken, but Slack did not hear so
		h.parcel.attempt, h.parcel.reason = h.parcel.attempt+1, "http_timeout"
		s.try(h)
	}
	if !ok && !h.receipt.noRetry && s.host.Context().Err() == nil {
		ok = s.again(h)
	}
	if !ok && !h.receipt.noRetry {
		d.mu.Lock()
		d.undelivered = append(d.undelivered, h)
		d.mu.Unlock()
	}
}

func (s *Server) again(h *happening) bool {
	h.parcel.attempt++
	h.parcel.reason = "http_error"
	switch {
	case h.socket != nil:
		h.parcel.reason = "timeout"
	case h.receipt.failed == operationTimeout:
		h.parcel.reason = "http_timeout"
	case h.receipt.status == 0:
		h.parcel.reason = "connection_failed"
	}
	return s.try(h)
}

func (s *Server) try(h *happening) bool {
	h.receipt, h.socket = s.hand(s.host.Context(), h.parcel, h.socket)
	return h.receipt.failed == ""
}

// Redeliver sends what could not be delivered once more, as Slack does after a minute and after five, and says how much is
// still undelivered. Nothing is sent more than three times again.
func (s *Server) Redeliver() int {
	d := &s.delivery
	d.mu.Lock()
	all := d.undelivered
	d.undelivered = nil
	d.mu.Unlock()
	for _, h := range all {
		if h.parcel.attempt < retries && !s.again(h) && h.parcel.attempt < retries && !h.receipt.noRetry {
			d.mu.Lock()
			d.undelivered = append(d.undelivered, h)
			d.mu.Unlock()
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.undelivered)
}

// DropEvents loses the next n events.
func (s *Server) DropEvents(n int) {
	s.delivery.mu.Lock()
	defer s.delivery.mu.Unlock()
	s.delivery.lose = n
}

// RepeatEvents delivers each of the next n events twice, although the first time went well.
func (s *Server) RepeatEvents(n int) {
	s.delivery.mu.Lock()
	defer s.delivery.mu.Unlock()
	s.delivery.twice = n
}

// HoldEvents keeps events back until the function that it gives is called. They go then, the last one first, each when the
// one before was delivered.
func (s *Server) HoldEvents() (release func()) {
	d := &s.delivery
	d.mu.Lock()
	d.holding = true
	d.mu.Unlock()
	return func() {
		d.mu.Lock()
		held := d.held
		d.holding, d.held = false, nil
		d.mu.Unlock()
		for _, h := range slices.Backward(held) {
			close(h.let)
			<-h.done
		}
	}
}

// wait keeps an event back for as long as events are held; false if the server ended meanwhile.
func (s *Server) wait(h *happening, before <-chan struct{}) bool {
	d := &s.delivery
	d.mu.Lock()
	held := d.holding
	if held {
		h.let = make(chan struct{})
		d.held = append(d.held, h)
		before = h.let
	}
	d.mu.Unlock()
	if before == nil {
		return true
	}
	select {
	case <-before:
		return true
	case <-s.host.Context().Done():
		return false
	}
}
