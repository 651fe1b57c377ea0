package slack

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"balie/internal/chat"
)

const (
	watchEvery = 30 * time.Second // between two looks at what other replicas did, and at tokens that were no good
	watchSoon  = 2 * time.Second  // after a failure; it doubles up to watchEvery
)

// watch learns whose the bot's token is, and keeps up with installations that come, go and are repaired, until ctx ends.
func (w *workspaces) watch(ctx context.Context) {
	soon := watchSoon
	for {
		wait := watchEvery + rand.N(watchEvery/10)
		if err := w.check(ctx); err != nil {
			if ctx.Err() != nil {
				return
			}
			w.log.WithError(err).Debug("slack: the workspaces could not be looked at")
			wait = soon
			soon = min(2*soon, watchEvery)
		} else {
			soon = watchSoon
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-w.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// look has watch look at once.
func (w *workspaces) look() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// check is one look. What an admin has to repair is no error: it is looked at again after a while.
func (w *workspaces) check(ctx context.Context) error {
	errs := []error{w.list(ctx)}
	w.mu.Lock()
	single, verified := w.single, w.met.verified
	w.mu.Unlock()
	if w.opts.BotToken != "" && (single == nil || !verified || single.broken.Load() != nil) {
		_, err := shared(ctx, w, "introduce", w.introduce)
		if blocked, ok := errors.AsType[*chat.SendError](err); ok && blocked.Blocked != "" {
			if single == nil {
				w.once("single", blocked.Blocked)
			}
			err = nil
		}
		errs = append(errs, err)
	}
	for _, t := range w.inUse() {
		if t.single || t.broken.Load() == nil {
			continue
		}
		err := w.alive(ctx, t)
		if err == nil {
			w.mend(t)
		} else if !dying[slackCode(err)] {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// once logs what an admin has to do, unless it was said last time.
func (w *workspaces) once(key, what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.removed[key] != what {
		w.removed[key] = what
		w.log.Error("slack: " + what)
	}
}

// alive asks Slack whether an installation's token is good.
func (w *workspaces) alive(ctx context.Context, t *tenant) error {
	_, err := shared(ctx, w, "alive "+w.safe.fingerprint(t.Token), func(ctx context.Context) (*installation, error) {
		return w.whose(ctx, t.Token)
	})
	return err
}

// uninstalled takes away an installation that Slack says is gone. Slack tells it again when it was not sure that we heard,
// perhaps after the app was installed again: so the token is tried.
func (w *workspaces) uninstalled(ctx context.Context, team, enterprise string) error {
	keys := w.keys(team, enterprise)
	if w.opts.BotToken != "" && !w.isMet() {
		if err := w.meet(ctx); err != nil && ctx.Err() != nil {
			return err
		}
	}
	for _, key := range keys {
		if _, err := w.recall(ctx, key); err != nil {
			return fmt.Errorf("slack: look for an installation that was removed: %w", err)
		}
	}
	for _, t := range w.inUseOf(keys) {
		if err := w.removal(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// revoked is like uninstalled, where bots are the bot users whose tokens were revoked.
func (w *workspaces) revoked(ctx context.Context, team, enterprise string, bots []string) error {
	if len(bots) == 0 {
		return nil // people's tokens, which we have none of
	}
	return w.uninstalled(ctx, team, enterprise)
}

// inUseOf are the installations under the keys.
func (w *workspaces) inUseOf(keys []string) []*tenant {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []*tenant
	for _, key := range keys {
		if w.single != nil && w.single.key() == key {
			out = append(out, w.single)
		}
		if t := w.tenants[key]; t != nil {
			out = append(out, t)
		}
	}
	return out
}

// removal forgets an installation, unless its token is good.
func (w *workspaces) removal(ctx context.Context, t *tenant) error {
	short, cancel := context.WithTimeout(ctx, handlerWait)
	err := w.alive(short, t)
	cancel()
	if err == nil {
		w.log.WithField("workspace", t.key()).Info(
			"slack: the app is said to be removed from the workspace, but its token is good: it was installed again")
		return nil
	}
	// Slack said that it is gone: whatever the token's error is, and also if there is no answer now.
	why := w.dead(t, tokenRevoked)
	w.fail(t, tokenRevoked)
	t.broken.Store(&why)
	if t.single {
		return nil
	}
	key := t.key()
	kept, err := w.opts.Memory.Recall(ctx, installationName(key))
	if err != nil {
		return fmt.Errorf("slack: look for an installation that was removed: %w", err)
	}
	if now, err := w.open(key, kept); kept != nil && err == nil && now.Token != t.Token {
		w.adopt(key, kept)
		return nil // another replica has installed it again
	}
	if err := w.opts.Memory.Forget(ctx, installationName(key)); err != nil {
		return fmt.Errorf("slack: forget an installation: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tenants[key] == t {
		delete(w.tenants, key)
		w.changes++
		w.removed[key] = why
	}
	return nil
}
