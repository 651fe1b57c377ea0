package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// How long a graceful stop may take: for requests that are being answered, and altogether.
const (
	stopRequests = 6 * time.Second
	stopAll      = 9 * time.Second
)

// Run serves until ctx ends or something fails for good. Then it takes no more requests, finishes those being answered,
// stops the bot and closes the store, all within ten seconds. What could not be delivered by then is kept and delivered
// after the next start.
func (a *App) Run(ctx context.Context) error {
	// The bot outlives ctx, until the requests are answered.
	working, stopBot := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBot()
	served, worked := make(chan error, 1), make(chan error, 1)
	go func() { served <- a.server.Serve(a.listener) }()
	go func() { worked <- a.work(working) }()

	var failed error
	botEnded := false
	select {
	case <-ctx.Done():
		a.log.Info("stopping")
	case err := <-served:
		failed = fmt.Errorf("serve HTTP: %w", err)
		served <- err
	case err := <-worked:
		failed, botEnded = err, true
	}

	deadline := time.Now().Add(stopAll)
	late := time.NewTimer(stopAll)
	defer late.Stop()
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopRequests)
	defer cancel()
	if err := a.server.Shutdown(stopping); err != nil {
		failed = errors.Join(failed, fmt.Errorf("some requests took too long and were cut off: %w", err), a.server.Close())
	}
	if err := <-served; failed == nil && !errors.Is(err, http.ErrServerClosed) {
		failed = fmt.Errorf("serve HTTP: %w", err)
	}
	stopBot()
	if !botEnded {
		select {
		case err := <-worked:
			failed = errors.Join(failed, err)
		case <-late.C:
			return errors.Join(failed, fmt.Errorf("the bot did not stop by %s; nothing that was acknowledged is lost", deadline.Format(time.TimeOnly)))
		}
	}
	return errors.Join(failed, a.Close())
}

// work is everything besides answering requests.
func (a *App) work(ctx context.Context) error {
	if a.sample != nil {
		if err := a.sample(ctx); err != nil && ctx.Err() == nil {
			return fmt.Errorf("make sample tickets: %w", err)
		}
	}
	return a.bot.Run(ctx)
}
