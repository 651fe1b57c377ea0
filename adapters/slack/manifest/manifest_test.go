package manifest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"balie/adapters/slack/manifest"
)

func TestGolden(t *testing.T) {
	for name, o := range map[string]manifest.Options{
		"socket": {Socket: true},
		"http":   {URL: "https://balie.example.org/", OAuth: true, Name: "Balie (test)", Language: "nl"},
	} {
		got, err := manifest.JSON(manifest.New(o))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name+".json")
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s: it is not as in %s any more (UPDATE=1 writes it anew):\n%s", name, file, got)
		}
	}
}

// decoded is the manifest as Slack reads it.
func decoded(t *testing.T, o manifest.Options) map[string]any {
	t.Helper()
	data, err := manifest.JSON(manifest.New(o))
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// at is the value at a path such as settings.interactivity.is_enabled; a number in it is an index.
func at(m any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		switch v := m.(type) {
		case map[string]any:
			m = v[key]
		case []any:
			m = v[int(key[0]-'0')]
		default:
			return nil
		}
	}
	return m
}

func TestWhatIsOnAndOff(t *testing.T) {
	const base = "https://balie.example.org"
	for _, c := range []struct {
		o    manifest.Options
		want map[string]any
	}{
		{manifest.Options{URL: base, Socket: true}, map[string]any{
			"settings.socket_mode_enabled": true, "settings.event_subscriptions.request_url": nil,
			"settings.interactivity.request_url": nil, "features.slash_commands.0.url": nil, "oauth_config.redirect_urls": nil,
			"display_information.name": "Balie",
		}},
		{manifest.Options{URL: base + "/", Name: "Desk"}, map[string]any{
			"settings.socket_mode_enabled": false, "settings.event_subscriptions.request_url": base + "/hooks/slack/events",
			"settings.interactivity.request_url":              base + "/hooks/slack/interactions",
			"settings.interactivity.message_menu_options_url": base + "/hooks/slack/interactions",
			"features.slash_commands.0.url":                   base + "/hooks/slack/commands", "oauth_config.redirect_urls": nil,
			"display_information.name": "Desk", "features.bot_user.display_name": "Desk",
		}},
		{manifest.Options{URL: base, Socket: true, OAuth: true}, map[string]any{"oauth_config.redirect_urls.0": base + "/slack/oauth"}},
	} {
		m := decoded(t, c.o)
		for path, want := range map[string]any{
			"settings.org_deploy_enabled": true, "settings.token_rotation_enabled": false, "settings.interactivity.is_enabled": true,
			"features.app_home.home_tab_enabled": true, "features.app_home.messages_tab_enabled": true,
			"features.app_home.messages_tab_read_only_enabled": false, "features.slash_commands.0.command": "/ticket",
			"features.shortcuts.0.callback_id": "create_ticket", "features.shortcuts.0.type": "message",
			"features.shortcuts.1.callback_id": "new_ticket", "features.shortcuts.1.type": "global",
		} {
			if got := at(m, path); got != want {
				t.Errorf("%+v: %s is %v, expected %v", c.o, path, got, want)
			}
		}
		for path, want := range c.want {
			if got := at(m, path); got != want {
				t.Errorf("%+v: %s is %v, expected %v", c.o, path, got, want)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	for _, language := range []string{"", "en", "nl", "fr"} {
		m := manifest.New(manifest.Options{Language: language, Socket: true})
		for _, limit := range []struct {
			text string
			most int
		}{
			{m.Display.Name, manifest.NameMax}, {m.Display.Description, 140}, {m.Features.SlashCommands[0].Description, 2000},
			{m.Features.SlashCommands[0].UsageHint, 1000}, {m.Features.Shortcuts[0].Name, 24}, {m.Features.Shortcuts[1].Name, 24},
			{m.Features.Shortcuts[0].Description, 150}, {m.Features.Shortcuts[1].Description, 150},
		} {
			if n := utf8.RuneCountInString(limit.text); n == 0 || n > limit.most {
				t.Errorf("%s: %q has %d characters, at most %d are taken", language, limit.text, n, limit.most)
			}
		}
	}
	for _, names := range [][]string{manifest.BotScopes, manifest.BotEvents} {
		sorted := slices.Sorted(slices.Values(names))
		if len(slices.Compact(sorted)) != len(names) {
			t.Errorf("something is named twice: %q", names)
		}
	}
}
