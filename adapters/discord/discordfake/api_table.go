package discordfake

import "time"

// The limits of routes. Discord doesn't publish them, only that they are in the headers; these are such as were seen.
// https://docs.discord.com/developers/topics/rate-limits
func posting(do func(*call) (answer, *refusal)) route {
	return route{do: do, limit: 5, every: 5 * time.Second, post: true}
}

// changing is what changes something, and the reading of messages, which is as dear.
func changing(do func(*call) (answer, *refusal)) route {
	return route{do: do, limit: 5, every: 5 * time.Second}
}

func reading(do func(*call) (answer, *refusal)) route {
	return route{do: do, limit: 50, every: 10 * time.Second}
}

func rare(do func(*call) (answer, *refusal)) route {
	return route{do: do, limit: 50, every: 5 * time.Minute}
}

// routes are those of the bot, and of nobody in particular. Those of interactions are elsewhere.
func routes() map[string]route {
	return map[string]route{
		"GET /gateway":          {do: getGateway, open: true},
		"GET /gateway/bot":      reading(getGatewayBot),
		"GET /users/@me":        reading(getMe),
		"GET /users/{user}":     reading(getUser),
		"GET /users/@me/guilds": reading(getMyGuilds),
		"POST /users/@me/channels": {
			do: openDirect, limit: 10, every: 10 * time.Second,
		},

		"GET /applications/@me":                                      reading(getApplication),
		"GET /oauth2/applications/@me":                               reading(getApplication),
		"GET /applications/{application}/commands":                   reading(getCommands),
		"PUT /applications/{application}/commands":                   changing(putCommands),
		"GET /applications/{application}/guilds/{guild}/commands":    reading(getCommands),
		"PUT /applications/{application}/guilds/{guild}/commands":    changing(putCommands),
		"GET /guilds/{guild}":                                        reading(getGuild),
		"GET /guilds/{guild}/channels":                               reading(getGuildChannels),
		"GET /guilds/{guild}/roles":                                  reading(getGuildRoles),
		"GET /guilds/{guild}/members":                                reading(getMembers),
		"GET /guilds/{guild}/members/{user}":                         reading(getMember),
		"GET /guilds/{guild}/threads/active":                         reading(getActiveThreads),
		"GET /channels/{channel}":                                    reading(getChannel),
		"PATCH /channels/{channel}":                                  changing(patchChannel),
		"DELETE /channels/{channel}":                                 changing(deleteChannel),
		"POST /channels/{channel}/typing":                            changing(typing),
		"GET /channels/{channel}/messages":                           changing(getMessages),
		"POST /channels/{channel}/messages":                          posting(createMessage),
		"GET /channels/{channel}/messages/{message}":                 reading(getMessage),
		"PATCH /channels/{channel}/messages/{message}":               changing(patchMessage),
		"DELETE /channels/{channel}/messages/{message}":              changing(deleteMessage),
		"POST /channels/{channel}/messages/{message}/threads":        rare(startFromMessage),
		"POST /channels/{channel}/threads":                           rare(startThread),
		"GET /channels/{channel}/threads/archived/public":            reading(getArchived),
		"GET /channels/{channel}/threads/archived/private":           reading(getArchived),
		"GET /channels/{channel}/users/@me/threads/archived/private": reading(getJoinedArchived),
		"GET /channels/{channel}/thread-members":                     reading(getThreadMembers),
		"GET /channels/{channel}/thread-members/{user}":              reading(getThreadMember),
		"PUT /channels/{channel}/thread-members/{user}":              changing(putThreadMember),
		"DELETE /channels/{channel}/thread-members/{user}":           changing(deleteThreadMember),
	}
}
