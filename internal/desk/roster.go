package desk

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// rosterSpace is where the rosters are kept, so that agents stay agents when their platform is away at a start.
const rosterSpace = "roster"

// roster is who handles which team's tickets: by account, as the platforms last told.
type roster struct {
	mu    sync.RWMutex
	teams map[string][]string // team → keys of accounts, sorted
}

// SetAgents replaces the accounts of a team's agents, as its platforms tell them now.
func (d *Desk) SetAgents(ctx context.Context, team string, accounts []chat.Identity) error {
	keys := make([]string, len(accounts))
	for i, a := range accounts {
		keys[i] = a.Key()
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	d.roster.mu.RLock()
	same := slices.Equal(d.roster.teams[team], keys)
	d.roster.mu.RUnlock()
	if same {
		return nil
	}
	body, err := json.Marshal(keys)
	if err != nil {
		return wrap("write a roster", err)
	}
	if err := d.Store.PutRecord(ctx, store.Record{Space: rosterSpace, ID: team, Body: body}); err != nil {
		return wrap("keep a roster", err)
	}
	d.roster.set(team, keys)
	return nil
}

// LoadAgents takes the rosters as they were last kept.
func (d *Desk) LoadAgents(ctx context.Context) error {
	for _, t := range d.Policy.Teams {
		r, err := d.Store.Record(ctx, rosterSpace, t.ID)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return wrap("read a roster", err)
		}
		var keys []string
		if err := json.Unmarshal(r.Body, &keys); err != nil {
			return wrap("read the roster of "+t.ID, err)
		}
		d.roster.set(t.ID, keys)
	}
	return nil
}

func (r *roster) set(team string, keys []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.teams == nil {
		r.teams = map[string][]string{}
	}
	r.teams[team] = keys
}

// TeamsOf are the teams whose tickets the person handles.
func (d *Desk) TeamsOf(p store.Person) []string {
	d.roster.mu.RLock()
	defer d.roster.mu.RUnlock()
	var teams []string
	for _, t := range d.Policy.Teams {
		named := slices.ContainsFunc(t.Agents, func(a ticket.Agent) bool {
			return a.Email != "" && strings.EqualFold(a.Email, p.Email)
		})
		if named || slices.ContainsFunc(p.Identities, func(i chat.Identity) bool {
			_, ok := slices.BinarySearch(d.roster.teams[t.ID], i.Key())
			return ok
		}) {
			teams = append(teams, t.ID)
		}
	}
	return teams
}
