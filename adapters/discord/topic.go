package discord

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"balie/internal/chat"
)

// within does something in a thread that may be archived: it is opened for that, and put away again if it was locked, too.
func (d *Discord) within(ctx context.Context, thread string, do func() error) error {
	if thread == "" {
		return do()
	}
	locked, opened := false, false
	if t, ok := d.places.channels.Peek(thread); ok && t.Thread != nil && t.Thread.Archived {
		var err error
		if locked, err = d.reopen(ctx, thread); err != nil {
			return err
		}
		opened = true
	}
	err := do()
	if code := codeOf(err); !opened && (code == codeArchived || code == codeLocked || code == codeTooManyThreads) {
		if locked, err = d.reopen(ctx, thread); err != nil {
			return err
		}
		err = do()
	}
	if locked {
		if closing := d.setArchived(ctx, thread, true, true); closing != nil {
			d.log.WithError(closing).Debug("discord: a thread stays open until its ticket changes")
		}
	}
	return err
}

// reopen opens a thread that is archived, and says whether it was locked.
func (d *Discord) reopen(ctx context.Context, thread string) (locked bool, err error) {
	t, err := d.places.fresh(ctx, thread)
	if err != nil || t.Thread == nil || !t.Thread.Archived && !t.Thread.Locked {
		return false, err
	}
	return t.Thread.Locked, d.setArchived(ctx, thread, false, false)
}

// setArchived puts a thread away or takes it out again, for which room is made if there is none.
func (d *Discord) setArchived(ctx context.Context, thread string, archived, locked bool) error {
	var t wireChannel
	change := call{doing: "open or close a thread", method: http.MethodPatch, path: "/channels/" + thread, limit: "PATCH thread " + thread,
		body: map[string]any{"archived": archived, "locked": locked}, out: &t}
	err := d.api.do(ctx, change)
	if codeOf(err) == codeTooManyThreads && !archived {
		if of, missing := d.places.channel(ctx, thread); missing == nil && d.makeRoom(ctx, of.GuildID) {
			err = d.api.do(ctx, change)
		}
	}
	if err == nil {
		d.places.note(t)
		return nil
	}
	if parent, missing := d.places.channel(ctx, thread); missing == nil {
		if of, missing := d.places.channel(ctx, parent.ParentID); missing == nil {
			return d.toAdmin(ctx, err, of, permManageThreads)
		}
	}
	return err
}

// makeRoom archives the conversation of ours that has been quiet for the longest in a guild with as many open threads as Discord
// allows, and says whether there was one. Whatever is written there opens it again.
func (d *Discord) makeRoom(ctx context.Context, guild string) bool {
	ours, err := d.openThreads(ctx, guild)
	if err != nil || len(ours) == 0 {
		return false
	}
	slices.SortFunc(ours, func(a, b wireChannel) int { return cmp.Compare(a.quietSince(), b.quietSince()) })
	if d.once.First("room " + guild) {
		d.log.WithField("server", guild).Warn("discord: the server has as many open threads as Discord allows; those of tickets where " +
			"nothing has happened for the longest are archived for others")
	}
	const tries = 3 // people may have archived, locked or deleted some
	for _, t := range ours[:min(len(ours), tries)] {
		if d.setArchived(ctx, t.ID, true, t.Thread != nil && t.Thread.Locked) == nil {
			return true
		}
	}
	return false
}

// quietSince is when somebody last wrote in a thread or took it out of the archive, in milliseconds of Discord's time.
func (c wireChannel) quietSince() int64 {
	last := madeAt(cmp.Or(c.LastMessage, c.ID))
	if c.Thread != nil && !c.Thread.ArchivedAt.IsZero() {
		last = max(last, c.Thread.ArchivedAt.UnixMilli())
	}
	return last
}

// bringUpToDate gives a thread the name, the tags and the state that its ticket has. What Discord does not allow the bot is
// left, and said once.
func (d *Discord) bringUpToDate(ctx context.Context, thread string, to chat.Topic) error {
	t, err := d.places.current(ctx, thread)
	if codeOf(err) == codeUnknownChannel {
		return nil // there is none yet
	}
	if err != nil || t.Thread == nil {
		return err
	}
	rename := threadName(to.Name) != t.Name
	if last, ok := d.renamed.Get(thread); ok && last == to.Name {
		rename = false // Discord allows that twice in ten minutes, and people may have their own name for it
	}
	tags := t.Applied
	if parent, err := d.places.current(ctx, t.ParentID); err == nil && parent.isForum() {
		tags = tagsFor(parent, t.Applied, to)
	}
	archived, locked := t.Thread.Archived, t.Thread.Locked
	if archived && (rename || !slices.Equal(tags, t.Applied) || !to.Closed && locked || to.Closed && !locked) {
		if err := d.setArchived(ctx, thread, false, false); err != nil { // nothing else can be changed before
			return d.forgiven(err, "threads of closed tickets")
		}
		archived, locked = false, false
	}
	if !slices.Equal(tags, t.Applied) {
		if err := d.forgiven(d.changeThread(ctx, thread, "tags", map[string]any{"applied_tags": tags}), "forum posts' tags"); err != nil {
			return err
		}
	}
	if rename {
		err := d.changeThread(ctx, thread, "name", map[string]any{"name": threadName(to.Name)})
		if err := d.forgiven(err, "threads' names"); err != nil {
			d.log.WithError(err).Debug("discord: a thread keeps its name until its ticket changes")
		} else {
			d.renamed.Add(thread, to.Name)
		}
	}
	if locked == to.Closed && (archived || !to.Closed) {
		return nil
	}
	return d.forgiven(d.setArchived(ctx, thread, to.Closed, to.Closed), "threads of closed tickets")
}

// changeThread changes something of a thread, each under a limit of its own.
func (d *Discord) changeThread(ctx context.Context, thread, what string, change map[string]any) error {
	var now wireChannel
	err := d.api.do(ctx, call{doing: "change a thread's " + what, method: http.MethodPatch, path: "/channels/" + thread,
		limit: "PATCH thread " + what + " " + thread, body: change, out: &now})
	if err == nil {
		d.places.note(now)
	}
	return err
}

// forgiven is an error, unless it is one that an admin has to put right: that is said once, and the rest goes on.
func (d *Discord) forgiven(err error, what string) error {
	sent, ok := errors.AsType[*chat.SendError](err)
	if !ok || sent.Blocked == "" && sent.Refused == "" {
		return err
	}
	if d.once.First(what) {
		d.log.WithError(err).Warn("discord: " + what + " can't be kept up to date")
	}
	return nil
}

// tagsMax is how many tags a post of a forum may have.
const tagsMax = 5

// tagsFor are the tags of a forum's post: those that people gave it, and that of the status, if the forum has one of that
// name.
func tagsFor(forum wireChannel, applied []string, to chat.Topic) []string {
	named := func(name string) string {
		for _, t := range forum.Tags {
			if name != "" && strings.EqualFold(t.Name, chat.Cut(name, tagMax)) {
				return t.ID
			}
		}
		return ""
	}
	var statuses []string
	for _, s := range to.Statuses {
		statuses = append(statuses, named(s))
	}
	out := []string{}
	for _, id := range applied {
		if !slices.Contains(statuses, id) {
			out = append(out, id)
		}
	}
	if id := named(to.Status); id != "" {
		out = append(out[:min(len(out), tagsMax-1)], id)
	}
	return out
}

// tagMax is how many characters a forum's tag has.
const tagMax = 20
