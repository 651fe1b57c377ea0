package config

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// table is every variable that Balie reads. A check's message is what follows the variable's name; those of secrets
// don't quote what was given.
var table = []Variable{
	{"BALIE_ADDR", "Where HTTP listens.", "127.0.0.1:8080", false, plain(func(c *Config) *string { return &c.Addr }, address)},
	{"BALIE_URL", "How others reach it: links and callbacks begin with it. Without it http:// and the address.", "", false, webURL(func(c *Config) *string { return &c.URL })},
	{"BALIE_POLICY", "The policy file.", "helpdesk.yaml", false, plain(func(c *Config) *string { return &c.Policy })},
	{"BALIE_DATA_DIR", "The folder of the embedded store.", "data", false, plain(func(c *Config) *string { return &c.DataDir })},
	{"BALIE_SECRET", "Key for what Balie signs, 32 bytes or more. Without it one is made and kept in the store.", "", true, secret(func(c *Config) *Secret { return &c.Secret }, long)},
	{"MONGODB_URI", "MongoDB to use instead of the embedded store.", "", true, secret(func(c *Config) *Secret { return &c.Mongo.URI }, schemes("mongodb", "mongodb+srv"))},
	{"MONGODB_DATABASE", "The name of its database.", "balie", false, plain(func(c *Config) *string { return &c.Mongo.Database }, database)},
	{"SLACK_BOT_TOKEN", "Slack: the bot's token (xoxb-…).", "", true, secret(func(c *Config) *Secret { return &c.Slack.BotToken }, slackToken("xoxb-", ""))},
	{"SLACK_SIGNING_SECRET", "Slack: the signing secret, when Slack calls us over HTTP.", "", true, secret(func(c *Config) *Secret { return &c.Slack.SigningSecret }, slackToken("", "the signing secret"))},
	{"SLACK_APP_TOKEN", "Slack: the app-level token (xapp-…), for Socket Mode.", "", true, secret(func(c *Config) *Secret { return &c.Slack.AppToken }, slackToken("xapp-", ""))},
	{"SLACK_CLIENT_ID", "Slack: the app's client id, when several workspaces install it.", "", false, plain(func(c *Config) *string { return &c.Slack.ClientID }, clientID)},
	{"SLACK_CLIENT_SECRET", "Slack: the app's client secret, when several workspaces install it.", "", true, secret(func(c *Config) *Secret { return &c.Slack.ClientSecret }, slackToken("", "the client secret"))},
	{"SLACK_WORKSPACES", "Slack: the ids of the workspaces (T…) and organizations (E…) that may install it, with commas between them.", "", false, plain(func(c *Config) *string { return &c.Slack.Workspaces }, workspaces)},
	{"SLACK_API_URL", "Slack's Web API, if not Slack's own.", "", false, webURL(func(c *Config) *string { return &c.Slack.APIURL })},
	{"DISCORD_TOKEN", "Discord: the bot's token.", "", true, secret(func(c *Config) *Secret { return &c.Discord.Token })},
	{"DISCORD_APPLICATION_ID", "Discord: the application's id, a number.", "", false, plain(func(c *Config) *string { return &c.Discord.ApplicationID }, digits)},
	{"DISCORD_PUBLIC_KEY", "Discord: the application's public key, when interactions come over HTTP.", "", false, plain(func(c *Config) *string { return &c.Discord.PublicKey }, publicKey)},
	{"DISCORD_API_URL", "Discord's REST API, if not Discord's own; the gateway's address comes from it.", "", false, webURL(func(c *Config) *string { return &c.Discord.APIURL })},
	{"MATTERMOST_URL", "Mattermost: your server's address.", "", false, webURL(func(c *Config) *string { return &c.Mattermost.URL })},
	{"MATTERMOST_TOKEN", "Mattermost: the bot account's access token.", "", true, secret(func(c *Config) *Secret { return &c.Mattermost.Token })},
	{"MATTERMOST_COMMAND_TOKENS", "Mattermost: the slash commands' tokens, one a team, with commas between them.", "", true, secret(func(c *Config) *Secret { return &c.Mattermost.CommandTokens }, tokens)},
	{"EMAIL_IMAP_URL", "E-mail: the mailbox to read, imaps://user:password@host.", "", true, secret(func(c *Config) *Secret { return &c.Email.IMAP }, schemes("imap", "imaps"))},
	{"EMAIL_SMTP_URL", "E-mail: the server to send through, smtps://user:password@host.", "", true, secret(func(c *Config) *Secret { return &c.Email.SMTP }, schemes("smtp", "smtps"))},
	{"EMAIL_FROM", "E-mail: the address to send from.", "", false, plain(func(c *Config) *string { return &c.Email.From }, mailbox)},
	{"LOG_LEVEL", "The least that is logged: debug, info, warn or error.", "info", false, plain(func(c *Config) *string { return &c.LogLevel }, oneOf("debug", "info", "warn", "error"))},
	{"LOG_FORMAT", "text or json. Without it text on a terminal, else json.", "", false, plain(func(c *Config) *string { return &c.LogFormat }, oneOf("text", "json"))},
}

