package mattermost

import (
	"encoding/json"
	"regexp"
	"testing"

	kept "balie/adapters/adaptertest/golden"
)

// golden compares what would be sent with testdata/<name>.json, and has the validator check that file as a payload of the
// kind, such as mattermost-post.
func golden(t *testing.T, name, kind string, v any) {
	t.Helper()
	flat, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	// The server's own type of an attachment has fields that its published types do not know. They are always empty.
	kept.Check(t, name, kind, json.RawMessage(unknown.ReplaceAll(flat, nil)))
}

var unknown = regexp.MustCompile(`(?:"id":0,|,"ts":null)`)
