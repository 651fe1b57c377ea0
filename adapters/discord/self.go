package discord

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
)

// The application's flags for intents that have to be switched on.
// https://docs.discord.com/developers/resources/application#application-object-application-flags
const (
	flagMembers        = 1 << 14
	flagMembersLimited = 1 << 15 // of bots in fewer than 100 guilds
	flagContent        = 1 << 18
	flagContentLimited = 1 << 19
)

// wireSelf is what Discord tells the bot of itself.
type wireSelf struct {
	ID          string // of the bot's account
	Application string
	Name        string
	Flags       int
	Endpoint    string // where interactions are sent to over HTTP; empty if they come over the gateway
	Key         string // verifies those, in hexadecimal digits
	Code        bool   // who adds the bot to a server has to go through a sign-in of ours, which there is not
}

func (w wireSelf) mayHearMembers() bool { return w.Flags&(flagMembers|flagMembersLimited) != 0 }
func (w wireSelf) mayHearContent() bool { return w.Flags&(flagContent|flagContentLimited) != 0 }

// self is who the bot is, and what it may hear.
type self struct {
	api *rest

	mu    sync.Mutex
	known wireSelf
	mute  atomic.Bool // the bot is not told what people type
}

func newSelf(api *rest) *self { return &self{api: api} }

// get is what is known of the bot, asking Discord if nothing is.
func (s *self) get(ctx context.Context) (wireSelf, error) {
	s.mu.Lock()
	known := s.known
	s.mu.Unlock()
	if known.ID != "" {
		return known, nil
	}
	return s.ask(ctx)
}

// ask asks Discord anew.
func (s *self) ask(ctx context.Context) (wireSelf, error) {
	var app struct {
		ID       string    `json:"id"`
		Flags    int       `json:"flags"`
		Endpoint string    `json:"interactions_endpoint_url"`
		Key      string    `json:"verify_key"`
		Code     bool      `json:"bot_require_code_grant"`
		Bot      *wireUser `json:"bot"`
	}
	if err := s.api.do(ctx, call{doing: "ask for the application", method: http.MethodGet, path: "/applications/@me", out: &app}); err != nil {
		return wireSelf{}, err
	}
	var bot wireUser
	if app.Bot != nil {
		bot = *app.Bot
	} else if err := s.api.do(ctx, call{doing: "ask for the bot", method: http.MethodGet, path: "/users/@me", out: &bot}); err != nil {
		return wireSelf{}, err
	}
	now := wireSelf{ID: bot.ID, Application: app.ID, Name: bot.Username, Flags: app.Flags, Endpoint: app.Endpoint, Key: app.Key, Code: app.Code}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = now
	s.mute.Store(!now.mayHearContent())
	return now, nil
}

// id is the bot's account; empty as long as it was never known.
func (s *self) id() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known.ID
}

// application is the application's id; empty as long as it was never known.
func (s *self) application() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known.Application
}

// listens notes which of the intents that have to be switched on the gateway has granted.
func (s *self) listens(_, content bool) { s.mute.Store(!content) }

// deaf says whether people's messages come without what they say.
func (s *self) deaf() bool { return s.mute.Load() }
