package mongo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"balie/internal/store"
)

// Files are kept as GridFS describes it, so that MongoDB's own tools read them. The driver's writer is not used: it
// holds 16 MiB for each file that is being written.

// fileDocument is a whole file. It is written last: a file without it is not there, and what was written of it is in
// nobody's way, because every upload has an id of its own.
type fileDocument struct {
	ID        any       `bson:"_id"` // the upload's
	Length    int64     `bson:"length"`
	ChunkSize int       `bson:"chunkSize"`
	Uploaded  time.Time `bson:"uploadDate"`
	Name      string    `bson:"filename"`
	Metadata  fileMeta  `bson:"metadata"`
}

type fileMeta struct {
	ID   string `bson:"id"` // the file's, unique
	Type string `bson:"type,omitempty"`
}

func (d fileDocument) info() store.FileInfo {
	return store.FileInfo{ID: d.Metadata.ID, Name: d.Name, Type: d.Metadata.Type, Size: d.Length}
}

type chunkDocument struct {
	File any    `bson:"files_id"`
	N    int    `bson:"n"`
	Data []byte `bson:"data"`
}

// uploadDocument tells of an upload that goes on or was cut off.
type uploadDocument struct {
	ID bson.ObjectID `bson:"_id"`
	At time.Time     `bson:"at"`
}

// maxUpload is how long an upload may take. What is older was cut off by a crash.
const maxUpload = 24 * time.Hour

func fileID(id string) bson.D { return bson.D{{Key: "metadata.id", Value: id}} }

// PutFile implements store.Files.
func (s *Store) PutFile(ctx context.Context, f store.FileInfo, content io.Reader) error {
	_, err := one[fileDocument](ctx, s, "look for a file", s.files, fileID(f.ID))
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	d := fileDocument{
		ID: bson.NewObjectID(), ChunkSize: store.ChunkSize, Uploaded: store.Millis(s.now()),
		Name: f.Name, Metadata: fileMeta{ID: f.ID, Type: f.Type},
	}
	if err := s.insert(ctx, "begin a file", s.uploads, bson.D{{Key: "_id", Value: d.ID}, {Key: "at", Value: d.Uploaded}}); err != nil {
		return err
	}
	d.Length, err = s.writeChunks(ctx, d.ID, content)
	if err == nil {
		err = s.insert(ctx, "keep a file", s.files, d)
	}
	if err != nil {
		// The cleaning has to go on when ctx ended. If it fails, the next start does it.
		clean := s.dropUpload(context.WithoutCancel(ctx), d.ID)
		if driver.IsDuplicateKeyError(err) {
			return nil // somebody else kept the same file meanwhile
		}
		return errors.Join(err, clean)
	}
	return s.endUpload(ctx, d.ID)
}

// writeChunks keeps the content as chunks of the upload, and gives its length.
func (s *Store) writeChunks(ctx context.Context, upload any, content io.Reader) (length int64, err error) {
	buf := make([]byte, store.ChunkSize)
	for n := 0; ; n++ {
		size, err := io.ReadFull(content, buf)
		if size > 0 {
			length += int64(size)
			if err := s.insert(ctx, "keep a file", s.chunks, chunkDocument{File: upload, N: n, Data: buf[:size]}); err != nil {
				return 0, err
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return length, nil
		case err != nil:
			return 0, fmt.Errorf("read a file to keep it: %w", err)
		}
	}
}

func (s *Store) insert(ctx context.Context, doing string, c *driver.Collection, document any) error {
	ctx, cancel := s.operation(ctx)
	defer cancel()
	_, err := c.InsertOne(ctx, document)
	return s.failed(doing, err)
}

// dropUpload forgets an upload that did not become a file.
func (s *Store) dropUpload(ctx context.Context, upload any) error {
	clean, cancel := s.operation(ctx)
	defer cancel()
	if _, err := s.chunks.DeleteMany(clean, bson.D{{Key: "files_id", Value: upload}}); err != nil {
		return s.failed("clean up after a file", err)
	}
	return s.endUpload(ctx, upload)
}

func (s *Store) endUpload(ctx context.Context, upload any) error {
	ctx, cancel := s.operation(ctx)
	defer cancel()
	_, err := s.uploads.DeleteOne(ctx, bson.D{{Key: "_id", Value: upload}})
	return s.failed("finish a file", err)
}

// sweepUploads drops what crashes left of files.
func (s *Store) sweepUploads(ctx context.Context) error {
	old, err := many[uploadDocument](ctx, s, "find files cut off", s.uploads,
		bson.D{{Key: "at", Value: bson.D{{Key: "$lt", Value: s.now().Add(-maxUpload)}}}})
	if err != nil {
		return err
	}
	for _, u := range old {
		_, err := one[fileDocument](ctx, s, "look for a file", s.files, bson.D{{Key: "_id", Value: u.ID}})
		switch {
		case err == nil: // cut off when all was done
			err = s.endUpload(ctx, u.ID)
		case errors.Is(err, store.ErrNotFound):
			err = s.dropUpload(ctx, u.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// OpenFile implements store.Files.
func (s *Store) OpenFile(ctx context.Context, id string) (store.FileInfo, io.ReadCloser, error) {
	d, err := one[fileDocument](ctx, s, "look for a file", s.files, fileID(id))
	if err != nil {
		return store.FileInfo{}, nil, err
	}
	return d.info(), &reader{ctx: ctx, store: s, file: d, left: d.Length}, nil
}

// reader reads a file chunk by chunk, as fast as it is asked to.
type reader struct {
	ctx   context.Context
	store *Store
	file  fileDocument
	n     int
	rest  []byte // of the chunk before n
	left  int64
}

func (r *reader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.left == 0 {
			return 0, io.EOF
		}
		c, err := one[chunkDocument](r.ctx, r.store, "read a file", r.store.chunks,
			bson.D{{Key: "files_id", Value: r.file.ID}, {Key: "n", Value: r.n}},
			options.FindOne().SetProjection(bson.D{{Key: "data", Value: 1}}))
		if errors.Is(err, store.ErrNotFound) || err == nil && (len(c.Data) == 0 || int64(len(c.Data)) > r.left) {
			return 0, fmt.Errorf("read a file: the store holds %d bytes less or other than it should: %w", r.left, io.ErrUnexpectedEOF)
		}
		if err != nil {
			return 0, err
		}
		r.rest, r.n = c.Data, r.n+1
		r.left -= int64(len(c.Data))
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Close ends the reading.
func (r *reader) Close() error {
	r.left, r.rest = 0, nil
	return nil
}
