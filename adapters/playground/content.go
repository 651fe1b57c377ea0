package playground

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"balie/adapters/playground/wire"
)

// ErrNotFound is what Content gives for what is not there; it may be wrapped.
var ErrNotFound = errors.New("playground: not found")

// Content keeps what is said, durably: what a method has done survives a crash right after it returned. All methods may
// be called at once.
type Content interface {
	// PutRecord keeps r in place of what has its space and id.
	PutRecord(ctx context.Context, r Record) error
	// AddRecord keeps r, unless its space has the id already: then it gives that one, and false.
	AddRecord(ctx context.Context, r Record) (kept Record, added bool, err error)
	// DeleteRecord forgets it; that there is none is no error.
	DeleteRecord(ctx context.Context, space, id string) error
	// Record is the one with the id. ErrNotFound.
	Record(ctx context.Context, space, id string) (Record, error)
	// ListRecords are the records of the group with an order below before (all, if it is empty), the highest first, at
	// most limit.
	ListRecords(ctx context.Context, space, group, before string, limit int) ([]Record, error)
	// PutFile keeps the content under the file's id. An id that is there already is left as it is, and is no error.
	PutFile(ctx context.Context, f FileInfo, content io.Reader) error
	// OpenFile reads it. ErrNotFound.
	OpenFile(ctx context.Context, id string) (FileInfo, io.ReadCloser, error)
}

// Record is a small document in a named space, in one group and in an order there.
type Record struct {
	Space string `json:"space"`
	ID    string `json:"id"`
	Group string `json:"group"`
	Order string `json:"order"` // compared bytewise
	Body  []byte `json:"body"`
}

// FileInfo describes a kept file.
type FileInfo struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
	Size int64  `json:"size"` // bytes; set by PutFile
}

// The spaces of our records.
const (
	messageSpace = "playground/message" // by channel or thread
	unheardSpace = "playground/unheard" // what the bot has still to hear, all in one group
	uploadSpace  = "playground/upload"  // files that somebody brought
)

const deletedGroup = "deleted" // of messages that are gone; kept so that nothing brings them back

// groupOf is the group of a message's record: its thread or, for one in a channel itself, the channel.
func groupOf(m *wire.Message) string {
	switch {
	case m.Deleted:
		return deletedGroup
	case m.Thread != "":
		return "thread/" + m.Thread
	}
	return "channel/" + m.Channel
}

// hashID is an id made of the parts, the same for the same parts. It is safe in URLs and says nothing about them.
func hashID(prefix string, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return prefix + strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:15]))
}

// botID is the id of a message of the bot's: the same for the same key. It begins like the key, as keys of one time and
// one conversation do: what is neighbours in an index is written together.
func botID(key string) string {
	head := 0
	for head < min(len(key), botIDHead) && isPlain(key[head]) {
		head++
	}
	return hashID("b"+strings.ToLower(key[:head]), key)
}

// botIDHead is how much of a key is found again in the id, in characters: as much of a ULID as is its time.
const botIDHead = 10

func isPlain(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// record encodes m once, for keeping as well as for showing.
func record(m *wire.Message) (Record, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return Record{}, fmt.Errorf("playground: encode message %s: %w", m.ID, err)
	}
	return Record{Space: messageSpace, ID: m.ID, Group: groupOf(m), Order: m.Order, Body: body}, nil
}

func decode(r Record) (*wire.Message, error) {
	m := &wire.Message{}
	if err := json.Unmarshal(r.Body, m); err != nil {
		return nil, fmt.Errorf("playground: decode message %s: %w", r.ID, err)
	}
	return m, nil
}

// recentMax is how many of the messages written last are remembered, so that what people react to is not read again.
const recentMax = 1024

// message reads a message, a deleted one included, which must not be changed. ErrNotFound.
func (p *Playground) message(ctx context.Context, id string) (*wire.Message, error) {
	if m, ok := p.recent.Get(id); ok {
		return m, nil
	}
	r, err := p.opts.Content.Record(ctx, messageSpace, id)
	if err != nil {
		return nil, fmt.Errorf("playground: read message: %w", err)
	}
	return decode(r)
}

// add keeps a new message and shows it. If there is one with its id, that is what stands.
func (p *Playground) add(ctx context.Context, m *wire.Message) (*wire.Message, error) {
	r, err := record(m)
	if err != nil {
		return nil, err
	}
	kept, added, err := p.opts.Content.AddRecord(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("playground: keep message: %w", err)
	}
	if !added {
		return decode(kept)
	}
	p.recent.ContainsOrAdd(m.ID, m) // unless it was changed meanwhile
	p.hub.message(m, r.Body)
	return m, nil
}

// change reads a message that still stands, changes it, keeps and shows it. The change says whether there is anything
// to keep. ErrNotFound if the message is gone.
func (p *Playground) change(ctx context.Context, id string, by func(m *wire.Message) bool) (*wire.Message, error) {
	release, err := p.edits.hold(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("playground: change message: %w", err)
	}
	defer release()
	m, err := p.message(ctx, id)
	if err != nil {
		return nil, err
	}
	if m.Deleted {
		return nil, fmt.Errorf("playground: message %s was deleted: %w", id, ErrNotFound)
	}
	m = copied(m)
	if !by(m) {
		return m, nil
	}
	m.Rev++
	if m.Deleted {
		m = &wire.Message{ID: m.ID, Channel: m.Channel, Thread: m.Thread, Order: m.Order, Rev: m.Rev, From: m.From, At: m.At, Deleted: true}
	}
	r, err := record(m)
	if err != nil {
		return nil, err
	}
	if err := p.opts.Content.PutRecord(ctx, r); err != nil {
		p.recent.Remove(id) // which of the two is kept is not known
		return nil, fmt.Errorf("playground: keep message: %w", err)
	}
	p.recent.Add(id, m)
	p.hub.message(m, r.Body)
	return m, nil
}

// copied is a message that can be changed without changing m.
func copied(m *wire.Message) *wire.Message {
	out := *m
	out.Reactions = slices.Clone(m.Reactions)
	for i := range out.Reactions {
		out.Reactions[i].People = slices.Clone(out.Reactions[i].People)
	}
	return &out
}
