package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/oklog/ulid/v2"
	"github.com/sirupsen/logrus"

	discordexamine "balie/adapters/discord/examine"
	mattermostexamine "balie/adapters/mattermost/examine"
	slackexamine "balie/adapters/slack/examine"
	"balie/bot"
	"balie/internal/config"
	"balie/internal/policy"
	"balie/internal/store"
	"balie/internal/store/mongo"
	"balie/internal/ticket"
)

// Finding is something that was looked at: what is fine about it, or else the problem and what to do.
type Finding struct {
	About   string
	Fine    string
	Problem string
}

const (
	spaceMin    = 500 << 20 // bytes of free disk space below which it is a problem
	examineWait = 5 * time.Second
)

// Examine looks at the surroundings that the helpdesk needs, without leaving anything in them.
func Examine(ctx context.Context, c config.Config, log logrus.FieldLogger) []Finding {
	address, running := examineAddress(ctx, c)
	findings := []Finding{address}
	if !c.Mongo.URI.IsSet() {
		findings = append(findings, examineFolder(c.DataDir))
	}
	findings = append(findings, examineStore(ctx, c, log, running), examineSecret(c))
	if c.Slack.Asked() {
		findings = append(findings, examineSlack(ctx, c, running)...)
	}
	if c.Discord.Token.IsSet() {
		findings = append(findings, examineDiscord(ctx, c, running)...)
	}
	if c.Mattermost.URL != "" {
		findings = append(findings, examineMattermost(ctx, c, running)...)
	}
	return findings
}

// examineSlack looks at the app, and the channels that the policy names.
func examineSlack(ctx context.Context, c config.Config, running bool) []Finding {
	o := slackexamine.Options{
		BotToken: c.Slack.BotToken.Reveal(), SigningSecret: c.Slack.SigningSecret.Reveal(), AppToken: c.Slack.AppToken.Reveal(),
		ClientID: c.Slack.ClientID, ClientSecret: c.Slack.ClientSecret.Reveal(), Workspaces: c.Slack.EachWorkspace(),
		APIURL: c.Slack.APIURL, URL: c.URL, Running: running,
	}
	// What is wrong with the policy is said elsewhere.
	if p, err := policy.Load(c.Policy); err == nil {
		o.Channels = []slackexamine.Channel{}
		add := func(places []ticket.Channel, requests bool) {
			for _, place := range places {
				channel := slackexamine.Channel{Workspace: place.Workspace, ID: place.ID, Requests: requests}
				if place.Platform == "slack" && !slices.Contains(o.Channels, channel) {
					o.Channels = append(o.Channels, channel)
				}
			}
		}
		for _, team := range p.Teams {
			add(team.Triage, false)
			add(team.Requests, true)
		}
	}
	var findings []Finding
	for _, f := range slackexamine.Examine(ctx, o) {
		findings = append(findings, Finding{About: "slack", Fine: f.Fine, Problem: f.Problem})
	}
	return findings
}

// examineDiscord looks at the application, and the channels and agents that the policy names.
func examineDiscord(ctx context.Context, c config.Config, running bool) []Finding {
	o := discordexamine.Options{
		Token: c.Discord.Token.Reveal(), ApplicationID: c.Discord.ApplicationID, PublicKey: c.Discord.PublicKey, APIURL: c.Discord.APIURL,
		URL: c.URL, Running: running, Commands: bot.Commands(),
	}
	// What is wrong with the policy is said elsewhere.
	if p, err := policy.Load(c.Policy); err == nil {
		o.Channels = []discordexamine.Channel{}
		add := func(places []ticket.Channel, requests bool, lang string) {
			for _, place := range places {
				channel := discordexamine.Channel{Workspace: place.Workspace, ID: place.ID, Requests: requests}
				known := slices.ContainsFunc(o.Channels, func(c discordexamine.Channel) bool {
					return c.Workspace == channel.Workspace && c.ID == channel.ID && c.Requests == requests
				})
				if place.Platform != "discord" || known {
					continue
				}
				for _, s := range p.Statuses {
					channel.Statuses = append(channel.Statuses, cmp.Or(s.Label.In(lang, p.Languages...), s.ID))
				}
				o.Channels = append(o.Channels, channel)
			}
		}
		for _, team := range p.Teams {
			add(team.Triage, false, cmp.Or(team.Language, p.DefaultLanguage()))
			add(team.Requests, true, "")
			for _, a := range team.Agents {
				agent := discordexamine.Agent{Person: a.Person, Role: a.Group}
				if a.Platform == "discord" && !slices.Contains(o.Agents, agent) {
					o.Agents = append(o.Agents, agent)
				}
			}
		}
	}
	var findings []Finding
	for _, f := range discordexamine.Examine(ctx, o) {
		findings = append(findings, Finding{About: "discord", Fine: f.Fine, Problem: f.Problem})
	}
	return findings
}

// examineMattermost looks at the server and the channels that the policy names on it.
func examineMattermost(ctx context.Context, c config.Config, running bool) []Finding {
	o := mattermostexamine.Options{URL: c.Mattermost.URL, Token: c.Mattermost.Token.Reveal(), Callback: c.URL, Running: running}
	for _, t := range c.Mattermost.EachCommandToken() {
		o.CommandTokens = append(o.CommandTokens, t.Reveal())
	}
	// What is wrong with the policy is said elsewhere.
	if p, err := policy.Load(c.Policy); err == nil {
		o.Channels = []string{}
		for _, team := range p.Teams {
			for _, place := range team.Triage {
				if place.Platform == "mattermost" && !slices.Contains(o.Channels, place.ID) {
					o.Channels = append(o.Channels, place.ID)
				}
			}
		}
	}
	var findings []Finding
	for _, f := range mattermostexamine.Examine(ctx, o) {
		findings = append(findings, Finding{About: "mattermost", Fine: f.Fine, Problem: f.Problem})
	}
	return findings
}

