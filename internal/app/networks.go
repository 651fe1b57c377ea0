package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"balie/adapters/discord"
	"balie/adapters/mattermost"
	"balie/adapters/slack"
	"balie/bot"
	"balie/internal/chat"
	"balie/internal/config"
	"balie/internal/store"
)

// Network is a chat network that Balie is made for.
type Network struct {
	Name  string
	By    string // what connects it
	Asked bool   // the environment asks for it
	Ready bool   // this version can connect it
}

// Networks are those that the environment can ask for.
func Networks(c config.Config) []Network {
	return []Network{
		{"Slack", "SLACK_BOT_TOKEN (or SLACK_CLIENT_ID) with SLACK_APP_TOKEN or SLACK_SIGNING_SECRET", c.Slack.Asked(), true},
		{"Discord", "DISCORD_TOKEN, and DISCORD_PUBLIC_KEY for interactions over HTTP", c.Discord.Token.IsSet(), true},
		{"Mattermost", "MATTERMOST_URL with MATTERMOST_TOKEN and MATTERMOST_COMMAND_TOKENS", c.Mattermost.URL != "", true},
		{"E-mail", "EMAIL_IMAP_URL with EMAIL_SMTP_URL and EMAIL_FROM", c.Email.IMAP.IsSet(), false},
	}
}

// networks are the ones that the environment asks for; url is how they reach us.
func networks(o Options, s store.Store, secret []byte, url string, m *metrics) ([]chat.Platform, error) {
	var out []chat.Platform
	if c := o.Config.Slack; c.Asked() {
		p, err := slack.New(slack.Options{
			BotToken: c.BotToken.Reveal(), SigningSecret: c.SigningSecret.Reveal(), AppToken: c.AppToken.Reveal(),
			ClientID: c.ClientID, ClientSecret: c.ClientSecret.Reveal(), Workspaces: c.EachWorkspace(), APIURL: c.APIURL,
			URL: url, Secret: secret, Memory: memory{s}, Answered: m.answered(slack.Name), Odd: m.odd(slack.Name), Log: o.Log,
		})
		if err != nil {
			return nil, fmt.Errorf("connect Slack: %w", err)
		}
		out = append(out, p)
	}
	if c := o.Config.Discord; c.Token.IsSet() {
		opts := discord.Options{
			Token: c.Token.Reveal(), PublicKey: c.PublicKey, APIURL: c.APIURL, Secret: secret, Memory: memory{s}, Commands: bot.Commands(),
			Answered: m.answered(discord.Name), Odd: m.odd(discord.Name), Log: o.Log,
		}
		if o.Config.Mongo.URI.IsSet() { // else this is the only process, and need not wait for the lease of one that crashed
			opts.Lease = newLease(s, "gateway|"+discord.Name)
		}
		p, err := discord.New(opts)
		if err != nil {
			return nil, fmt.Errorf("connect Discord: %w", err)
		}
		out = append(out, p)
	}
	if c := o.Config.Mattermost; c.URL != "" {
		opts := mattermost.Options{
			URL: c.URL, Token: c.Token.Reveal(), Hooks: url + "/hooks/" + mattermost.Name, Secret: secret, Memory: memory{s},
			Answered: m.answered(mattermost.Name), Now: o.Now, Log: o.Log,
		}
		for _, token := range c.EachCommandToken() {
			opts.CommandTokens = append(opts.CommandTokens, token.Reveal())
		}
		p, err := mattermost.New(opts)
		if err != nil {
			return nil, fmt.Errorf("connect Mattermost: %w", err)
		}
		out = append(out, p)
	}
	return out, nil
}

// memory keeps what adapters want to know after a restart, in the helpdesk's store.
type memory struct{ store store.Store }

const memorySpace = "memory"

// Recall gives what was kept under the name.
func (m memory) Recall(ctx context.Context, name string) ([]byte, error) {
	r, err := m.store.Record(ctx, memorySpace, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return r.Body, err
}

// Keep keeps the value under the name, whose group is what is before its first slash.
func (m memory) Keep(ctx context.Context, name string, value []byte) error {
	group, _, grouped := strings.Cut(name, "/")
	if !grouped {
		group = ""
	}
	return m.store.PutRecord(ctx, store.Record{Space: memorySpace, ID: name, Group: group, Order: name, Body: value})
}

// Forget forgets what was kept under the name; that there is nothing is no error.
func (m memory) Forget(ctx context.Context, name string) error {
	return m.store.DeleteRecord(ctx, memorySpace, name)
}

// memoryPage is how much of a group is read at once.
const memoryPage = 100

// List is all that is kept in the group, by name.
func (m memory) List(ctx context.Context, group string) (map[string][]byte, error) {
	all := map[string][]byte{}
	for before := ""; ; {
		page, err := m.store.ListRecords(ctx, memorySpace, group, before, memoryPage)
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			all[r.ID] = r.Body
			before = r.Order
		}
		if len(page) < memoryPage {
			return all, nil
		}
	}
}
