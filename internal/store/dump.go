package store

import (
	"context"
	"fmt"
	"iter"

	"golang.org/x/sync/errgroup"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// The kinds of a dump's items, in the order in which Dump gives them and Restore takes them. The body of each is:
//
//	counter CounterItem   setting SettingItem   person Person   draft Draft   file FileInfo   chunk ChunkItem
//	record Record         ticket TicketItem     entry EntryItem   dead Dead
//
// Both engines write the same bodies, so that a dump of one can be restored by the other. Leases are not dumped.
const (
	KindCounter = "counter"
	KindSetting = "setting"
	KindPerson  = "person"
	KindDraft   = "draft"
	KindFile    = "file"
	KindChunk   = "chunk"
	KindRecord  = "record"
	KindTicket  = "ticket"
	KindEntry   = "entry"
	KindDead    = "dead"
)

// ChunkSize is how many bytes of a file one chunk holds, the last one excepted.
const ChunkSize = 255 << 10

// CounterItem is a counter in a dump.
type CounterItem struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
}

// SettingItem is a setting in a dump.
type SettingItem struct {
	Name  string `json:"name"`
	Value []byte `json:"value"`
}

// ChunkItem is a part of a file's content in a dump: the n-th, from 0.
type ChunkItem struct {
	File string `json:"file"`
	N    int    `json:"n"`
	Data []byte `json:"data"`
}

// TicketItem is a ticket in a dump, with both its halves.
type TicketItem struct {
	Ticket  ticket.Ticket       `json:"ticket"`
	Pending []Delivery          `json:"pending,omitempty"`
	Refs    map[string]chat.Ref `json:"refs,omitempty"`
}

// EntryItem is an entry of a ticket's history in a dump.
type EntryItem struct {
	Ticket string       `json:"ticket"` // id
	Entry  ticket.Entry `json:"entry"`
}

// RestoreAll puts a whole dump into an empty store. It restores many items of one kind at once, because a store commits
// what arrives together for the price of one.
func RestoreAll(ctx context.Context, s Store, dump iter.Seq2[Item, error]) error {
	const atOnce = 64
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	kind := ""
	for item, err := range dump {
		if err != nil {
			return errFirst(group.Wait(), fmt.Errorf("read the dump: %w", err))
		}
		if item.Kind != kind { // items refer to those of the kinds before
			if err := group.Wait(); err != nil {
				return err
			}
			kind = item.Kind
			group, groupCtx = errgroup.WithContext(ctx)
			group.SetLimit(atOnce)
		}
		if groupCtx.Err() != nil {
			break
		}
		group.Go(func() error {
			if err := s.Restore(groupCtx, item); err != nil {
				return fmt.Errorf("restore a %s: %w", item.Kind, err)
			}
			return nil
		})
	}
	return errFirst(group.Wait(), ctx.Err())
}

func errFirst(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
