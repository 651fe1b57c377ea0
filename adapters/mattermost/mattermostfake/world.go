package mattermostfake

import (
	"time"

	"github.com/mattermost/mattermost/server/public/model"
)

// world is all that the server knows. What is in it is replaced, never changed, once it was handed out; answers are
// encoded before the lock is given up.
type world struct {
	config    *model.Config
	roles     map[string]*model.Role
	users     map[string]*account
	sessions  map[string]*session // by token
	tokens    map[string]*model.UserAccessToken
	bots      map[string]*model.Bot
	teams     map[string]*model.Team
	inTeam    map[string]map[string]*model.TeamMember // team, user
	channels  map[string]*model.Channel
	inChannel map[string]map[string]*model.ChannelMember // channel, user
	posts     map[string]*model.Post
	order     map[string][]string // post ids of a channel, as they came
	thread    map[string][]string // replies' ids of a root post
	reactions map[string][]*model.Reaction
	files     map[string]*upload
	commands  map[string]*model.Command
	hooks     map[string]*responseURL
	pending   map[string]*pendingPost
	prefs     map[string]map[string]model.Preference // user, category/name
	viewed    map[string]int64
}

// account is a user with what others don't see.
type account struct {
	*model.User
	password string
	picture  []byte
}

// session is somebody who is logged in, or an access token.
type session struct {
	id, token, userID, tokenID string
	expires                    int64 // milliseconds; 0 is never
}

// upload is a file.
type upload struct {
	info *model.FileInfo
	data []byte
}

// responseURL is where late answers to a command go.
type responseURL struct {
	command, userID, channelID, rootID string
	made                               time.Time
	used                               int
}

// pendingPost is a post that was made, or is being made, under an id that the client chose.
type pendingPost struct {
	postID string // "" while it is being made
	made   time.Time
}

func newWorld() world {
	w := world{
		config: &model.Config{}, roles: map[string]*model.Role{}, users: map[string]*account{},
		sessions: map[string]*session{}, tokens: map[string]*model.UserAccessToken{}, bots: map[string]*model.Bot{},
		teams: map[string]*model.Team{}, inTeam: map[string]map[string]*model.TeamMember{},
		channels: map[string]*model.Channel{}, inChannel: map[string]map[string]*model.ChannelMember{},
		posts: map[string]*model.Post{}, order: map[string][]string{}, thread: map[string][]string{},
		reactions: map[string][]*model.Reaction{}, files: map[string]*upload{},
		commands: map[string]*model.Command{}, hooks: map[string]*responseURL{}, pending: map[string]*pendingPost{},
		prefs: map[string]map[string]model.Preference{}, viewed: map[string]int64{},
	}
	w.config.SetDefaults()
	yes := true
	settings := &w.config.ServiceSettings
	settings.EnableBotAccountCreation = &yes
	settings.EnableUserAccessTokens = &yes
	settings.EnablePostUsernameOverride = &yes
	settings.EnablePostIconOverride = &yes
	settings.EnableDeveloper = &yes
	for name, r := range model.MakeDefaultRoles() {
		r.Id = model.NewId()
		w.roles[name] = r
	}
	return w
}
