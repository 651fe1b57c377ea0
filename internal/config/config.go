// Package config reads the program's environment into one checked struct. Every name, default and check stands in one
// table, from which .env.example and the documentation are tested.
package config

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// Config is the environment. A platform without its tokens is simply not connected.
type Config struct {
	Addr    string // host:port to listen on
	URL     string // how others reach it, without a slash at the end
	Policy  string // file
	DataDir string // folder of the embedded store
	Secret  Secret // key for what we sign; none if the store should keep one

	Mongo      Mongo
	Slack      Slack
	Discord    Discord
	Mattermost Mattermost
	Email      Email

	LogLevel  string // debug, info, warn or error
	LogFormat string // text or json; empty for text on a terminal and else json
}

// Mongo is the database, which is used if URI is set.
type Mongo struct {
	URI      Secret
	Database string
}

// Slack is connected if BotToken is set, or with ClientID and ClientSecret where workspaces install it by OAuth: by Socket
// Mode with AppToken, over HTTP with SigningSecret.
type Slack struct {
	BotToken      Secret
	SigningSecret Secret
	AppToken      Secret
	ClientID      string
	ClientSecret  Secret
	Workspaces    string // that may install it: see EachWorkspace
	APIURL        string // empty for Slack's own
}

// Asked says whether Slack is to be connected.
func (s Slack) Asked() bool { return s.BotToken.IsSet() || s.ClientID != "" }

// EachWorkspace are the ids in Workspaces, of workspaces (T…) and of whole organizations (E…).
func (s Slack) EachWorkspace() []string { return split(s.Workspaces) }

// Discord is connected if Token is set; with PublicKey interactions may come over HTTP.
type Discord struct {
	Token         Secret
	ApplicationID string
	PublicKey     string // hexadecimal
	APIURL        string // empty for Discord's own
}

// Mattermost is connected if URL and Token are set.
type Mattermost struct {
	URL           string
	Token         Secret
	CommandTokens Secret // of the slash commands, one a team: see EachCommandToken
}

// EachCommandToken are the tokens in CommandTokens.
func (m Mattermost) EachCommandToken() []Secret {
	var out []Secret
	for _, token := range split(m.CommandTokens.Reveal()) {
		out = append(out, NewSecret(token))
	}
	return out
}

// split are the words between the commas.
func split(s string) []string {
	var out []string
	for word := range strings.SplitSeq(s, ",") {
		if word = strings.TrimSpace(word); word != "" {
			out = append(out, word)
		}
	}
	return out
}

// Email is a mailbox to read and a server to send through.
type Email struct {
	IMAP Secret // a URL with the password
	SMTP Secret // a URL with the password
	From string // an address, perhaps with a name
}

// Error is what is wrong with one variable. It never quotes a secret.
type Error struct {
	Name    string
	Message string // what would be right
}

func (e *Error) Error() string { return e.Name + ": " + e.Message }

// Warning is something odd that keeps nothing from working, such as a name that nobody reads.
type Warning struct {
	Name    string
	Message string
}

func (w Warning) String() string { return w.Name + ": " + w.Message }

// Load reads the process's environment, as os.Environ gives it, and the file envFile, which need not exist and never
// overrides the process. The error joins everything that is wrong, as *Error where it is about a variable.
func Load(environ []string, envFile string) (Config, []Warning, error) {
	src, err := sources(environ, envFile)
	if err != nil {
		return Config{}, nil, err
	}
	var (
		c    Config
		errs []error
	)
	for _, v := range table {
		text, err := src.value(v)
		if err == nil && text == "" {
			text = v.Default
		}
		if err == nil && text != "" {
			err = v.set(&c, text)
		}
		if err != nil {
			errs = append(errs, &Error{v.Name, err.Error()})
		}
	}
	c.complete()
	for _, e := range c.inconsistencies() {
		errs = append(errs, e)
	}
	if len(errs) > 0 {
		return Config{}, src.warnings(), errors.Join(errs...)
	}
	return c, src.warnings(), nil
}

// complete fills in what follows from other values.
func (c *Config) complete() {
	if c.URL != "" || c.Addr == "" {
		return
	}
	host, port, err := net.SplitHostPort(c.Addr)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		c.URL = "http://" + net.JoinHostPort("localhost", port)
		return
	}
	c.URL = "http://" + c.Addr
}

// inconsistencies are variables that need each other and aren't all there.
func (c *Config) inconsistencies() []*Error {
	var out []*Error
	need := func(has bool, name, because string) {
		if !has {
			out = append(out, &Error{name, "is missing: " + because})
		}
	}
	s := c.Slack
	install := s.ClientID != "" || s.ClientSecret.IsSet() || s.Workspaces != ""
	if install {
		const because = "workspaces install Balie only where SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and SLACK_WORKSPACES are all there; "
		need(s.ClientID != "", "SLACK_CLIENT_ID", because+"it is under Basic Information > App Credentials")
		need(s.ClientSecret.IsSet(), "SLACK_CLIENT_SECRET", because+"it is under Basic Information > App Credentials")
		need(s.Workspaces != "", "SLACK_WORKSPACES", because+"name the ids of those that may, such as T0123456789")
	}
	switch transport := s.AppToken.IsSet() || s.SigningSecret.IsSet(); {
	case install || s.BotToken.IsSet():
		need(transport, "SLACK_APP_TOKEN", "Slack needs it for Socket Mode, or SLACK_SIGNING_SECRET for HTTP")
	case transport:
		need(false, "SLACK_BOT_TOKEN", "Slack's other settings are there; it is the token that begins with xoxb-")
	}
	if c.Discord.ApplicationID != "" || c.Discord.PublicKey != "" {
		need(c.Discord.Token.IsSet(), "DISCORD_TOKEN", "Discord's other settings are there; it is the bot's token")
	}
	if c.Mattermost.URL != "" || c.Mattermost.Token.IsSet() || c.Mattermost.CommandTokens.IsSet() {
		need(c.Mattermost.URL != "", "MATTERMOST_URL", "Mattermost's other settings are there; write your server's address, such as https://chat.example.org")
		need(c.Mattermost.Token.IsSet(), "MATTERMOST_TOKEN", "Mattermost's other settings are there; it is the bot account's access token")
	}
	if c.Email.IMAP.IsSet() || c.Email.SMTP.IsSet() || c.Email.From != "" {
		need(c.Email.IMAP.IsSet(), "EMAIL_IMAP_URL", "e-mail needs a mailbox to read, such as imaps://user:password@mail.example.org")
		need(c.Email.SMTP.IsSet(), "EMAIL_SMTP_URL", "e-mail needs a server to send through, such as smtps://user:password@mail.example.org")
		need(c.Email.From != "", "EMAIL_FROM", "e-mail needs the address to send from, such as helpdesk@example.org")
	}
	return out
}

// Variable is one row of the table that drives all this.
type Variable struct {
	Name    string
	Meaning string
	Default string
	Secret  bool // may be given as NAME_FILE instead, and is never shown
	set     func(*Config, string) error
}

// Variables are all that is read, in the order of the documentation.
func Variables() []Variable { return append([]Variable(nil), table...) }

// oneOf accepts some words.
func oneOf(words ...string) func(string) error {
	return func(s string) error {
		for _, w := range words {
			if s == w {
				return nil
			}
		}
		return fmt.Errorf("must be one of %s, not %q", strings.Join(words, ", "), s)
	}
}
