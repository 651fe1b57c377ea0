package discordfake_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"balie/adapters/discord/discordfake"
)

// TestCommandsTooLong has a command with as many characters as Discord takes, and with one more: of each text the longest
// language counts, whichever that is.
func TestCommandsTooLong(t *testing.T) {
	s := discordfake.New(t, discordfake.Options{})
	choices := func(n int, value string) (out []any) {
		for range n {
			out = append(out, map[string]any{"name": "c", "value": value, "name_localizations": map[string]string{"nl": strings.Repeat("é", 100), "de": "d"}})
		}
		return out
	}
	var options []any
	for i, list := range [][]any{choices(25, "v"), choices(25, "v"), choices(25, "v"), choices(3, "value!")} {
		options = append(options, map[string]any{"type": 3, "name": strings.Repeat("o", i+1), "description": "d", "choices": list,
			"name_localizations": map[string]string{"nl": strings.Repeat("o", 10)}, "description_localizations": map[string]string{"nl": "de"}})
	}
	const counted = 1 + 3*25*(100+1) + 3*(100+6) + 4*(10+2)
	for chars, status := range map[int]int{8000: http.StatusOK, 8001: http.StatusBadRequest} {
		body, err := json.Marshal([]any{map[string]any{"name": "c", "description": strings.Repeat("d", chars-counted), "options": options}})
		if err != nil {
			t.Fatal(err)
		}
		if got := send(t, s, http.MethodPut, "/applications/"+s.ApplicationID+"/commands", string(body)); got.Status != status {
			t.Errorf("%d characters: status %d, %s", chars, got.Status, got.Body)
		} else if status != http.StatusOK && !strings.Contains(got.Body, "APPLICATION_COMMAND_TOO_LARGE") {
			t.Errorf("%d characters: %s", chars, got.Body)
		}
	}
	s.Problems()
}
