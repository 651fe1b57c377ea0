package app

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// How long a graceful stop may take: for requests that are being answered, and altogether.
const (
	stopRequests = 7 * time.Second // a connection that was opened and never used counts as busy for up to six
	stopAll      = 9 * time.Second
)

// Run serves until ctx ends or something fails for good. Then it takes no more requests, finishes those being answered and
// the deliveries under way, and closes the store, all within ten seconds. What is not delivered by then is kept, and
// delivered after the next start.
func (a *App) Run(ctx context.Context) error {
	working, stopBot := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBot()
	served, worked := make(chan error, 1), make(chan error, 1)
	go func() { served <- a.server.Serve(a.listener) }()
	go func() { worked <- a.work(working) }()

	var failed error
	select {
	case <-ctx.Done():
		a.log.Info("stopping")
	case err := <-served:
		failed = fmt.Errorf("serve HTTP: %w", err)
	case err := <-worked:
		failed = err
		worked <- nil
	}

	late := time.NewTimer(stopAll)
	defer late.Stop()
	stopBot() // which ends live streams too; a request that is being answered needs only the store
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopRequests)
	defer cancel()
	if err := a.server.Shutdown(stopping); err != nil {
		failed = errors.Join(failed, fmt.Errorf("some requests took too long and were cut off: %w", err), a.server.Close())
	}
	select {
	case err := <-worked:
		failed = errors.Join(failed, err)
	case <-late.C:
		return errors.Join(failed, fmt.Errorf("the bot did not stop within %s; what is not delivered will be after the next start", stopAll))
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
	return a.bot.Run(ctx, a.handle)
}
