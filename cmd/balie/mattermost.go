package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"

	"balie/adapters/mattermost/setup"
	"balie/internal/config"
)

// adminTokenVariable holds an admin's token that should not be on the command line.
const adminTokenVariable = "BALIE_MATTERMOST_ADMIN_TOKEN"

type mattermostCommand struct {
	Setup mattermostSetupCommand `cmd:"" help:"Prepare a Mattermost server: bot, token, slash commands, channels. Safe to run again."`
}

type mattermostSetupCommand struct {
	URL            string   `name:"url" help:"The server's address, such as https://chat.example.org; MATTERMOST_URL's if left out." placeholder:"URL"`
	AdminToken     string   `help:"An admin's access token. Better not here, but in BALIE_MATTERMOST_ADMIN_TOKEN or a file: others on this machine see arguments." placeholder:"TOKEN"`
	AdminTokenFile string   `help:"The file that has the admin's token; - for standard input." placeholder:"FILE"`
	CallbackURL    string   `help:"Balie's address as Mattermost reaches it; BALIE_URL's if left out." placeholder:"URL"`
	Team           []string `help:"A team's name, as in its address; may be repeated. All teams if neither teams nor channels are named." placeholder:"NAME" sep:"none"`
	Channel        []string `help:"A triage channel, as in its address; may be repeated." placeholder:"TEAM/NAME" sep:"none"`
	Bot            string   `help:"The bot account's name." default:"balie"`
	Command        string   `help:"The slash command." default:"ticket"`
	ChangeSettings bool     `help:"Change the server's settings where Balie needs it."`
	CreateChannels bool     `help:"Create triage channels that are missing, as private ones."`
	PrivateReplies bool     `help:"Let the bot show people lines that nobody else sees: gives it the role system_post_all with one more permission."`
	Write          string   `help:"Put the settings into this file, such as .env, instead of printing them." placeholder:"FILE"`
}

// Run prepares the server, a line for each thing looked after, and tells the settings to connect with.
func (m *mattermostSetupCommand) Run(with surroundings) error {
	o, err := m.options(with)
	if err != nil {
		return err
	}
	left := 0
	var broken error
	result, err := setup.Run(with.ctx, o, func(s setup.Step) {
		if s.Verdict == setup.ToDo {
			left++
		}
		broken = errors.Join(broken, with.printf("%-8s %-9s %s", s.Verdict, s.About, s.Text))
	})
	if err = errors.Join(err, broken); err != nil {
		return err
	}
	lines := settingsFor(o, result)
	if m.Write == "" {
		err = m.show(with, lines, "Put these lines into .env:")
	} else {
		err = m.write(with, lines)
	}
	hidden, hiding := m.overridden(with, lines)
	left += hidden
	if err = errors.Join(err, hiding, m.tellChannels(with, result.Channels)); err != nil {
		return err
	}
	switch {
	case with.ctx.Err() != nil:
		return with.ctx.Err()
	case left > 0:
		return fmt.Errorf("there is something to do, see above: %s; then run this again", count(left, "thing", "things"))
	}
	return with.printf("\nEverything is in place. Look at it from Balie's side with: balie doctor")
}

// options are the arguments, with what is left out taken from the environment.
func (m *mattermostSetupCommand) options(with surroundings) (setup.Options, error) {
	o := setup.Options{Bot: m.Bot, Trigger: m.Command, Teams: m.Team, Channels: m.Channel,
		ChangeSettings: m.ChangeSettings, CreateChannels: m.CreateChannels, PrivateReplies: m.PrivateReplies}
	var err error
	if o.URL, err = m.setting(with, m.URL, "MATTERMOST_URL"); err != nil {
		return o, err
	}
	if o.Callback, err = m.setting(with, m.CallbackURL, "BALIE_URL"); err != nil {
		return o, err
	}
	for _, a := range []struct{ flag, variable, value, example string }{
		{"--url", "MATTERMOST_URL", o.URL, "https://chat.example.org"},
		{"--callback-url", "BALIE_URL", o.Callback, "https://helpdesk.example.org"},
	} {
		u, err := url.Parse(a.value)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return o, usageError{fmt.Errorf("%s, or %s, must be an address such as %s", a.flag, a.variable, a.example)}
		}
	}
	for _, c := range o.Channels {
		if team, channel, ok := strings.Cut(c, "/"); !ok || team == "" || channel == "" || strings.Contains(channel, "/") {
			return o, usageError{fmt.Errorf("--channel must be TEAM/NAME as in the channel's address, not %q", c)}
		}
	}
	if !regexp.MustCompile(`^/?[A-Za-z0-9_.-][A-Za-z0-9_./-]*$`).MatchString(o.Trigger) || len(o.Trigger) > 128 {
		return o, usageError{fmt.Errorf("--command must be one word such as ticket, not %q", o.Trigger)}
	}
	if !regexp.MustCompile(`^[a-z][a-z0-9_.-]{0,63}$`).MatchString(o.Bot) {
		return o, usageError{fmt.Errorf("--bot must be a name of small letters, digits, -, _ and ., such as balie, not %q", o.Bot)}
	}
	if o.Token, err = m.setting(with, "", "MATTERMOST_TOKEN"); err != nil {
		return o, err
	}
	tokens, err := m.setting(with, "", "MATTERMOST_COMMAND_TOKENS")
	if err != nil {
		return o, err
	}
	for _, t := range (config.Mattermost{CommandTokens: config.NewSecret(tokens)}).EachCommandToken() {
		o.CommandTokens = append(o.CommandTokens, t.Reveal())
	}
	o.AdminToken, err = m.adminToken(with)
	return o, err
}

