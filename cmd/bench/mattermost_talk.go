package main

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
)

// talk is what people wrote to each other that was acknowledged, and when it was first seen where it belongs.
type talk struct {
	patience time.Duration
	triage   string // the channel's id
	bot      string // the account's id
	write    func(ctx context.Context, name string, root *model.Post, text string) error
	failed   atomic.Int64 // attempts

	mu           sync.Mutex
	acknowledged map[string]time.Time // by mark, or a ticket's tag
	seen         map[string]time.Time // by mark or tag, and side
}

// The sides on which something can stand.
const (
	onCard   = " in triage"
	onDirect = " with the requester"
)

var (
	marks = regexp.MustCompile(`life\d{3}x\d{7}x(?:` + markSay + `|` + markReply + `|` + markSolution + `)\d{4}z`)
	tags  = regexp.MustCompile(`life\d{3}x\d{7}x`)
)

func newTalk(t *town, patience time.Duration) *talk {
	return &talk{patience: patience, triage: t.ChannelID(triageChannel), bot: t.BotID, write: t.write,
		acknowledged: map[string]time.Time{}, seen: map[string]time.Time{}}
}

// acknowledge notes that the server took a message, or the program a form.
func (t *talk) acknowledge(what string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.acknowledged[what] = time.Now()
}

// sides are where a mark or a tag belongs.
func sides(what string) []string {
	switch {
	case len(what) == tagLength:
		return []string{onCard, onDirect}
	case strings.Contains(what, markSay):
		return []string{onCard}
	}
	return []string{onDirect}
}

// placed is what a post of the bot's says, and on which side that is.
func (t *talk) placed(p *model.Post, text string) (what []string, side string) {
	if key, _ := p.GetProp("balie_key").(string); p.UserId != t.bot || strings.HasPrefix(key, "answer|") {
		return nil, ""
	}
	side = onDirect
	if p.ChannelId == t.triage {
		side = onCard
	}
	if p.RootId == "" {
		if tag := tags.FindString(text); tag != "" {
			what = []string{tag}
		}
		return what, side
	}
	return marks.FindAllString(p.Message, -1), side
}

// saw notes what is there by now.
func (t *talk) saw(n news) {
	what, side := t.placed(n.post, n.text)
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range what {
		if _, ok := t.seen[w+side]; !ok {
			t.seen[w+side] = n.at
		}
	}
}

// lateness is how a return of the server went.
type lateness struct {
	interrupted int           // deliveries of what was acknowledged before its return
	resumed     time.Duration // until the last of these was seen
	even        time.Duration // until the last was seen that took longer than a second
}

// late says how long after the server's return things were seen that had waited. What was never seen is left out.
func (t *talk) late(returned time.Time) lateness {
	t.mu.Lock()
	defer t.mu.Unlock()
	var l lateness
	for what, at := range t.acknowledged {
		for _, side := range sides(what) {
			seen := t.seen[what+side]
			if !seen.After(returned) {
				continue
			}
			if at.Before(returned) {
				l.interrupted++
				l.resumed = max(l.resumed, seen.Sub(returned))
			}
			if seen.Sub(at) > time.Second {
				l.even = max(l.even, seen.Sub(returned))
			}
		}
	}
	return l
}
