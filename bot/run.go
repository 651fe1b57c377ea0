package bot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// Prepare learns who the agents are, so that the first event finds them. A platform that can't tell now is asked again
// later; what it told last is used until then.
func (b *Bot) Prepare(ctx context.Context) error {
	if err := b.desk.LoadAgents(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, prepareWait)
	defer cancel()
	b.learnAgents(ctx)
	return nil
}

// prepareWait is how long the platforms have to tell who the agents are before the helpdesk starts without.
const prepareWait = 10 * time.Second

// Run keeps the platforms connected, delivers, and watches the time, until ctx ends; then it returns nil. The platforms
// hand their events to h: Handle, with whatever the caller puts around it. An error means that a platform can't be used
// until somebody changes something.
func (b *Bot) Run(ctx context.Context, h chat.Handler) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	wg.Go(func() { b.deliverer.run(ctx) })
	wg.Go(func() { every(ctx, b.pace.Tick, func() { b.tick(ctx) }) })
	wg.Go(func() { every(ctx, b.pace.Roster, func() { b.learnAgents(ctx) }) })
	for _, h := range b.homes {
		wg.Go(func() { h.run(ctx) })
	}
	for name, p := range b.platforms {
		wg.Go(func() {
			if err := p.Run(ctx, h); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// tick does what time asks for. Two processes may tick the same ticket: its version lets one of them win, and the other
// finds nothing left to do.
func (b *Bot) tick(ctx context.Context) {
	const most = 100
	due, err := b.desk.Store.Due(ctx, b.now().UTC(), most)
	if err != nil {
		if ctx.Err() == nil {
			b.log.WithError(err).Warn("time stands still: the store can't say what is due")
		}
		return
	}
	for _, id := range due {
		if _, err := b.desk.Act(ctx, id, ticket.Balie, ticket.Tick{}); err != nil && ctx.Err() == nil {
			b.log.WithError(err).WithField("ticket", id).Warn("a ticket that is due could not be moved on")
		}
	}
}

// learnAgents asks the platforms who handles each team's tickets: the people that the policy names, else the members of
// the triage channels.
func (b *Bot) learnAgents(ctx context.Context) {
	b.workspaces.learn(b.platforms)
	for _, team := range b.policy.Teams {
		accounts, err := b.agentsOf(ctx, team)
		if err == nil {
			err = b.desk.SetAgents(ctx, team.ID, accounts)
		}
		if ctx.Err() == nil {
			b.tellOfRoster(team.ID, err)
		}
	}
}

// tellOfRoster tells admins once, however often it is tried, that a team's agents could not be looked up, and again when
// that is for something else that they have to put right.
func (b *Bot) tellOfRoster(team string, err error) {
	why := ""
	if err != nil {
		why = "it passes"
	}
	if s, ok := errors.AsType[*chat.SendError](err); ok && s.Blocked != "" {
		why = s.Blocked
	}
	before := b.rosterless[team]
	b.rosterless[team] = why
	log := b.log.WithField("team", team)
	switch {
	case why == before:
	case why == "":
		log.Info("the team's agents could be looked up again")
	default:
		log.WithError(err).Warn("the team's agents could not be looked up; they stay as they were")
	}
}

func (b *Bot) agentsOf(ctx context.Context, team ticket.Team) ([]chat.Identity, error) {
	var accounts []chat.Identity
	for _, a := range team.Agents {
		d, ok := b.directory(a.Platform)
		if !ok {
			continue
		}
		for _, w := range d.Workspaces() {
			if a.Person != "" {
				accounts = append(accounts, chat.Identity{Platform: a.Platform, Workspace: w, ID: a.Person})
				continue
			}
			groups, ok := d.(chat.Groups)
			if !ok {
				return nil, fmt.Errorf("group %s: %s has no groups", a.Group, a.Platform)
			}
			members, err := groups.Group(ctx, w, a.Group)
			if err != nil {
				return nil, fmt.Errorf("members of group %s on %s: %w", a.Group, a.Platform, err)
			}
			if accounts, err = b.known(ctx, accounts, a.Platform, w, members); err != nil {
				return nil, err
			}
		}
	}
	if len(team.Agents) > 0 {
		return accounts, nil
	}
	for _, ch := range team.Triage {
		d, ok := b.directory(ch.Platform)
		if !ok {
			continue
		}
		workspaces := []string{ch.Workspace}
		if ch.Workspace == "" {
			workspaces = d.Workspaces()
		}
		for _, w := range workspaces {
			members, err := d.Members(ctx, w, ch.ID)
			if err != nil {
				return nil, fmt.Errorf("members of %s on %s: %w", ch.ID, ch.Platform, err)
			}
			if accounts, err = b.known(ctx, accounts, ch.Platform, w, members); err != nil {
				return nil, err
			}
		}
	}
	return accounts, nil
}

// known keeps what a platform tells of the people, and adds them to the accounts.
func (b *Bot) known(ctx context.Context, accounts []chat.Identity, platform, workspace string, people []chat.Person) ([]chat.Identity, error) {
	for _, p := range people {
		i := chat.Identity{Platform: platform, Workspace: workspace, ID: p.ID}
		if _, err := b.desk.Identify(ctx, i, p); err != nil {
			return nil, err
		}
		accounts = append(accounts, i)
	}
	return accounts, nil
}

func (b *Bot) directory(platform string) (chat.Directory, bool) {
	d, ok := b.platforms[platform].(chat.Directory)
	return d, ok
}
