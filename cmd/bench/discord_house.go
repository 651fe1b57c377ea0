package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"balie/adapters/discord/discordfake"
)

// discordHouse is a crew on Discord, the program that helps them, and what is noted of the two.
type discordHouse struct {
	*crew
	town   *discordTown
	server *server
	log    string // the program's

	calls, hooks *recorder
	refused      atomic.Int64 // of the program's answers
	limited      atomic.Int64 // of Discord's: the program was too early
}

// discordStay is a stay on Discord.
type discordStay struct {
	hooks bool // interactions go over HTTP
	typed bool // what agents type under a card goes to the requester
	fake  discordfake.Options
}

// Discord's pace, for all of a bot's calls but its answers. https://docs.discord.com/developers/topics/rate-limits
const discordCalls = 50 // a second

// moveToDiscord makes a Discord with a crew, and starts the program for it.
func (b *bench) moveToDiscord(ctx context.Context, stay discordStay) (h *discordHouse, err error) {
	at, err := b.place("discord")
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	h = &discordHouse{log: logOf(at)}
	defer func() {
		if err != nil {
			err = errors.Join(err, tail(h.log), h.leave())
		}
	}()
	if h.town, err = settleDiscord(b.people, stay.fake); err != nil {
		return h, err
	}
	h.crew = newCrew(h.town, b.people, h.town.triage, newTimings())
	h.about, h.helps, h.speak, h.pages, h.think = h.town.category, ownAgent, h.town.write, h.town.pages, b.think
	if h.calls, err = record(strings.TrimPrefix(h.town.URL, "http://"), func(*exchange) {}, h.answered); err != nil {
		return h, err
	}
	if h.hooks, err = record(addr, func(*exchange) {}, h.heard); err != nil {
		return h, err
	}
	env := []string{"DISCORD_TOKEN=" + h.town.Token, "DISCORD_PUBLIC_KEY=" + h.town.PublicKey, "BALIE_URL=" + h.hooks.URL,
		"DISCORD_API_URL=" + h.calls.URL + strings.TrimPrefix(h.town.APIURL, h.town.URL)}
	if h.server, err = b.program.serve(ctx, at, addr, h.town.policy(stay.typed), env); err != nil {
		return h, err
	}
	for h.town.Sockets() == 0 || h.town.Calls("PUT /applications/{application}/commands") == 0 {
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return h, err
		}
	}
	if stay.hooks {
		h.overHTTP()
	}
	return h, nil
}

// overHTTP has interactions go to the program over HTTP, which Discord tries first, with a wrong signature too.
func (h *discordHouse) overHTTP() {
	h.town.Deliver(h.hooks.URL + "/hooks/discord")
	h.refused.Store(0)
}

// leave ends everything of the house, and says what Discord did not like of what it was sent.
func (h *discordHouse) leave() error {
	var errs []error
	if h.server != nil {
		errs = append(errs, h.server.stop())
	}
	if h.town != nil {
		for _, p := range h.town.Problems() {
			errs = append(errs, errors.New("what Discord was sent and does not take: "+p))
		}
		h.town.Close()
	}
	for _, r := range []*recorder{h.hooks, h.calls} {
		if r != nil {
			errs = append(errs, r.close())
		}
	}
	return errors.Join(errs...)
}

// heard notes how much of an answer the program took by itself.
func (h *discordHouse) heard(x *exchange) {
	if x.status != http.StatusOK {
		h.refused.Add(1)
		return
	}
	d, err := deedOf(x.body)
	if own, ok := ownPart(x.header.Get(serverTiming)); ok && err == nil && d.kind() != "" {
		h.times.add(d.kind()+partOwn, own)
	}
}

// answered tells the crew what the program posted, and notes where it posts.
func (h *discordHouse) answered(x *exchange) {
	if x.status == http.StatusTooManyRequests {
		h.limited.Add(1)
	}
	_, path, ok := strings.Cut(x.path, "/channels/")
	if !ok || x.method == http.MethodGet || x.status < http.StatusOK || x.status >= http.StatusMultipleChoices {
		return
	}
	parts := strings.Split(path, "/")
	if len(parts) == 3 && parts[1] == "thread-members" {
		h.town.invites(parts[0], parts[2])
		return
	}
	var in struct {
		ID     string
		Parent string `json:"parent_id"`
		In     string `json:"channel_id"`
	}
	if json.Unmarshal(x.answer, &in) != nil {
		return
	}
	if in.Parent != "" {
		h.town.begins(in.ID, in.Parent)
		return
	}
	if m := h.town.read(in.In, in.ID); m != nil {
		h.tell(news{time.Now(), m})
	}
}
