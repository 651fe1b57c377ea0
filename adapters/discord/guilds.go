package discord

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"
)

// guilds are the servers that the bot is in.
type guilds struct {
	*Discord

	mu    sync.Mutex
	known []string
	asked time.Time // when Discord was last asked for the list; zero if it never was
}

const (
	guildsPage  = 200
	guildsEvery = time.Minute // a process without the gateway is told of no changes
)

func newGuilds(d *Discord) *guilds { return &guilds{Discord: d} }

// ids are those that are known now.
func (g *guilds) ids() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.known)
}

func (g *guilds) add(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !slices.Contains(g.known, id) {
		g.known = append(g.known, id)
		slices.Sort(g.known)
	}
}

func (g *guilds) remove(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known = slices.DeleteFunc(g.known, func(k string) bool { return k == id })
}

// all are those that the bot is in, asking Discord if that is not known.
func (g *guilds) all(ctx context.Context) ([]string, error) {
	g.mu.Lock()
	known, fresh := slices.Clone(g.known), time.Since(g.asked) < guildsEvery
	g.mu.Unlock()
	if fresh {
		return known, nil
	}
	var ids []string
	for after := "0"; ; {
		var page []struct {
			ID string `json:"id"`
		}
		err := g.api.do(ctx, call{doing: "list the bot's servers", method: http.MethodGet, path: "/users/@me/guilds",
			query: url.Values{"limit": {strconv.Itoa(guildsPage)}, "after": {after}}, out: &page})
		if err != nil {
			if len(known) > 0 {
				return known, nil
			}
			return nil, err
		}
		for _, p := range page {
			ids = append(ids, p.ID)
			after = p.ID
		}
		if len(page) < guildsPage {
			break
		}
	}
	slices.Sort(ids)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known, g.asked = ids, time.Now()
	return slices.Clone(ids), nil
}

// Workspaces are the servers that the bot is in, as far as is known.
func (d *Discord) Workspaces() []string {
	ctx, cancel := context.WithTimeout(context.Background(), callMax)
	defer cancel()
	ids, err := d.guilds.all(ctx)
	if err != nil {
		d.log.WithError(err).Debug("discord: the bot's servers can't be listed")
	}
	if len(ids) == 0 {
		return []string{""} // in which nobody can be looked up: what was known stays
	}
	return ids
}
