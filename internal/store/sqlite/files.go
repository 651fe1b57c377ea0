package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"balie/internal/store"
)

// chunkBits is how many chunks a content can have, as a power of two. The number of a chunk is its content's number
// followed by so many bits for its place.
const chunkBits = 20

// upload is a file that comes in. Each chunk is a write of its own, so that a large file holds up nobody; only the last
// write makes the file appear.
type upload struct {
	s       *Store
	content int64 // 0 before the first chunk
	chunks  int64
}

// PutFile keeps a file. See store.Files.
func (s *Store) PutFile(ctx context.Context, f store.FileInfo, content io.Reader) error {
	const doing = "keep the file"
	if _, _, err := s.file(ctx, doing, f.ID); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	u := &upload{s: s}
	if err := u.receive(ctx, doing, f, content); err != nil {
		return errors.Join(err, u.drop(context.WithoutCancel(ctx)))
	}
	return nil
}

func (u *upload) receive(ctx context.Context, doing string, f store.FileInfo, content io.Reader) error {
	f.Size = 0
	data := make([]byte, store.ChunkSize)
	for last := false; !last; {
		n, err := io.ReadFull(content, data)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			last = true
		case err != nil:
			return fmt.Errorf("%s: read its content: %w", doing, err)
		}
		f.Size += int64(n)
		if u.chunks == 1<<chunkBits {
			return fmt.Errorf("%s: it is larger than %d bytes", doing, int64(store.ChunkSize)<<chunkBits)
		}
		var info []byte
		if last {
			if info, err = json.Marshal(f); err != nil {
				return fmt.Errorf("%s: %w", doing, err)
			}
		}
		if err := u.write(ctx, doing, f.ID, data[:n], info); err != nil {
			return err
		}
	}
	return nil
}

// write keeps the next chunk and, with info, makes the file appear. If another one has its id by now that one stays.
func (u *upload) write(ctx context.Context, doing, id string, data, info []byte) error {
	content, chunks := u.content, u.chunks
	err := u.s.write(ctx, doing, func(w *conn) error {
		content, chunks = u.content, u.chunks
		if content == 0 {
			if err := w.one(uploadBegin, nil, &content); err != nil {
				return err
			}
		}
		if len(data) > 0 {
			if _, err := w.exec(chunkPut, content<<chunkBits|chunks, data); err != nil {
				return err
			}
			chunks++
		}
		if info == nil {
			return nil
		}
		var other int64
		if err := w.one(fileGet, args(id), &other, &[]byte{}); err == nil {
			return dropUpload(w, content)
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if _, err := w.exec(filePut, id, content, info); err != nil {
			return err
		}
		_, err := w.exec(uploadEnd, content)
		return err
	})
	if err == nil {
		u.content, u.chunks = content, chunks
	}
	return err
}

// drop forgets what came in of a file that will not be completed.
func (u *upload) drop(ctx context.Context) error {
	if u.content == 0 {
		return nil
	}
	return u.s.write(ctx, "drop the broken upload", func(w *conn) error { return dropUpload(w, u.content) })
}

func dropUpload(w *conn, content int64) error {
	if _, err := w.exec(chunksDelete, content<<chunkBits, content<<chunkBits|(1<<chunkBits-1)); err != nil {
		return err
	}
	_, err := w.exec(uploadEnd, content)
	return err
}

// dropUploads forgets the uploads that a crash broke off.
func dropUploads(w *conn) error {
	var content int64
	var broken []int64
	err := w.each(uploadsAll, nil, func() (bool, error) {
		broken = append(broken, content)
		return true, nil
	}, &content)
	for _, content := range broken {
		err = errors.Join(err, dropUpload(w, content))
	}
	return err
}

func (s *Store) file(ctx context.Context, doing, id string) (info store.FileInfo, content int64, err error) {
	var body []byte
	if err := s.read(ctx, doing, func(r *conn) error { return r.one(fileGet, args(id), &content, &body) }); err != nil {
		return info, 0, err
	}
	return info, content, decoded(doing, body, &info)
}

// OpenFile reads a file. See store.Files. The reader ends with ctx.
func (s *Store) OpenFile(ctx context.Context, id string) (store.FileInfo, io.ReadCloser, error) {
	info, content, err := s.file(ctx, "open the file", id)
	if err != nil {
		return info, nil, err
	}
	return info, &reader{ctx: ctx, s: s, next: content << chunkBits, left: info.Size}, nil
}

// reader reads a file chunk by chunk. It holds nothing between two of them.
type reader struct {
	ctx    context.Context
	s      *Store
	next   int64  // number of the next chunk
	data   []byte // of the chunk before, what was not read yet
	left   int64  // bytes in the chunks to come
	closed bool
}

// Read is for io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	const doing = "read the file"
	if r.closed {
		return 0, fmt.Errorf("%s: %w", doing, os.ErrClosed)
	}
	if len(r.data) == 0 {
		if r.left == 0 {
			return 0, io.EOF
		}
		if err := r.s.read(r.ctx, doing, func(c *conn) error { return c.one(chunkGet, args(r.next), &r.data) }); err != nil {
			return 0, err
		}
		r.next++
		r.left -= int64(len(r.data))
	}
	n := copy(p, r.data)
	r.data = r.data[n:]
	return n, nil
}

// Close is for io.Closer.
func (r *reader) Close() error {
	r.closed, r.data = true, nil
	return nil
}
