package slack

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"
)

// installation is what is kept of the app's installation in a workspace, or in a whole organization (Enterprise Grid).
type installation struct {
	Team           string    `json:"team_id,omitempty"`
	TeamName       string    `json:"team_name,omitempty"`
	Enterprise     string    `json:"enterprise_id,omitempty"`
	EnterpriseName string    `json:"enterprise_name,omitempty"`
	OrgWide        bool      `json:"is_enterprise_install,omitempty"`
	Token          string    `json:"bot_token"`
	BotUser        string    `json:"bot_user_id,omitempty"`
	BotID          string    `json:"bot_id,omitempty"`
	App            string    `json:"app_id,omitempty"`
	URL            string    `json:"url,omitempty"`
	Scopes         []string  `json:"scopes,omitempty"`
	By             string    `json:"installed_by,omitempty"`
	At             time.Time `json:"at"`
}

// key is the organization's id where that installed the app, and else the workspace's.
func (i *installation) key() string {
	if i.OrgWide {
		return i.Enterprise
	}
	return i.Team
}

// called is what people know it as.
func (i *installation) called() string {
	if i.OrgWide {
		return cmp.Or(i.EnterpriseName, i.TeamName, i.Enterprise)
	}
	return cmp.Or(i.TeamName, i.Team)
}

// installations is the group of names under which they are kept.
const installations = "slack-installations"

func installationName(key string) string { return installations + "/" + key }

// recall looks for an installation in the memory, where another replica may have put it; nil if there is none that is
// not known already.
func (w *workspaces) recall(ctx context.Context, key string) (*tenant, error) {
	w.mu.Lock()
	absent := w.now().Before(w.absent[key])
	w.mu.Unlock()
	if absent {
		return nil, nil
	}
	value, err := w.opts.Memory.Recall(ctx, installationName(key))
	if err != nil {
		return nil, err
	}
	if value == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.absent) > 1000 {
			clear(w.absent)
		}
		w.absent[key] = w.now().Add(absentFor)
		return nil, nil
	}
	return w.adopt(key, value), nil
}

// adopt uses what the memory has; nil if it can't be read, or is what was used before.
func (w *workspaces) adopt(key string, value []byte) *tenant {
	w.mu.Lock()
	before := w.tenants[key]
	w.mu.Unlock()
	if before != nil && bytes.Equal(before.kept, value) {
		return nil
	}
	i, err := w.open(key, value)
	if err != nil {
		w.unreadable(key, err)
		return nil
	}
	t := &tenant{installation: *i, api: w.client(i.Token), kept: value}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tenants[key] = t
	w.changes++
	delete(w.removed, key)
	delete(w.absent, key)
	return t
}

// open reads an installation.
func (w *workspaces) open(key string, value []byte) (*installation, error) {
	text, err := w.safe.unlock(installationName(key), value)
	if err != nil {
		return nil, err
	}
	i := &installation{}
	if err := json.Unmarshal(text, i); err != nil {
		return nil, fmt.Errorf("it is damaged: %w", err)
	}
	if i.key() != key || i.Token == "" {
		return nil, errors.New("it is damaged")
	}
	return i, nil
}

func (w *workspaces) unreadable(key string, err error) {
	what := fmt.Sprintf("what was kept of the installation in the Slack workspace %s can't be read (%v): "+
		"install the app again at %s", key, err, w.installURL())
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.removed[key] == what {
		return
	}
	w.removed[key] = what
	if w.tenants[key] != nil {
		delete(w.tenants, key)
		w.changes++
	}
	w.log.WithField("workspace", key).Error("slack: " + what)
}

// keep puts an installation into the memory and uses it.
func (w *workspaces) keep(ctx context.Context, i installation) error {
	text, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("write down an installation: %w", err)
	}
	value := w.safe.lock(installationName(i.key()), text)
	if err := w.opts.Memory.Keep(ctx, installationName(i.key()), value); err != nil {
		return fmt.Errorf("keep an installation: %w", err)
	}
	w.adopt(i.key(), value)
	return nil
}

// list compares what is in use with the memory: other replicas install, and forget, too.
func (w *workspaces) list(ctx context.Context) error {
	w.mu.Lock()
	changes := w.changes
	w.mu.Unlock()
	kept, err := w.opts.Memory.List(ctx, installations)
	if err != nil {
		return fmt.Errorf("list the installations: %w", err)
	}
	for name, value := range kept {
		w.adopt(strings.TrimPrefix(name, installations+"/"), value)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listed = true
	for key, t := range w.tenants {
		// One that was made since the memory was read is not in what was read.
		if _, ok := kept[installationName(key)]; !ok && w.changes == changes {
			delete(w.tenants, key)
			w.removed[key] = w.dead(t, tokenRevoked)
		}
	}
	return nil
}

// teamList are the workspaces of an organization that the app may be used in.
type teamList struct {
	ids   []string
	names map[string]string
	at    time.Time
}

const (
	teamsFor   = 10 * time.Minute // how long a list of them is good
	teamsLeast = 30 * time.Second // between two looks for a workspace that is not in it
	teamsPage  = 100
)

// teamsOf are the workspaces that an organization's installation is for.
func (w *workspaces) teamsOf(ctx context.Context, t *tenant, age time.Duration) (*teamList, error) {
	if l := t.teams.Load(); l != nil && w.now().Sub(l.at) < age {
		return l, nil
	}
	l, err := shared(ctx, w, "teams "+t.key(), func(ctx context.Context) (*teamList, error) {
		l := &teamList{names: map[string]string{}, at: w.now()}
		for cursor := ""; ; {
			teams, next, err := t.api.ListTeamsContext(ctx, slackapi.ListTeamsParameters{Limit: teamsPage, Cursor: cursor})
			if err != nil {
				return nil, err
			}
			for _, team := range teams {
				l.ids = append(l.ids, team.ID)
				l.names[team.ID] = team.Name
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		t.teams.Store(l)
		return l, nil
	})
	if err != nil {
		return t.teams.Load(), w.view(t, "").sendError("list an organization's workspaces", err)
	}
	return l, nil
}

// organization is the installation of the organization that a workspace is of; nil if none is known to be.
func (w *workspaces) organization(ctx context.Context, team string) *tenant {
	if team == "" {
		return nil
	}
	for _, t := range w.inUse() {
		if !t.OrgWide {
			continue
		}
		l, err := w.teamsOf(ctx, t, teamsLeast)
		if err != nil {
			w.log.WithError(err).WithField("workspace", t.key()).Debug("slack: an organization's workspaces could not be listed")
		}
		if l != nil && slices.Contains(l.ids, team) {
			w.belongs(team, t.Enterprise)
			return t
		}
	}
	return nil
}

// belongs notes that a workspace's organization installed the app.
func (w *workspaces) belongs(team, enterprise string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.teams[team] = enterprise
}

// shared does what several may ask for once, and goes on with it when nobody waits any more.
func shared[T any](ctx context.Context, w *workspaces, name string, do func(context.Context) (T, error)) (T, error) {
	done := w.asking.DoChan(name, func() (any, error) {
		ctx, cancel := context.WithTimeout(w.ctx, callMost)
		defer cancel()
		return do(ctx)
	})
	select {
	case r := <-done:
		v, _ := r.Val.(T)
		return v, r.Err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
