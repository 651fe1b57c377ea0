package e2e

import (
	"fmt"
	"testing"

	"balie/adapters/discord/discordfake"
)

// TestDiscordProgramAway stops the program while people go on: what they wrote and changed meanwhile, in direct messages and
// in threads, becomes part of their tickets when it starts again.
func TestDiscordProgramAway(t *testing.T) {
	onDiscord(t, func(t *testing.T, w *discordWorld) { w.comesBack("Is this for one of your tickets", func() {}) })
}

// TestDiscordThreadsAway stops the program while people write in private threads and under cards, some of which are archived
// meanwhile.
func TestDiscordThreadsAway(t *testing.T) {
	w := onDiscordBy(t, overGateway, discordfake.Options{}, requests("help"))
	ana, bram, eva := w.as("ana"), w.as("bram"), w.as("eva")
	begin := func(p person, summary, key string) (mine, card message) {
		t.Helper()
		f := p.types("general", "/ticket "+summary).Form
		p.fills(f, "type", "question", "category", "other")
		return p.sees("help", "", key), bram.sees("ict-triage", "", key)
	}
	mine, card := begin(ana, "The printer is stuck", "HD-00001")
	hers, other := begin(eva, "The door is stuck", "HD-00002")
	w.settled()
	w.stop()
	for i := range 3 {
		ana.says("help", mine.ID, fmt.Sprintf("ana %d.", i))
		eva.says("help", hers.ID, fmt.Sprintf("eva %d.", i))
		bram.says("ict-triage", card.ID, fmt.Sprintf("bram %d.", i))
	}
	w.fake.Archive(mine.ID, false)
	w.run()
	for i := range 3 {
		bram.sees("ict-triage", card.ID, fmt.Sprintf("Ana Silva: ana %d.", i))
		bram.sees("ict-triage", other.ID, fmt.Sprintf("Eva Lindqvist: eva %d.", i))
	}
	w.settled()
	bram.inOrder("ict-triage", card.ID, "bram 0.", "bram 1.", "bram 2.", "ana 0.", "ana 1.", "ana 2.")
	bram.inOrder("ict-triage", other.ID, "eva 0.", "eva 1.", "eva 2.")
	eva.neverSees("ana 1.")
}

// TestDiscordGatewayAway takes the gateway away for a while, and ends connections and sessions in each way: what was said
// meanwhile becomes part of the ticket once, and in order.
func TestDiscordGatewayAway(t *testing.T) {
	for _, trouble := range []struct {
		name       string
		resumed    bool // the session goes on
		begin, end func(*discordfake.Server)
	}{
		{"down", true, down, up},
		{"dropped", true, (*discordfake.Server).DropSockets, nil},
		{"closed", true, func(s *discordfake.Server) { s.CloseSockets(4000) }, nil},
		{"asked to come back", true, (*discordfake.Server).AskReconnect, nil},
		{"invalid but resumable", true, func(s *discordfake.Server) { s.InvalidateSession(true) }, nil},
		{"invalid", false, func(s *discordfake.Server) { s.InvalidateSession(false) }, nil},
		{"timed out", false, func(s *discordfake.Server) { s.CloseSockets(4009) }, nil},
		{"expired", false, func(s *discordfake.Server) { down(s); s.ExpireSessions() }, up},
	} {
		t.Run(trouble.name, func(t *testing.T) {
			t.Parallel()
			w := onDiscordBy(t, overGateway, discordfake.Options{}, nil)
			ana, carla := w.as("ana"), w.as("carla")
			key, card := ana.opens("The window rattles")
			mine := w.mine(ana, key)
			w.settled()
			resumes, starts := w.fake.Resumed(), w.fake.Identified()
			ana.says(direct, mine.ID, "one.")
			trouble.begin(w.fake)
			wrong := ana.says(direct, mine.ID, "tow.")
			ana.corrects(wrong, "two.")
			gone := ana.says(direct, mine.ID, "boom.")
			ana.takesBack(gone)
			if trouble.end != nil {
				trouble.end(w.fake)
			}
			ana.says(direct, mine.ID, "three.")
			for _, text := range []string{"one.", "two.", "three."} {
				carla.later("ict-triage", card.ID, "Ana Silva: "+text)
			}
			w.settled()
			carla.inOrder("ict-triage", card.ID, "one.", "two.", "three.")
			carla.losesText(card, "boom.")
			if trouble.resumed && w.fake.Resumed() == resumes || !trouble.resumed && w.fake.Identified() == starts {
				t.Errorf("%d sessions were resumed, %d begun", w.fake.Resumed()-resumes, w.fake.Identified()-starts)
			}
		})
	}
}

func down(s *discordfake.Server) { s.GatewayDown(true) }

func up(s *discordfake.Server) { s.GatewayDown(false) }

// TestDiscordGatewayNonsense sends down the gateway what nobody knows: it changes nothing.
func TestDiscordGatewayNonsense(t *testing.T) {
	w := onDiscordBy(t, overGateway, discordfake.Options{}, nil)
	ana, carla := w.as("ana"), w.as("carla")
	key, card := ana.opens("The fridge hums")
	for event, data := range map[string]any{
		"TELEPATHY": map[string]any{}, "MESSAGE_CREATE": []any{1}, "MESSAGE_UPDATE": map[string]any{"id": 7}, "MESSAGE_DELETE": nil,
		"INTERACTION_CREATE": map[string]any{"id": "1", "type": 99, "token": "x"}, "THREAD_UPDATE": "thread",
		"MESSAGE_REACTION_ADD": map[string]any{"emoji": nil}, "GUILD_CREATE": map[string]any{}, "CHANNEL_DELETE": map[string]any{"id": "0"},
	} {
		w.fake.Dispatch(event, data)
	}
	for _, frame := range []string{`{}`, `{"op":99}`, `{"op":0,"t":"MESSAGE_CREATE","d":{"id":"1"}}`} {
		w.fake.SendRaw(frame)
	}
	w.hears()
	carla.reads(carla.types("general", "/ticket queue"), key, "Waiting for triage")
	ana.says(direct, w.mine(ana, key).ID, "still there.")
	carla.sees("ict-triage", card.ID, "Ana Silva: still there.")
	w.fake.SendRaw(`nonsense`)
	ana.says(direct, w.mine(ana, key).ID, "and again.")
	carla.later("ict-triage", card.ID, "Ana Silva: and again.")
	w.settled()
	carla.inOrder("ict-triage", card.ID, "still there.", "and again.")
}