type check = func(string) error

func plain(to func(*Config) *string, checks ...check) func(*Config, string) error {
	return func(c *Config, s string) error {
		for _, check := range checks {
			if err := check(s); err != nil {
				return err
			}
		}
		*to(c) = s
		return nil
	}
}

func secret(to func(*Config) *Secret, checks ...check) func(*Config, string) error {
	return func(c *Config, s string) error {
		if strings.ContainsAny(s, "\r\n") {
			return errors.New("must be one line")
		}
		for _, check := range checks {
			if err := check(s); err != nil {
				return err
			}
		}
		*to(c) = NewSecret(s)
		return nil
	}
}

// webURL takes an http or https address and drops the slash at its end.
func webURL(to func(*Config) *string) func(*Config, string) error {
	return func(c *Config, s string) error {
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
			return fmt.Errorf("must be an address such as https://helpdesk.example.org, not %q", s)
		}
		if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return errors.New("must be a bare address such as https://helpdesk.example.org, without password, ? or #")
		}
		*to(c) = strings.TrimRight(s, "/")
		return nil
	}
}

func address(s string) error {
	_, port, err := net.SplitHostPort(s)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("must be a host and a port such as 127.0.0.1:8080, or :8080 for every address, not %q", s)
	}
	return nil
}

func long(s string) error {
	if len(s) < 32 {
		return fmt.Errorf("must be at least 32 bytes long and has %d; make one with: openssl rand -hex 32", len(s))
	}
	return nil
}

// schemes accepts URLs that may hold a password and so are never quoted, not even by an error of package url.
func schemes(allowed ...string) check {
	return func(s string) error {
		u, err := url.Parse(s)
		switch {
		case slices.ContainsFunc(allowed, func(a string) bool { return strings.HasPrefix(s, a+"://") }) && err != nil:
			// MongoDB's lists of hosts are no proper URLs, and its driver says what is wrong with them.
			if strings.HasPrefix(s, "mongodb") {
				return nil
			}
			return errors.New("can't be read as a URL; write characters such as @, / and % in the password as %40, %2F and %25")
		case err != nil || !slices.Contains(allowed, u.Scheme) || u.Host == "":
			return fmt.Errorf("must begin with %s:// and name a host", strings.Join(allowed, ":// or "))
		}
		return nil
	}
}

var databasePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,38}$`)

func database(s string) error {
	if !databasePattern.MatchString(s) {
		return fmt.Errorf("must be 1 to 38 letters, digits, - or _, such as balie, not %q", s)
	}
	return nil
}

// slackToken notices a token in the place of another one, or of the secret, which Slack's look-alike names invite.
func slackToken(own, secret string) check {
	return func(s string) error {
		for prefix, name := range map[string]string{"xoxb-": "a bot token", "xapp-": "an app-level token", "xoxp-": "a user token"} {
			if prefix != own && strings.HasPrefix(s, prefix) {
				if own == "" {
					return fmt.Errorf("is %s (%s…): %s is under Basic Information", name, prefix, secret)
				}
				return fmt.Errorf("is %s (%s…), but must begin with %s", name, prefix, own)
			}
		}
		return nil
	}
}

var clientIDPattern = regexp.MustCompile(`^[0-9]+\.[0-9]+$`)

func clientID(s string) error {
	if !clientIDPattern.MatchString(s) {
		return fmt.Errorf("must be two numbers with a dot, such as 1234567890.1234567890123, as Basic Information shows it, not %q", s)
	}
	return nil
}

var workspacePattern = regexp.MustCompile(`^[TE][A-Z0-9]{2,}$`)

// workspaces accepts ids with commas between them.
func workspaces(s string) error {
	for _, id := range strings.Split(s, ",") {
		if id = strings.TrimSpace(id); !workspacePattern.MatchString(id) {
			return fmt.Errorf("must be ids such as T0123456789 or E0123456789 with commas between them, not %q; "+
				"a workspace's is in its address in the browser: https://app.slack.com/client/T…", id)
		}
	}
	return nil
}

// tokens accepts words with commas between them.
func tokens(s string) error {
	for _, token := range strings.Split(s, ",") {
		switch token = strings.TrimSpace(token); {
		case token == "":
			return errors.New("has an empty token: put one comma between two tokens")
		case strings.ContainsAny(token, " \t;"):
			return errors.New("must have commas between the tokens, such as abc,def")
		}
	}
	return nil
}

func digits(s string) error {
	if _, err := strconv.ParseUint(s, 10, 64); err != nil {
		return fmt.Errorf("must be a number such as 123456789012345678, not %q", s)
	}
	return nil
}

func publicKey(s string) error {
	if b, err := hex.DecodeString(s); err != nil || len(b) != 32 {
		return errors.New("must be 64 hexadecimal digits, as the application's General Information shows them")
	}
	return nil
}

func mailbox(s string) error {
	if _, err := mail.ParseAddress(s); err != nil {
		return fmt.Errorf("must be an address such as helpdesk@example.org or Helpdesk <helpdesk@example.org>, not %q", s)
	}
	return nil
}
