package app

import "balie/internal/config"

// Network is a chat network that Balie is made for.
type Network struct {
	Name  string
	By    string // what connects it
	Asked bool   // the environment asks for it
}

// Networks are those that the environment can ask for. None of them can be connected by this version.
func Networks(c config.Config) []Network {
	return []Network{
		{"Slack", "SLACK_BOT_TOKEN with SLACK_APP_TOKEN or SLACK_SIGNING_SECRET", c.Slack.BotToken.IsSet()},
		{"Discord", "DISCORD_TOKEN", c.Discord.Token.IsSet()},
		{"Mattermost", "MATTERMOST_URL with MATTERMOST_TOKEN", c.Mattermost.URL != ""},
		{"E-mail", "EMAIL_IMAP_URL with EMAIL_SMTP_URL and EMAIL_FROM", c.Email.IMAP.IsSet()},
	}
}
