package config

import (
	"strings"
	"testing"
)

func TestLookup(t *testing.T) {
	secret := write(t, "from-a-file\n")
	file := write(t, "BALIE_ADDR=nonsense\nMATTERMOST_URL=https://file.example.org\nMATTERMOST_TOKEN_FILE="+secret+"\n")
	for name, want := range map[string]string{
		"BALIE_ADDR": "nonsense", "BALIE_URL": "https://process.example.org", "MATTERMOST_URL": "https://file.example.org",
		"MATTERMOST_TOKEN": "from-a-file", "MATTERMOST_COMMAND_TOKENS": "",
	} {
		got, err := Lookup([]string{"BALIE_URL=https://process.example.org"}, file, name)
		if err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", name, got, want, err)
		}
	}
	if _, err := Lookup(nil, "", "BALIE_POLCY"); err == nil {
		t.Error("a name that nobody reads was looked up")
	}
	if _, err := Lookup(nil, write(t, "hush hush\n"), "BALIE_URL"); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("a file that can't be read: %v", err)
	}
}
