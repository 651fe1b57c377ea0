package discord

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/sirupsen/logrus"

	"balie/adapters/upstream"
	"balie/internal/chat"
)

// InteractionPath is where Discord sends interactions over HTTP, below Balie's own address.
const InteractionPath = "/hooks/" + Name + interactionPath

// Client asks Discord about the bot, for admins. It changes nothing.
type Client struct{ d *Discord }

// NewClient makes one for the bot of a token; api is where the REST API is, Discord's own if empty.
func NewClient(api, token string) (*Client, error) {
	r, err := newREST(api, token)
	if err != nil {
		return nil, fmt.Errorf("discord: %w", err)
	}
	silent := logrus.New()
	silent.SetOutput(io.Discard)
	d := &Discord{opts: Options{Token: token, APIURL: api}, log: silent, api: r, self: newSelf(r)}
	d.places, d.people = newPlaces(d), newPeople(d)
	return &Client{d}, nil
}

// Close lets go of the connections.
func (c *Client) Close() { c.d.api.close() }

// Ahead is how far Discord's clock is ahead of ours, to a second or so, as of the last answer.
func (c *Client) Ahead() time.Duration { return time.Duration(c.d.api.ahead.Load()) * time.Millisecond }

// patience is how long somebody may be made to wait for a limit.
const patience = 10 * time.Second

// patiently asks again where a limit of Discord's was in the way.
func patiently(ctx context.Context, ask func() error) error {
	for {
		err := ask()
		_, limited := errors.AsType[*discordgo.RateLimitError](err)
		sent, _ := errors.AsType[*chat.SendError](err)
		if sent == nil || !limited && !errors.Is(err, errTooEarly) || sent.Retry > patience {
			return err
		}
		if upstream.Pause(ctx, sent.Retry) != nil {
			return err
		}
	}
}

// Refused says how Discord refused a call: the HTTP status, and its own code; each is 0 if there is none.
func Refused(err error) (status, code int) { return statusOf(err), codeOf(err) }

// Why is what is behind an error, in a few words without secrets.
func Why(err error) string {
	if f, ok := errors.AsType[*failure](err); ok {
		return scrub(f.what())
	}
	return scrub(err.Error())
}

// Application is what Discord tells of the bot's application.
type Application struct {
	ID       string
	BotID    string
	Bot      string // the bot's name
	Members  bool   // the Server Members Intent is switched on
	Content  bool   // the Message Content Intent is switched on
	Endpoint string // where interactions are sent to over HTTP; empty if they come over the gateway
	Key      string // the public key that they are verified with
	Code     bool   // it can't be added to servers without a sign-in, which Balie has none of
}

// Application asks for the application that the token is of.
func (c *Client) Application(ctx context.Context) (Application, error) {
	var me wireSelf
	err := patiently(ctx, func() (err error) {
		me, err = c.d.self.ask(ctx)
		return err
	})
	return Application{
		ID: me.Application, BotID: me.ID, Bot: me.Name, Members: me.mayHearMembers(), Content: me.mayHearContent(), Endpoint: me.Endpoint,
		Key: me.Key, Code: me.Code,
	}, err
}

// Guild is a server that the bot is in.
type Guild struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Guilds asks for the servers that the bot is in.
func (c *Client) Guilds(ctx context.Context) ([]Guild, error) {
	var all []Guild
	for after := "0"; ; {
		var page []Guild
		err := patiently(ctx, func() error {
			return c.d.api.do(ctx, call{doing: "list the bot's servers", method: http.MethodGet, path: "/users/@me/guilds",
				query: url.Values{"limit": {strconv.Itoa(guildsPage)}, "after": {after}}, out: &page})
		})
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < guildsPage {
			return all, nil
		}
		after = page[len(page)-1].ID
	}
}

// Channel is one that the policy names.
type Channel struct {
	Name        string
	Guild       string // empty of a direct conversation
	Kind        string // for people, such as "a voice channel"
	Text, Forum bool
	Tags        []string // of a forum
	TagNeeded   bool     // a forum's posts need one
	Lacks       []string // permissions that the bot needs there, as Discord's settings call them
}

// flagTagNeeded says that a forum's posts need a tag.
// https://docs.discord.com/developers/resources/channel#channel-object-channel-flags
const flagTagNeeded = 1 << 4

// Channel asks for a channel, and for what the bot lacks there to post cards, or to have conversations with requesters.
func (c *Client) Channel(ctx context.Context, id string, requests bool) (Channel, error) {
	var w wireChannel
	err := patiently(ctx, func() (err error) {
		w, err = c.d.places.fresh(ctx, id)
		return err
	})
	if err != nil {
		return Channel{}, err
	}
	out := Channel{
		Name: oneLine(w.Name, threadMax), Guild: w.GuildID, Kind: kindOf(w), Text: w.Type == textChannel, Forum: w.Type == forumChannel,
		TagNeeded: w.Flags&flagTagNeeded != 0,
	}
	for _, t := range w.Tags {
		out.Tags = append(out.Tags, t.Name)
	}
	if !out.Text && !out.Forum {
		return out, nil
	}
	need := Needs(requests)
	if out.Forum {
		need &^= permPublicThread // a forum has Create Posts for that
	}
	err = patiently(ctx, func() error {
		have, err := c.d.mine(ctx, w)
		out.Lacks = Lacking(have, need)
		return err
	})
	return out, err
}

// kindOf is a channel's kind, for people.
// https://docs.discord.com/developers/resources/channel#channel-object-channel-types
func kindOf(w wireChannel) string {
	kinds := map[int]string{
		textChannel: "a text channel", directChannel: "a direct conversation", 2: "a voice channel", 4: "a category", newsChannel: "an announcement channel",
		13: "a stage channel", forumChannel: "a forum", mediaChannel: "a media channel",
	}
	if w.isThread() {
		return "a thread"
	}
	if kind, ok := kinds[w.Type]; ok {
		return kind
	}
	return "of an unknown kind"
}

// Starts are the sessions that the bot may still begin on the gateway.
// https://docs.discord.com/developers/events/gateway#session-start-limit-object
type Starts struct {
	URL         string // where the gateway is
	Left, Total int
	Again       time.Duration // until they are Total again
}

// Gateway asks where the gateway is, and how many sessions may be begun.
func (c *Client) Gateway(ctx context.Context) (Starts, error) {
	var bot discordgo.GatewayBotResponse
	err := patiently(ctx, func() error {
		return c.d.api.do(ctx, call{doing: "ask for the gateway", method: http.MethodGet, path: "/gateway/bot", out: &bot})
	})
	limit := bot.SessionStartLimit
	return Starts{URL: bot.URL, Left: limit.Remaining, Total: limit.Total, Again: time.Duration(limit.ResetAfter) * time.Millisecond}, err
}
