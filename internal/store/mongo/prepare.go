package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// format is the version of the documents. A later one moves the documents of earlier ones when it opens them.
const format = 2

// The names of indexes that queries or errors refer to.
const (
	indexLists    = "lists"
	indexWords    = "words"
	indexWaits    = "waits"
	indexSend     = "send"
	indexAccounts = "accounts"
	indexID       = "_id_"
)

type index struct {
	collection *driver.Collection
	name       string
	keys       bson.D
	options    *options.IndexOptionsBuilder
}

// indexes are all indexes but those on _id. Every write of a ticket pays for each of its indexes, so they are few.
func (s *Store) indexes() []index {
	up, down := func(k string) bson.E { return bson.E{Key: k, Value: 1} }, func(k string) bson.E { return bson.E{Key: k, Value: -1} }
	plain := options.Index
	sparse := func() *options.IndexOptionsBuilder { return options.Index().SetSparse(true) }
	return []index{
		{s.tickets, "names", bson.D{up("names")}, plain().SetUnique(true)},
		{s.tickets, "roots", bson.D{up("roots")}, sparse()},
		{s.tickets, indexLists, bson.D{up("lists"), up("open"), up("place")}, plain()},
		{s.tickets, indexWords, bson.D{up("ticket.team"), up("words")}, plain()},
		{s.tickets, indexWaits, bson.D{up("waits")}, sparse()},
		{s.tickets, "due", bson.D{up("ticket.nextDue")}, sparse()},
		{s.tickets, indexSend, bson.D{up("sendAt")}, sparse()},
		{s.history, "ticket", bson.D{up("ticket"), down("n")}, plain()},
		{s.dead, "since", bson.D{down("since"), down("_id")}, plain()},
		{s.people, indexAccounts, bson.D{up("accounts")}, sparse().SetUnique(true)},
		{s.people, "mail", bson.D{up("mail")}, sparse()},
		{s.drafts, "forget", bson.D{up("at")}, plain().SetExpireAfterSeconds(int32(maxDraftAge / time.Second))},
		{s.files, "file", bson.D{up("metadata.id")}, plain().SetUnique(true)},
		{s.chunks, "files_id_1_n_1", bson.D{up("files_id"), up("n")}, plain().SetUnique(true)}, // as GridFS names it
		{s.uploads, "at", bson.D{up("at")}, plain()},
		{s.records, "group", bson.D{up("space"), up("group"), down("order")}, plain()},
	}
}

type formatDocument struct {
	ID      string `bson:"_id"`
	Version int    `bson:"version"`
}

// prepare makes what is missing in the database. Several processes may do that at once.
func (s *Store) prepare(ctx context.Context) error {
	// It writes even if nothing is missing, because a user who may only read has to be noticed here.
	write, cancel := s.operation(ctx)
	defer cancel()
	mark := func() error {
		_, err := s.description.UpdateOne(write, bson.D{{Key: "_id", Value: "format"}}, bson.D{
			{Key: "$setOnInsert", Value: bson.D{{Key: "version", Value: format}}},
			{Key: "$currentDate", Value: bson.D{{Key: "opened", Value: true}}},
		}, options.UpdateOne().SetUpsert(true))
		return err
	}
	err := mark()
	if driver.IsDuplicateKeyError(err) {
		err = mark()
	}
	if err != nil {
		return err
	}
	d, err := one[formatDocument](ctx, s, "read the format", s.description, bson.D{{Key: "_id", Value: "format"}})
	if err != nil {
		return err
	}
	if d.Version > format {
		return fmt.Errorf("the database %q has format %d, and this version of Balie knows %d: use the version that wrote it, or a later one",
			s.server.database, d.Version, format)
	}
	for _, i := range s.indexes() {
		// Without the limit of one operation: an index over a large collection takes its time, and only once.
		if _, err := i.collection.Indexes().CreateOne(ctx, driver.IndexModel{Keys: i.keys, Options: i.options.SetName(i.name)}); err != nil {
			return fmt.Errorf("make the index %q of %q: %w", i.name, i.collection.Name(), err)
		}
	}
	if d.Version < format {
		if err := s.fillWaiting(ctx); err != nil {
			return fmt.Errorf("bring the database %q to format %d: %w", s.server.database, format, err)
		}
	}
	return nil
}

// onlyDuplicates says whether nothing worse happened than that documents were there already.
func onlyDuplicates(err error) bool {
	var bulk driver.BulkWriteException
	if !errors.As(err, &bulk) || bulk.WriteConcernError != nil {
		return false
	}
	for _, e := range bulk.WriteErrors {
		if !driver.IsDuplicateKeyError(e.WriteError) {
			return false
		}
	}
	return true
}
