package inbox

// What was missed comes before what is heard meanwhile: a channel that is caught up keeps what is new for later.

// HoldAll makes what is heard from now on wait until it is known which channels have to be caught up.
func (b *Inbox) HoldAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listing = true
}

// HoldOnly lets everything go on that is not of these channels.
func (b *Inbox) HoldOnly(channels []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listing = false
	for _, id := range channels {
		b.room(id).catching = true
	}
	for _, r := range b.rooms {
		if !r.catching {
			b.resume(r)
		}
	}
}

// HoldRoom makes what is heard of a channel wait until Release is called for it.
func (b *Inbox) HoldRoom(channel string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.room(channel).catching = true
}

// Part puts a part of what was missed in a channel into its line. More of it comes with Release at the end, and what is heard
// meanwhile waits for that.
func (b *Inbox) Part(channel string, missed []*Item) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.pushAll(channel, missed)
	r.catching = true
	b.start(r)
}

// Release puts what was missed in a channel into its line, and then what was heard meanwhile.
func (b *Inbox) Release(channel string, missed []*Item) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.pushAll(channel, missed)
	r.catching = false
	b.resume(r)
}

func (b *Inbox) pushAll(channel string, items []*Item) *room {
	r := b.room(channel)
	b.count += len(items)
	for _, it := range items {
		b.push(r, it)
	}
	return r
}

func (b *Inbox) resume(r *room) {
	for _, it := range r.after {
		b.push(r, it)
	}
	b.later -= len(r.after)
	r.after = nil
	b.start(r)
	b.tidy(r)
}

// Gap is where something of a channel was dropped, in milliseconds.
type Gap struct {
	Mark int64 // the earliest of what was dropped
	From int64 // from when on the channel has to be read to find all of it
}

// Lost are the channels where something was dropped, if there is room for it now. They are held.
func (b *Inbox) Lost() map[string]Gap {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.losing || b.count > b.max/2 {
		return nil
	}
	b.losing = false
	out := map[string]Gap{}
	for _, r := range b.rooms {
		if r.lost.Mark != 0 {
			out[r.id] = r.lost
			r.lost, r.catching = Gap{}, true
		}
	}
	return out
}

// backlog is how much waits to be told, without what waits for a catch-up.
func (b *Inbox) backlog() int { return b.count - b.later }

// Full says that what was missed should not be read yet.
func (b *Inbox) Full() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.backlog() > b.max/2
}
