package ticket

// Effect is something to tell a room, decided when a ticket changed and carried out later. What exactly is posted is
// rendered from the ticket when it is sent.
type Effect struct {
	Kind    EffectKind `json:"kind"`
	Room    string     `json:"room"`
	Entry   int        `json:"entry,omitempty"`   // the entry it is about
	Mention []string   `json:"mention,omitempty"` // people to notify
}

// EffectKind says what to do.
type EffectKind string

// The kinds of effects.
const (
	// EffectCard posts the room's first post, or brings it up to date.
	EffectCard EffectKind = "card"
	// EffectEntry posts the entry in the room's thread.
	EffectEntry EffectKind = "entry"
	// EffectUpdate brings the entry's post up to date: its text was edited.
	EffectUpdate EffectKind = "update"
	// EffectRemove takes the entry's post away: it was deleted where it came from.
	EffectRemove EffectKind = "remove"
	// EffectStory posts the public timeline so far, for somebody who joins.
	EffectStory EffectKind = "story"
	// EffectFetch stores the entry's files. It belongs to no room.
	EffectFetch EffectKind = "fetch"
	// EffectGather takes along the thread that the ticket was made from. It belongs to no room.
	EffectGather EffectKind = "gather"
)
