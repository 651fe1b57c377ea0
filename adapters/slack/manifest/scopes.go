package manifest

// Scope is a permission of the bot and what it is for.
type Scope struct {
	Name string
	For  string // what does not work without it
}

// Scopes are the permissions that Balie asks for, and no more: each is for something that it calls or listens to.
// https://docs.slack.dev/reference/scopes
var Scopes = []Scope{
	{"commands", "/ticket and the shortcuts"},
	{"chat:write", "posting: cards, answers, the conversation"},
	{"chat:write.customize", "agents' names and pictures on what they answer"},
	{"channels:history", "reading threads in public channels"},
	{"groups:history", "reading threads in private channels, as triage channels often are"},
	{"im:history", "reading what people write to Balie directly"},
	{"mpim:history", "reading threads in group conversations that Balie is in"},
	{"channels:read", "names and members of public channels: who handles tickets"},
	{"groups:read", "names and members of private channels that Balie is in: who handles tickets"},
	{"im:read", "telling direct conversations apart"},
	{"mpim:read", "names and members of group conversations"},
	{"im:write", "writing to people directly"},
	{"users:read", "people's names, pictures, languages and time zones"},
	{"users:read.email", "knowing by their e-mail address that two accounts are one person"},
	{"usergroups:read", "user groups as agents"},
	{"files:read", "taking in files that people attach"},
	{"files:write", "showing a ticket's files on its other side"},
	{"reactions:read", "making a ticket with the reaction :ticket:"},
}

// BotScopes are the names of Scopes.
var BotScopes = func() []string {
	names := make([]string, len(Scopes))
	for i, s := range Scopes {
		names[i] = s.Name
	}
	return names
}()

// BotEvents are the events that Balie hears of. Where the bot is, messages that mention it are among the others.
// https://docs.slack.dev/reference/events
var BotEvents = []string{
	"message.channels", "message.groups", "message.im", "message.mpim", "reaction_added", "reaction_removed",
	"app_home_opened", "app_uninstalled", "tokens_revoked", "user_change",
}
