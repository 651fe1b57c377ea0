package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"balie/internal/app/sample"
	"balie/internal/chat"
	"balie/internal/desk"
)

// addSample puts the sample tickets into a store without tickets. It runs before anything is delivered, so that each card
// is posted once, as the ticket stands.
func (a *App) addSample(ctx context.Context, d *desk.Desk, now func() time.Time) error {
	empty, err := sample.Empty(ctx, a.store, a.policy)
	if err != nil || !empty {
		return err
	}
	for _, p := range a.platform {
		people, ok := p.(chat.Directory)
		if !ok || p.Name() != playgroundName {
			continue
		}
		at := sample.Place{Platform: playgroundName, Workspace: playgroundWorkspace, Directory: people}
		err := sample.Add(ctx, d, at, now())
		if errors.Is(err, sample.ErrUnfit) {
			a.log.WithError(err).Info("there are no sample tickets: they are written for the policy that Balie comes with")
			return nil
		}
		if err != nil {
			return fmt.Errorf("add the sample tickets: %w", err)
		}
	}
	return nil
}
