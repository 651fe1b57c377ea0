package playground

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"balie/adapters/playground/wire"
)

// How much of the past the hub keeps for those who come back, and how far a listener may fall behind.
const (
	ringFrames    = 8192
	ringBytes     = 8 << 20
	listenerQueue = 2048
)

// frame is one live event.
type frame struct {
	seq    uint64
	room   string // only those who are in it see it; empty for everybody
	person string // and only this one, if set
	kind   string
	data   []byte
}

// write writes the frame as a server-sent event. A writer that is broken says so when it is flushed.
func (f *frame) write(out *bufio.Writer, epoch string) {
	out.WriteString("id: ")
	out.WriteString(epoch)
	out.WriteByte('-')
	out.Write(strconv.AppendUint(out.AvailableBuffer(), f.seq, 10))
	out.WriteString("\nevent: ")
	out.WriteString(f.kind)
	out.WriteString("\ndata: ")
	out.Write(f.data)
	out.WriteString("\n\n")
}

// hub tells listeners what happens. It never waits for one: who falls behind is dropped, and comes back for the rest.
type hub struct {
	epoch string // of this process: what another one numbered means nothing here

	mu     sync.Mutex
	closed bool
	seq    uint64
	ring   []*frame // the latest frames, in order
	bytes  int
	rooms  map[string]map[*listener]bool
	last   map[string]string // by room: the order of the newest message that asked for attention
}

// listener is one live stream. The channel is closed when it fell behind or the hub shuts.
type listener struct {
	person string
	rooms  []string
	frames chan *frame
}

func newHub() *hub {
	return &hub{
		epoch: strconv.FormatInt(time.Now().UnixNano(), 36),
		rooms: map[string]map[*listener]bool{},
		last:  map[string]string{},
	}
}

// message tells that a message is new, changed or gone. body is the message encoded.
func (h *hub) message(m *wire.Message, body []byte) {
	if m.Deleted {
		h.publish(m.Channel, "", wire.KindDeleted, wire.Deleted{Channel: m.Channel, Thread: m.Thread, ID: m.ID})
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if m.Rev == 0 && !m.Quiet && m.Order > h.last[m.Channel] {
		h.last[m.Channel] = m.Order
	}
	h.push(&frame{room: m.Channel, kind: wire.KindMessage, data: body})
}

// publish tells something else. What can't be encoded is a mistake in the program.
func (h *hub) publish(room, person, kind string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("playground: encode %s: %v", kind, err))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.push(&frame{room: room, person: person, kind: kind, data: data})
}

func (h *hub) push(f *frame) {
	h.seq++
	f.seq = h.seq
	h.ring = append(h.ring, f)
	h.bytes += len(f.data)
	drop := 0
	for len(h.ring)-drop > ringFrames || h.bytes > ringBytes {
		h.bytes -= len(h.ring[drop].data)
		h.ring[drop] = nil
		drop++
	}
	h.ring = h.ring[drop:]
	for l := range h.rooms[f.room] {
		if f.person != "" && f.person != l.person {
			continue
		}
		select {
		case l.frames <- f:
		default:
			h.remove(l)
		}
	}
}

// listen starts a stream of what happens in the rooms. Frames after the one with the id since come first; missed says
// that some of them are not kept any more. nil if the hub is shut.
func (h *hub) listen(person string, rooms []string, since string) (l *listener, start uint64, past []*frame, missed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, 0, nil, false
	}
	l = &listener{person: person, rooms: append([]string{""}, rooms...), frames: make(chan *frame, listenerQueue)}
	for _, r := range l.rooms {
		if h.rooms[r] == nil {
			h.rooms[r] = map[*listener]bool{}
		}
		h.rooms[r][l] = true
	}
	if since == "" {
		return l, h.seq, nil, false
	}
	epoch, number, _ := strings.Cut(since, "-")
	seq, err := strconv.ParseUint(number, 10, 64)
	if err != nil || epoch != h.epoch || seq > h.seq || seq+uint64(len(h.ring)) < h.seq {
		return l, h.seq, nil, true
	}
	for _, f := range h.ring[len(h.ring)-int(h.seq-seq):] {
		if h.rooms[f.room][l] && (f.person == "" || f.person == person) {
			past = append(past, f)
		}
	}
	return l, seq, past, false
}

// leave ends a stream.
func (h *hub) leave(l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.remove(l)
}

func (h *hub) remove(l *listener) {
	if !h.rooms[""][l] {
		return // already
	}
	for _, r := range l.rooms {
		if delete(h.rooms[r], l); len(h.rooms[r]) == 0 {
			delete(h.rooms, r)
		}
	}
	close(l.frames)
}

// newest is the order of the newest message of the room since the start, or "".
func (h *hub) newest(room string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last[room]
}

// shut ends all streams and takes no new ones; open takes them again.
func (h *hub) shut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for l := range h.rooms[""] {
		h.remove(l)
	}
}

func (h *hub) open() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = false
}
