package playground

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"balie/adapters/playground/wire"
)

const (
	pingEvery  = 15 * time.Second // keeps idle streams alive
	writeLimit = 10 * time.Second // for a listener that does not read
)

// serveEvents streams what happens in the channels that the person is in, or in those of them that are asked for.
func (p *Playground) serveEvents(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	who, err := p.persona(q.Get("as"))
	if err != nil {
		return err
	}
	rooms, err := p.roomsOf(who, q.Get("channels"))
	if err != nil {
		return err
	}
	since := r.Header.Get("Last-Event-ID")
	l, start, past, missed := p.hub.listen(who.ID, rooms, since)
	if l == nil {
		return &problem{status: 503, Code: "stopping", Message: "The playground is stopping.", retry: time.Second}
	}
	defer p.hub.leave(l)

	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	control := http.NewResponseController(w)
	defer func() { _ = control.SetWriteDeadline(time.Time{}) }() // the connection may be used again
	out := bufio.NewWriterSize(w, 32<<10)
	first := wire.KindHello
	if missed {
		first = wire.KindReset
	}
	// bufio keeps the first error and gives it at Flush.
	fmt.Fprintf(out, "retry: 1000\n\nid: %s-%d\nevent: %s\ndata: {}\n\n", p.hub.epoch, start, first)
	for _, f := range past {
		f.write(out, p.hub.epoch)
	}
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		_ = control.SetWriteDeadline(time.Now().Add(writeLimit)) // some servers have none
		if out.Flush() != nil || control.Flush() != nil {
			return nil // the listener left
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-ping.C:
			out.WriteString(": ping\n\n")
		case f, ok := <-l.frames:
			for ok {
				f.write(out, p.hub.epoch)
				if len(l.frames) == 0 || out.Buffered() > 24<<10 {
					break
				}
				f, ok = <-l.frames
			}
			if !ok { // it fell behind, or the playground stops; it comes back for the rest
				_ = out.Flush()
				return nil
			}
		}
	}
}

// roomsOf are the rooms that a person is in, or those named.
func (p *Playground) roomsOf(who *Persona, named string) ([]string, error) {
	var rooms []string
	if named != "" {
		for channel := range strings.SplitSeq(named, ",") {
			r, err := p.enter(who, channel)
			if err != nil {
				return nil, err
			}
			if !slices.Contains(rooms, r.id) {
				rooms = append(rooms, r.id)
			}
		}
		return rooms, nil
	}
	for id, r := range p.rooms {
		if r.members[who.ID] {
			rooms = append(rooms, id)
		}
	}
	return rooms, nil
}

// serveSetFaults changes the faults. They are everybody's.
func (p *Playground) serveSetFaults(w http.ResponseWriter, r *http.Request) error {
	var f wire.Faults
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, requestMax)).Decode(&f); err != nil {
		return &problem{status: 400, Code: "malformed", Message: "The request is not one."}
	}
	if f.DelayMS < 0 || f.DelayMS > 60_000 || f.FailNext < 0 || f.Uncertain < 0 {
		return &problem{status: 422, Code: "faults", Message: "A delay is 0 to 60 000 ms, and counts are not negative."}
	}
	set := Faults{
		Delay: time.Duration(f.DelayMS) * time.Millisecond, Fail: f.Fail, FailNext: f.FailNext, Uncertain: f.Uncertain,
		Every: map[string]time.Duration{},
	}
	for channel, ms := range f.EveryMS {
		if p.rooms[channel] == nil || ms < 0 || ms > 600_000 {
			return &problem{status: 422, Code: "faults", Message: "A limit needs a channel, and 0 to 600 000 ms."}
		}
		set.Every[channel] = time.Duration(ms) * time.Millisecond
	}
	p.SetFaults(set)
	return reply(w, p.wireFaults())
}
