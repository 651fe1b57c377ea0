package discord

import "sync"

// outages are the guilds that Discord tells nothing of: it has trouble with them, or a session has just begun and they are
// still to come.
type outages struct {
	mu    sync.Mutex
	since map[string]int64 // milliseconds
}

func newOutages() *outages { return &outages{since: map[string]int64{}} }

// begin notes that nothing is told of a guild, unless that was noted before.
func (o *outages) begin(guild string, since int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.since[guild]; !ok {
		o.since[guild] = since
	}
}

// of is since when nothing is told of a guild.
func (o *outages) of(guild string) (since int64, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	since, ok = o.since[guild]
	return since, ok
}

func (o *outages) end(guild string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.since, guild)
}

// floor is since when nothing is told of some guild; 0 if there is none.
func (o *outages) floor() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	var low int64
	for _, at := range o.since {
		if low == 0 || at < low {
			low = at
		}
	}
	return low
}
