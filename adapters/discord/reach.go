package discord

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// fileHost is where Discord keeps what people attach.
const fileHost = "cdn.discordapp.com"

// Greeted opens a connection to the gateway at a URL, and waits for its greeting. No session is begun, so it counts towards
// no limit of those.
func (c *Client) Greeted(ctx context.Context, at string) error {
	address, err := (&gateway{Discord: c.d}).address(at)
	if err != nil {
		return err
	}
	conn, err := dial(ctx, address, callMax)
	if err != nil {
		return err
	}
	defer conn.close()
	return conn.greeting(callMax)
}

// Files asks the host that files are fetched from, for one that there is not. It says which host that is, and with which HTTP
// status it answers.
func (c *Client) Files(ctx context.Context) (host string, status int, err error) {
	u := url.URL{Scheme: "https", Host: fileHost}
	if c.d.opts.APIURL != "" { // what stands in for Discord keeps them itself
		u.Scheme, u.Host = c.d.api.base.Scheme, c.d.api.base.Host
	}
	u.Path = "/attachments/0/0/balie-doctor"
	ctx, cancel := context.WithTimeout(ctx, callMax)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return u.Host, 0, fmt.Errorf("discord: ask for a file: %w", err)
	}
	resp, err := c.d.api.files.Do(req)
	if err != nil {
		return u.Host, 0, &failure{doing: "ask for a file", err: err}
	}
	return u.Host, resp.StatusCode, resp.Body.Close()
}

// Role is a role of a server.
type Role struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Roles asks for the roles of a server. That of everybody has the server's id.
func (c *Client) Roles(ctx context.Context, guild string) (all []Role, err error) {
	err = patiently(ctx, func() error {
		return c.d.api.do(ctx, call{doing: "list a server's roles", method: http.MethodGet, path: "/guilds/" + guild + "/roles", out: &all})
	})
	return all, err
}

// Member asks for somebody's name in a server, and whether it is a bot.
func (c *Client) Member(ctx context.Context, guild, id string) (name string, bot bool, err error) {
	var m wireMember
	err = patiently(ctx, func() error {
		return c.d.api.do(ctx, call{doing: "look a person up", method: http.MethodGet, path: "/guilds/" + guild + "/members/" + id,
			limit: "GET member " + guild, out: &m})
	})
	if err == nil && m.User == nil {
		err = errors.New("discord: look a person up: the answer has nobody in it")
	}
	if err != nil {
		return "", false, err
	}
	return c.d.people.of(*m.User, &m, guild, "").Name, m.User.Bot, nil
}
