package discord

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

// TestWhichThreadMakesRoom: the one where nothing has happened for the longest, of the bot's own. What was just taken out of the
// archive is about to be written to, and a lock stays.
func TestWhichThreadMakesRoom(t *testing.T) {
	now := time.Now()
	ago := func(minutes int) string { return idAt(now.Add(-time.Duration(minutes) * time.Minute)) }
	open := func(id, owner string, last int, since int, locked bool) map[string]any {
		return map[string]any{"id": id, "type": publicThread, "guild_id": guildID, "parent_id": cardsID, "owner_id": owner, "name": id, "last_message_id": ago(last),
			"thread_metadata": map[string]any{"archived": false, "locked": locked, "archive_timestamp": now.Add(-time.Duration(since) * time.Minute)}}
	}
	s := newStation(t)
	b := s.listen()
	s.answer("GET /guilds/"+guildID+"/threads/active", map[string]any{"threads": []any{
		open("801", botID, 10, 600, false), open("802", botID, 500, 1, false), open("803", anaID, 900, 900, false), open("804", botID, 50, 600, true),
		open("805", botID, 30, 600, false),
	}})
	var asked []string
	gone := map[string]bool{}
	for _, id := range []string{"801", "802", "803", "804", "805"} {
		s.answer("PATCH /channels/"+id, func(r *http.Request) any {
			var in struct{ Archived, Locked bool }
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
				t.Error(err)
			}
			asked = append(asked, fmt.Sprint(id, in.Archived, in.Locked))
			if gone[id] {
				return denial{http.StatusNotFound, codeUnknownChannel}
			}
			return open(id, botID, 1, 1, in.Locked)
		})
	}
	if !b.d.makeRoom(t.Context(), guildID) || !slices.Equal(asked, []string{"804true true"}) {
		t.Errorf("archived %q", asked)
	}
	asked, gone["804"] = nil, true
	if !b.d.makeRoom(t.Context(), guildID) || !slices.Equal(asked, []string{"804true true", "805true false"}) {
		t.Errorf("where one is gone, archived %q", asked)
	}
	asked, gone["805"], gone["801"] = nil, true, true
	if b.d.makeRoom(t.Context(), guildID) || len(asked) != 3 {
		t.Errorf("where none can be archived, tried %q", asked)
	}
}
