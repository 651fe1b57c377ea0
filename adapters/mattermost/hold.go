package mattermost

// What was missed comes before what is heard meanwhile: a channel that is caught up keeps what is new for later.

// holdAll makes what is heard from now on wait until it is known which channels have to be caught up.
func (l *queue) holdAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listing = true
}

// holdOnly lets everything go on that is not of these channels.
func (l *queue) holdOnly(channels []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listing = false
	for _, id := range channels {
		l.room(id).catching = true
	}
	for _, r := range l.rooms {
		if !r.catching {
			l.resume(r)
		}
	}
}

// holdRoom makes what is heard of a channel wait until release is called for it.
func (l *queue) holdRoom(channel string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.room(channel).catching = true
}

// release puts what was missed in a channel into its line, and then what was heard meanwhile.
func (l *queue) release(channel string, missed []*item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.room(channel)
	r.catching = false
	l.count += len(missed)
	for _, it := range missed {
		l.push(r, it)
	}
	l.resume(r)
}

func (l *queue) resume(r *room) {
	for _, it := range r.after {
		l.push(r, it)
	}
	l.later -= len(r.after)
	r.after = nil
	l.start(r)
	l.tidy(r)
}

// lost are the channels where something was dropped, and since when, if there is room for it now. They are held.
func (l *queue) lost() map[string]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.losing || l.count > l.max/2 {
		return nil
	}
	l.losing = false
	out := map[string]int64{}
	for _, r := range l.rooms {
		if r.lost != 0 {
			out[r.id] = r.lost
			r.lost, r.catching = 0, true
		}
	}
	return out
}

// backlog is how much waits to be told, without what waits for a catch-up.
func (l *queue) backlog() int { return l.count - l.later }

// full says that what was missed should not be read yet.
func (l *queue) full() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.backlog() > l.max/2
}
