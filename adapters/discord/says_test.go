package discord

import (
	"encoding/json"
	"testing"

	"balie/internal/chat"
)

// TestWhatIsTheSamePost compares posts as they are looked for by their words.
func TestWhatIsTheSamePost(t *testing.T) {
	card := creation{channel: wireChannel{ID: "1"}, out: render(chat.Post{Card: &chat.Card{Title: "HD-1", Text: "It jams."}}, nil)}
	reply := creation{Post: chat.Post{To: chat.Place{Thread: "7"}}, channel: wireChannel{ID: "1"}, out: render(chat.Post{Text: "Any news?"}, nil)}
	for name, c := range map[string]struct {
		of      creation
		message string
		same    bool
	}{
		"a card":                           {card, `{"embeds":[{"title":"HD-1"}]}`, true},
		"in words":                         {card, `{"content":"### HD-1\nIt jams."}`, true},
		"another card":                     {card, `{"embeds":[{"title":"HD-2"}]}`, false},
		"shown to somebody who asked":      {card, `{"embeds":[{"title":"HD-1"}],"interaction_metadata":{"id":"5"}}`, false},
		"a reply in the channel":           {reply, `{"content":"Any news?","message_reference":{"message_id":"7"}}`, true},
		"a reply to another card":          {reply, `{"content":"Any news?","message_reference":{"message_id":"8"}}`, false},
		"no reply":                         {reply, `{"content":"Any news?"}`, false},
		"a reply with a file besides":      {reply, `{"content":"Any news?","message_reference":{"message_id":"7"},"attachments":[{"id":"9"}]}`, false},
		"a reply that says something else": {reply, `{"content":"Any?","message_reference":{"message_id":"7"}}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			var m wireMessage
			if err := json.Unmarshal([]byte(c.message), &m); err != nil {
				t.Fatal(err)
			}
			if got := c.of.says(m, "1"); got != c.same {
				t.Errorf("the same: %v", got)
			}
		})
	}
}
