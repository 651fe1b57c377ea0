package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
)

type talk struct {
	patience time.Duration
	failed   atomic.Int64
	write    func(ctx context.Context, name string, root *model.Post, text string) error
}

func (t *talk) acknowledge(string) {}
func (t *talk) saw(news)           {}
