package bot

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// takenBack has a message deleted that was taken away in a direct conversation without threads. The platform need not know
// any more what it was a reply to, so it is looked for in all tickets that have their posts there. Nor need it know in which
// of its workspaces that was, as one conversation may count to several.
func (t *turn) takenBack(ctx context.Context, m chat.Message) (chat.Reply, error) {
	var ids []string
	for _, w := range t.workspaces.of(t.e.Platform, t.e.Workspace) {
		more, err := t.desk.Store.TicketsIn(ctx, chat.Ref{Platform: t.e.Platform, Workspace: w, Channel: t.e.Channel})
		if err != nil {
			return chat.Reply{}, fmt.Errorf("look for the tickets of the conversation: %w", err)
		}
		ids = append(ids, more...)
	}
	for _, id := range slices.Backward(distinct(ids)) { // the newest first
		tk, err := t.desk.Store.Ticket(ctx, id)
		if err != nil {
			return chat.Reply{}, fmt.Errorf("look for what was taken away: %w", err)
		}
		i := slices.IndexFunc(tk.Entries, func(e ticket.Entry) bool {
			said := e.Origin.Message
			said.Workspace, said.Thread = "", ""
			return e.Origin.Room != "" && said == chat.Ref{Platform: t.e.Platform, Channel: t.e.Channel, Message: m.ID}
		})
		if i < 0 {
			continue
		}
		t.by.Origin = tk.Entries[i].Origin
		if t.who.ID == "" {
			if err := t.asAuthor(ctx, tk.Entries[i]); err != nil {
				return chat.Reply{}, err
			}
		}
		_, err = t.desk.Act(ctx, id, t.by, ticket.Delete{})
		return chat.Reply{}, err
	}
	return chat.Reply{}, nil
}

// workspaces are those that each platform said to be connected to since the start: handlers do not ask it.
type workspaces struct {
	mu    sync.Mutex
	known map[string][]string
}

// learn asks the platforms that have to be asked.
func (w *workspaces) learn(platforms map[string]chat.Platform) {
	for name, p := range platforms {
		d, ok := p.(chat.Directory)
		if !ok || !p.Caps().DirectFlat {
			continue
		}
		list := slices.Clone(d.Workspaces())
		w.mu.Lock()
		if w.known == nil {
			w.known = map[string][]string{}
		}
		w.known[name] = distinct(append(list, w.known[name]...)) // one that can't be reached now is not forgotten
		w.mu.Unlock()
	}
}

// of are the platform's workspaces, as far as they are known: the one given for certain.
func (w *workspaces) of(platform, certain string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return distinct(append([]string{certain}, w.known[platform]...))
}

// distinct are the list's strings, sorted and each once.
func distinct(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
