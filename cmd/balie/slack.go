package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"balie/adapters/slack/manifest"
	"balie/internal/config"
)

type slackCommand struct {
	Manifest slackManifestCommand `cmd:"" help:"Print the app's manifest, for Create New App > From a manifest at api.slack.com/apps."`
}

type slackManifestCommand struct {
	Socket   bool   `help:"For Socket Mode, which needs no public address." xor:"transport"`
	HTTP     bool   `name:"http" help:"For signed HTTP requests to BALIE_URL." xor:"transport"`
	URL      string `name:"url" help:"Balie's address as Slack reaches it; BALIE_URL's if left out." placeholder:"URL"`
	Name     string `help:"The app's name, and the bot's." default:"Balie"`
	OAuth    bool   `name:"oauth" help:"For several workspaces that install it by OAuth; implied by SLACK_CLIENT_ID."`
	Language string `help:"Of what people read in Slack's lists of commands and shortcuts." enum:"en,nl" default:"en"`
}

// Run prints the manifest, and on standard error what to do with it.
func (m *slackManifestCommand) Run(with surroundings) error {
	o, err := m.options(with)
	if err != nil {
		return err
	}
	data, err := manifest.JSON(manifest.New(o))
	if err != nil {
		return err
	}
	if err := with.printf("%s", strings.TrimRight(string(data), "\n")); err != nil {
		return err
	}
	for _, line := range nextSteps(o) {
		with.sayf("%s", line)
	}
	return nil
}

// options are the arguments, with what is left out taken from the environment.
func (m *slackManifestCommand) options(with surroundings) (manifest.Options, error) {
	o := manifest.Options{Name: strings.TrimSpace(m.Name), URL: m.URL, Socket: m.Socket, OAuth: m.OAuth, Language: m.Language}
	set := map[string]string{}
	for _, name := range []string{"BALIE_URL", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_CLIENT_ID"} {
		value, err := config.Lookup(with.environ, envFile, name)
		if err != nil {
			return o, err
		}
		set[name] = value
	}
	if o.URL == "" {
		o.URL = set["BALIE_URL"]
	}
	if !m.Socket && !m.HTTP {
		o.Socket = set["SLACK_APP_TOKEN"] != "" || set["SLACK_SIGNING_SECRET"] == ""
	}
	o.OAuth = o.OAuth || set["SLACK_CLIENT_ID"] != ""
	if n := utf8.RuneCountInString(o.Name); n == 0 || n > manifest.NameMax {
		return o, usageError{fmt.Errorf("--name must have 1 to %d characters, not %d", manifest.NameMax, n)}
	}
	switch err := callable(o.URL); {
	case err == nil:
	case !o.Socket:
		return o, usageError{fmt.Errorf("%w; --socket makes an app that needs no public address", err)}
	case o.OAuth:
		return o, usageError{fmt.Errorf("%w: the workspaces that install Balie come by there", err)}
	}
	return o, nil
}

// callable says whether Slack takes the address into a manifest.
func callable(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("--url, or BALIE_URL, must be an https address that Slack reaches, such as https://helpdesk.example.org")
	}
	return nil
}

// nextSteps say where the manifest goes, and which settings come of it.
func nextSteps(o manifest.Options) []string {
	lines := []string{
		"",
		"1. Open https://api.slack.com/apps, choose Create New App > From a manifest, and paste the above as JSON.",
		"   An app that exists already takes it under App Manifest.",
		"2. Install App > Install to Workspace. The Bot User OAuth Token there is SLACK_BOT_TOKEN.",
	}
	if o.Socket {
		lines = append(lines, "3. Basic Information > App-Level Tokens: generate one with connections:write. It is SLACK_APP_TOKEN.")
	} else {
		lines = append(lines, "3. Basic Information > App Credentials: the Signing Secret is SLACK_SIGNING_SECRET. Start Balie, and let Slack verify",
			"   the Request URL under Event Subscriptions.")
	}
	if o.OAuth {
		lines = append(lines, "4. The Client ID and Client Secret there are SLACK_CLIENT_ID and SLACK_CLIENT_SECRET; SLACK_WORKSPACES says who may",
			"   install. Manage Distribution > Activate Public Distribution lets them: at "+strings.TrimRight(o.URL, "/")+manifest.InstallPath)
	}
	return append(lines, "Then look with: balie doctor")
}
