package inbox

// Part puts a part of what was missed in a channel into its line. More of it comes with Release at the end, and what is heard
// meanwhile waits for that.
func (b *Inbox) Part(channel string, missed []*Item) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.room(channel)
	r.catching = true
	b.count += len(missed)
	for _, it := range missed {
		b.push(r, it)
	}
	b.start(r)
}
