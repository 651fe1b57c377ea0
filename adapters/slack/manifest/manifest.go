// Package manifest describes Balie as a Slack app: what it is called, what it may do, and where Slack sends what happens.
// Slack makes an app from it. https://docs.slack.dev/reference/app-manifest
package manifest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	slackapi "github.com/slack-go/slack"
)

// The paths below Balie's own address that Slack calls, and those of its installation by OAuth.
const (
	CommandsPath     = "/hooks/slack/commands"
	InteractionsPath = "/hooks/slack/interactions"
	EventsPath       = "/hooks/slack/events"
	InstallPath      = "/slack/install"
	RedirectPath     = "/slack/oauth"
)

// What Slack calls our ways in when somebody uses them.
const (
	Command      = "/ticket"
	CreateTicket = "create_ticket" // the shortcut in a message's menu
	NewTicket    = "new_ticket"    // the one of the whole workspace
)

// NameMax is how many characters an app's name has at most.
const NameMax = 35

// Options are what differs between apps.
type Options struct {
	Name        string // Balie if empty
	Description string // one line, at most 140 characters; Balie's own if empty
	URL         string // Balie's address, as Slack reaches it; needed without Socket, and with OAuth
	Socket      bool   // Socket Mode, else signed HTTP
	OAuth       bool   // several workspaces install it
	Language    string // of what people read: en, which is meant if it is empty, or nl
}

// texts are what people read in Slack's own lists. A shortcut's name has at most 24 characters.
type texts struct {
	about, hint, command  string
	create, createMeaning string
	open, openMeaning     string
}

var languages = map[string]texts{
	"en": {
		about: "The helpdesk: ask for help with /ticket, and follow your ticket in a conversation.",
		hint:  "[what it is about]", command: "Ask the helpdesk: opens a form for a new ticket. “help” shows all commands.",
		create: "Create ticket", createMeaning: "Make a ticket from this message",
		open: "New ticket", openMeaning: "Ask the helpdesk",
	},
	"nl": {
		about: "De helpdesk: vraag hulp met /ticket, en volg je ticket in een gesprek.",
		hint:  "[waar het over gaat]", command: "Vraag het de helpdesk: opent een formulier voor een nieuw ticket. “help” toont alle commando's.",
		create: "Ticket maken", createMeaning: "Maak een ticket van dit bericht",
		open: "Nieuw ticket", openMeaning: "Vraag het de helpdesk",
	},
}

// New is the manifest for the options.
func New(o Options) slackapi.Manifest {
	t, ok := languages[o.Language]
	if !ok {
		t = languages["en"]
	}
	name, address := cmp.Or(o.Name, "Balie"), strings.TrimRight(o.URL, "/")
	at := func(path string) string {
		if o.Socket {
			return "" // Slack verifies addresses that it would not call
		}
		return address + path
	}
	m := slackapi.Manifest{
		Display: slackapi.Display{Name: name, Description: cmp.Or(o.Description, t.about)},
		Features: slackapi.Features{
			AppHome: slackapi.AppHome{HomeTabEnabled: true, MessagesTabEnabled: true},
			BotUser: slackapi.BotUser{DisplayName: name, AlwaysOnline: true},
			Shortcuts: []slackapi.Shortcut{
				{Name: t.create, CallbackID: CreateTicket, Description: t.createMeaning, Type: slackapi.MessageShortcut},
				{Name: t.open, CallbackID: NewTicket, Description: t.openMeaning, Type: slackapi.GlobalShortcut},
			},
			SlashCommands: []slackapi.ManifestSlashCommand{
				// Escaped, people and channels come with their ids.
				{Command: Command, Description: t.command, UsageHint: t.hint, Url: at(CommandsPath), ShouldEscape: true},
			},
		},
		OAuthConfig: slackapi.OAuthConfig{Scopes: slackapi.OAuthScopes{Bot: BotScopes}},
		Settings: slackapi.Settings{
			EventSubscriptions: &slackapi.EventSubscriptions{RequestUrl: at(EventsPath), BotEvents: BotEvents},
			Interactivity: &slackapi.Interactivity{
				IsEnabled: true, RequestUrl: at(InteractionsPath), MessageMenuOptionsUrl: at(InteractionsPath),
			},
			OrgDeployEnabled: true, SocketModeEnabled: o.Socket,
		},
	}
	if o.OAuth {
		m.OAuthConfig.RedirectUrls = []string{address + RedirectPath}
	}
	return m
}

// document is a manifest in the order in which people read it. It says what is off, too, which the library's types leave
// out: an app is made with settings of Slack's choice where nothing is said.
type document struct {
	Display     slackapi.Display     `json:"display_information"`
	Features    features             `json:"features"`
	OAuthConfig slackapi.OAuthConfig `json:"oauth_config"`
	Settings    settings             `json:"settings"`
}

type features struct {
	AppHome appHome `json:"app_home"`
	slackapi.Features
}

type appHome struct {
	HomeTabEnabled             bool `json:"home_tab_enabled"`
	MessagesTabEnabled         bool `json:"messages_tab_enabled"`
	MessagesTabReadOnlyEnabled bool `json:"messages_tab_read_only_enabled"`
}

type settings struct {
	slackapi.Settings
	OrgDeploy     bool `json:"org_deploy_enabled"`
	SocketMode    bool `json:"socket_mode_enabled"`
	TokenRotation bool `json:"token_rotation_enabled"`
}

// JSON is the manifest as Slack's page “From a manifest” takes it.
func JSON(m slackapi.Manifest) ([]byte, error) {
	d := document{Display: m.Display, OAuthConfig: m.OAuthConfig,
		Features: features{AppHome: appHome(m.Features.AppHome), Features: m.Features},
		Settings: settings{Settings: m.Settings, OrgDeploy: m.Settings.OrgDeployEnabled,
			SocketMode: m.Settings.SocketModeEnabled, TokenRotation: m.Settings.TokenRotationEnabled},
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(d); err != nil {
		return nil, fmt.Errorf("write the manifest: %w", err)
	}
	return out.Bytes(), nil
}