// setting is what the flag says, else the file to write, else the environment.
func (m *mattermostSetupCommand) setting(with surroundings, flag, name string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	if m.Write != "" {
		if value, err := config.Lookup(nil, m.Write, name); err != nil || value != "" {
			return value, err
		}
	}
	return config.Lookup(with.environ, envFile, name)
}

// adminToken is the token from the one place that has it.
func (m *mattermostSetupCommand) adminToken(with surroundings) (string, error) {
	token := m.AdminToken
	if m.AdminTokenFile != "" {
		if token != "" {
			return "", usageError{errors.New("--admin-token and --admin-token-file are both there: leave one out")}
		}
		var data []byte
		var err error
		if m.AdminTokenFile == "-" {
			data, err = io.ReadAll(io.LimitReader(os.Stdin, 1<<10))
		} else {
			data, err = os.ReadFile(m.AdminTokenFile)
		}
		if err != nil {
			return "", fmt.Errorf("read the admin's token: %w", err)
		}
		token = string(data)
	}
	for _, kv := range with.environ {
		if value, ok := strings.CutPrefix(kv, adminTokenVariable+"="); ok && token == "" {
			token = value
		}
	}
	switch token = strings.TrimSpace(token); {
	case token == "":
		return "", usageError{fmt.Errorf("an admin's token is needed: in %s, or with --admin-token-file; "+
			"it is made in Mattermost under Profile > Security > Personal Access Tokens", adminTokenVariable)}
	case strings.ContainsAny(token, " \t\r\n"):
		return "", usageError{errors.New("the admin's token must be one word")}
	}
	return token, nil
}

// settingsFor are Balie's own settings, in the order of .env.example.
func settingsFor(o setup.Options, r setup.Result) []envLine {
	lines := []envLine{{"BALIE_URL", strings.TrimRight(o.Callback, "/")}, {"MATTERMOST_URL", strings.TrimRight(o.URL, "/")}}
	if r.Token != "" {
		lines = append(lines, envLine{"MATTERMOST_TOKEN", r.Token})
	}
	if len(r.CommandTokens) > 0 {
		lines = append(lines, envLine{"MATTERMOST_COMMAND_TOKENS", strings.Join(r.CommandTokens, ",")})
	}
	return lines
}

func (m *mattermostSetupCommand) show(with surroundings, lines []envLine, title string) error {
	err := with.printf("\n%s", title)
	for _, l := range lines {
		err = errors.Join(err, with.printf("%s", l))
	}
	return err
}

// write merges the settings into the file. If that fails they are printed, since nobody tells the tokens a second time.
func (m *mattermostSetupCommand) write(with surroundings, lines []envLine) error {
	changed, err := mergeEnv(m.Write, lines)
	switch {
	case err != nil:
		return errors.Join(m.show(with, lines, m.Write+" could not be written. Keep these lines:"), err)
	case len(changed) == 0:
		return with.printf("%-8s %-9s %s has everything", setup.Found, "settings", m.Write)
	}
	return with.printf("%-8s %-9s %s has %s now", setup.Changed, "settings", m.Write, strings.Join(changed, ", "))
}

// overridden says which of the lines have no effect in the file, because the process has another value.
func (m *mattermostSetupCommand) overridden(with surroundings, lines []envLine) (n int, err error) {
	for _, l := range lines {
		value, wrong := config.Lookup(with.environ, "", l.name)
		if err = errors.Join(err, wrong); m.Write == "" || value == "" || strings.TrimRight(value, "/") == l.value {
			continue
		}
		n++
		err = errors.Join(err, with.printf("%-8s %-9s %s of the process goes before %s: take it away, or set it to the "+
			"same", setup.ToDo, "settings", l.name, m.Write))
	}
	return n, err
}

// tellChannels says what the policy needs to know of the triage channels.
func (m *mattermostSetupCommand) tellChannels(with surroundings, channels []setup.Channel) error {
	if len(channels) == 0 {
		return nil
	}
	err := with.printf("\nName the triage channel in the policy, under teams.….channels:")
	for _, c := range channels {
		err = errors.Join(err, with.printf("      mattermost: %s  # %s", c.ID, c.Name))
	}
	return err
}