// examineAddress says whether the address can be listened on, and whether a Balie does so already.
func examineAddress(ctx context.Context, c config.Config) (f Finding, running bool) {
	f.About = "address"
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Addr)
	switch {
	case err == nil:
		if err := l.Close(); err != nil {
			f.Problem = fmt.Sprintf("%s can't be given back: %v", c.Addr, err)
			return f, false
		}
		f.Fine = fmt.Sprintf("%s is free; others reach it at %s", c.Addr, c.URL)
	case errors.Is(err, syscall.EADDRINUSE) && answers(ctx, c.Addr):
		f.Fine = c.Addr + " is served by a Balie that is running"
		return f, true
	case errors.Is(err, syscall.EADDRINUSE):
		f.Problem = fmt.Sprintf("another program listens on %s: stop it, or set BALIE_ADDR to another address", c.Addr)
	case errors.Is(err, fs.ErrPermission):
		f.Problem = fmt.Sprintf("this user may not listen on %s: set BALIE_ADDR to a port above 1023", c.Addr)
	default:
		f.Problem = fmt.Sprintf("%s can't be listened on: %v; set BALIE_ADDR to an address of this machine", c.Addr, err)
	}
	return f, false
}

// answers says whether a Balie listens on the address.
func answers(ctx context.Context, addr string) bool {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	ctx, cancel := context.WithTimeout(ctx, examineWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK && resp.Header.Get("Server") == serverName
}

func examineFolder(dir string) Finding {
	f := Finding{About: "data"}
	have := dir
	for {
		info, err := os.Stat(have)
		if err == nil && !info.IsDir() {
			f.Problem = have + " is not a folder: set BALIE_DATA_DIR to one"
			return f
		}
		if err == nil {
			break
		}
		up := filepath.Dir(have)
		if !errors.Is(err, fs.ErrNotExist) || up == have {
			f.Problem = fmt.Sprintf("%s can't be looked at: %v", have, err)
			return f
		}
		have = up
	}
	probe, err := os.CreateTemp(have, ".balie-doctor-")
	if err == nil {
		err = errors.Join(probe.Close(), os.Remove(probe.Name()))
	}
	if err != nil {
		f.Problem = fmt.Sprintf("%s can't be written: let the user that Balie runs as write there, or set BALIE_DATA_DIR to another folder", have)
		return f
	}
	free, err := freeSpace(have)
	switch {
	case err != nil:
		f.Problem = fmt.Sprintf("the free space of %s is unknown: %v", have, err)
	case free < spaceMin:
		f.Problem = fmt.Sprintf("%s has only %s left: free some space, at least %s", have, humanize.IBytes(free), humanize.IBytes(spaceMin))
	case have != dir:
		f.Fine = fmt.Sprintf("%s will be made at the first start; %s are free", dir, humanize.IBytes(free))
	default:
		f.Fine = fmt.Sprintf("%s can be written, %s are free", dir, humanize.IBytes(free))
	}
	return f
}

// examineStore opens the store, if there is one yet, and writes something that it takes back.
func examineStore(ctx context.Context, c config.Config, log logrus.FieldLogger, running bool) Finding {
	f := Finding{About: "store"}
	engine := "MongoDB, database " + c.Mongo.Database
	var s store.Store
	var err error
	if c.Mongo.URI.IsSet() {
		s, err = opened(mongo.Open(ctx, c.Mongo.URI.Reveal(), c.Mongo.Database, mongo.Options{Wait: examineWait, Log: log}))
	} else {
		path := filepath.Join(c.DataDir, StoreFile)
		engine = "SQLite, " + path
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			f.Fine = engine + " will be made at the first start"
			return f
		}
		if running {
			f.Fine = engine + ", in use by the Balie that is running"
			return f
		}
		s, err = OpenStore(ctx, c, log)
	}
	if err != nil {
		f.Problem = err.Error()
		return f
	}
	err = errors.Join(tryStore(ctx, s), s.Close())
	if err != nil {
		f.Problem = fmt.Sprintf("%s: %v", engine, err)
		return f
	}
	f.Fine = engine + ", can be read and written"
	return f
}

// tryStore keeps a record and forgets it again.
func tryStore(ctx context.Context, s store.Store) error {
	if err := s.Ping(ctx); err != nil {
		return err
	}
	r := store.Record{Space: "doctor", ID: ulid.Make().String()}
	if err := s.PutRecord(ctx, r); err != nil {
		return fmt.Errorf("write to the store: %w", err)
	}
	if err := s.DeleteRecord(ctx, r.Space, r.ID); err != nil {
		return fmt.Errorf("write to the store: %w", err)
	}
	return nil
}

func examineSecret(c config.Config) Finding {
	f := Finding{About: "secret", Fine: "BALIE_SECRET is set"}
	switch {
	case c.Secret.IsSet():
	case c.Slack.ClientID != "":
		f.Fine, f.Problem = "", "the tokens of the workspaces that install Balie are encrypted, but the key for that stands beside them in "+
			"the store: set BALIE_SECRET to 32 bytes or more, and have them install it again"
	default:
		f.Fine = "made by Balie and kept in the store"
	}
	return f
}
