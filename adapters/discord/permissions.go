package discord

import (
	"context"
	"net/http"
	"strings"
)

// Permission is something that the bot has to be allowed in a channel.
type Permission struct {
	Bit  uint64
	Name string // as Discord's settings call it
}

// The permissions in use. https://docs.discord.com/developers/topics/permissions#permissions-bitwise-permission-flags
const (
	permSend          = 1 << 11
	permEmbed         = 1 << 14
	permAttach        = 1 << 15
	permHistory       = 1 << 16
	permManageThreads = 1 << 34
	permPublicThread  = 1 << 35
	permPrivateThread = 1 << 36
	permSendInThreads = 1 << 38
)

// Permissions are all that the bot needs, in the order of Discord's settings.
func Permissions() []Permission {
	return []Permission{
		{permViewChannel, "View Channels"}, {permSend, "Send Messages and Create Posts"}, {permSendInThreads, "Send Messages in Threads and Posts"},
		{permPublicThread, "Create Public Threads"}, {permPrivateThread, "Create Private Threads"}, {permEmbed, "Embed Links"},
		{permAttach, "Attach Files"}, {permManageThreads, "Manage Threads and Posts"}, {permHistory, "Read Message History"},
	}
}

// Lacking are the names of the permissions among need that are not among have.
func Lacking(have, need uint64) []string {
	var names []string
	for _, p := range Permissions() {
		if need&p.Bit != 0 && have&p.Bit == 0 {
			names = append(names, p.Name)
		}
	}
	return names
}

// Uses of a channel that permissions are needed for.
const (
	needCards   = permViewChannel | permSend | permSendInThreads | permPublicThread | permEmbed | permAttach | permManageThreads | permHistory
	needPrivate = permViewChannel | permSendInThreads | permPrivateThread | permEmbed | permAttach | permManageThreads | permHistory
)

// Needs are the permissions for a channel where a team's cards are, or the conversations with requesters.
func Needs(requests bool) uint64 {
	if requests {
		return needPrivate
	}
	return needCards
}

// mine is what the bot may do in a channel.
func (d *Discord) mine(ctx context.Context, c wireChannel) (uint64, error) {
	me, err := d.self.get(ctx)
	if err != nil {
		return 0, err
	}
	if c.isThread() {
		if c, err = d.places.channel(ctx, c.ParentID); err != nil {
			return 0, err
		}
	}
	var r roster
	var m wireMember
	if err := d.people.roles(ctx, c.GuildID, &r); err != nil {
		return 0, err
	}
	err = d.api.do(ctx, call{doing: "look the bot up as a member", method: http.MethodGet, path: "/guilds/" + c.GuildID + "/members/" + me.ID, out: &m})
	if err != nil {
		return 0, err
	}
	m.User = &wireUser{ID: me.ID}
	return r.permissions(m, c), nil
}

// lacks says what the bot may not do in a channel that it should, for an admin; empty if it can't be told.
func (d *Discord) lacks(ctx context.Context, c wireChannel, need uint64) string {
	have, err := d.mine(ctx, c)
	if err != nil {
		return ""
	}
	names := Lacking(have, need)
	if len(names) == 0 {
		return ""
	}
	return "the bot needs a permission in the channel #" + oneLine(c.Name, threadMax) + ": give it " + strings.Join(names, ", ") +
		" there, or name another channel in the policy"
}
