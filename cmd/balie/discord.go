package main

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"balie/adapters/discord"
	"balie/internal/config"
)

type discordCommand struct {
	Invite discordInviteCommand `cmd:"" help:"Print the link that adds the bot to a server, with exactly the permissions that it uses. The application is DISCORD_APPLICATION_ID; without it, Discord is asked which one DISCORD_TOKEN is of."`
}

type discordInviteCommand struct{}

// applicationPattern is what ids look like.
var applicationPattern = regexp.MustCompile(`^[0-9]{1,20}$`)

// Run prints the link, and on standard error what to do with it.
func (discordInviteCommand) Run(with surroundings) error {
	id, err := applicationID(with)
	if err != nil {
		return err
	}
	if err := with.printf("%s", discord.Invite(id)); err != nil {
		return err
	}
	with.sayf("Open it in a browser as somebody who may manage the server. Then look with: balie doctor")
	return nil
}

// applicationID is the application's id, from the environment or from Discord.
func applicationID(with surroundings) (string, error) {
	set := map[string]string{}
	for _, name := range []string{"DISCORD_APPLICATION_ID", "DISCORD_TOKEN", "DISCORD_API_URL"} {
		value, err := config.Lookup(with.environ, envFile, name)
		if err != nil {
			return "", err
		}
		set[name] = value
	}
	switch id := set["DISCORD_APPLICATION_ID"]; {
	case applicationPattern.MatchString(id):
		return id, nil
	case id != "":
		return "", fmt.Errorf("DISCORD_APPLICATION_ID must be a number such as 123456789012345678, not %q", id)
	case set["DISCORD_TOKEN"] == "":
		return "", errors.New("the application is not known: set DISCORD_APPLICATION_ID, from General Information in its settings, or DISCORD_TOKEN")
	}
	client, err := discord.NewClient(set["DISCORD_API_URL"], set["DISCORD_TOKEN"])
	if err != nil {
		return "", errors.New("DISCORD_API_URL must be an address such as https://discord.com/api/v9, or left out")
	}
	defer client.Close()
	app, err := client.Application(with.ctx)
	switch status, _ := discord.Refused(err); {
	case status == http.StatusUnauthorized:
		return "", errors.New("DISCORD_TOKEN does not work: make a new one with Bot > Reset Token in the application's settings")
	case err != nil:
		return "", fmt.Errorf("which application DISCORD_TOKEN is of can't be asked, so set DISCORD_APPLICATION_ID: %s", discord.Why(err))
	case !applicationPattern.MatchString(app.ID):
		return "", errors.New("what answers at DISCORD_API_URL is not Discord: set DISCORD_APPLICATION_ID, or leave the address out")
	}
	return app.ID, nil
}
