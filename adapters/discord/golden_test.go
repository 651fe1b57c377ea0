package discord

import (
	"encoding/json"
	"strings"
	"testing"

	kept "balie/adapters/adaptertest/golden"
)

// golden compares what would be sent with testdata/<name>.json, and has the validator check that file as a payload of the
// kind, such as discord-message.
func golden(t *testing.T, name, kind string, v any) {
	t.Helper()
	flat, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	kept.Check(t, name, kind, []byte(readable.Replace(string(flat))))
}

var readable = strings.NewReplacer(`\\`, `\\`, `\u0026`, "&", `\u003c`, "<", `\u003e`, ">")
