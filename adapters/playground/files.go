package playground

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"balie/adapters/playground/wire"
	"balie/internal/chat"
)

// imageTypes are shown as pictures: none of them can carry a script.
var imageTypes = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

var errTooLarge = errors.New("playground: the file is too large")

// upload is a file that somebody brought, until and after it is posted.
type upload struct {
	Owner string    `json:"owner"`
	File  wire.File `json:"file"`
}

// keepFile keeps content under the id. The type of a picture is what the content says, not what is claimed.
func (p *Playground) keepFile(ctx context.Context, id, name, claimed string, content io.Reader) (wire.File, error) {
	head := make([]byte, 512)
	n, err := io.ReadFull(content, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return wire.File{}, fmt.Errorf("read the file: %w", err)
	}
	head = head[:n]
	f := wire.File{ID: id, Name: chat.FileName(name), Type: mediaType(head, claimed)}
	f.Image = slices.Contains(imageTypes, f.Type)
	counted := &limited{from: io.MultiReader(bytes.NewReader(head), content), left: fileMax}
	err = p.opts.Content.PutFile(ctx, FileInfo{ID: id, Name: f.Name, Type: f.Type}, counted)
	if counted.over {
		return wire.File{}, errTooLarge
	}
	if err != nil {
		return wire.File{}, fmt.Errorf("keep the file: %w", err)
	}
	info, open, err := p.opts.Content.OpenFile(ctx, id)
	if err != nil {
		return wire.File{}, fmt.Errorf("read the file back: %w", err)
	}
	f.Size = info.Size // of what stands there, which an earlier try may have put
	return f, open.Close()
}

func mediaType(head []byte, claimed string) string {
	sniffed := http.DetectContentType(head)
	if slices.Contains(imageTypes, sniffed) {
		return sniffed
	}
	claimed, _, err := mime.ParseMediaType(claimed)
	if err != nil || strings.HasPrefix(claimed, "image/") {
		return "application/octet-stream"
	}
	return claimed
}

// limited reads at most left bytes; more is an error.
type limited struct {
	from io.Reader
	left int64
	over bool
}

func (l *limited) Read(b []byte) (int, error) {
	n, err := l.from.Read(b)
	if l.left -= int64(n); l.left < 0 {
		l.over = true
		return 0, errTooLarge
	}
	return n, err
}

// uploads are the person's uploads with the ids, as files of a message or form.
func (p *Playground) uploads(ctx context.Context, who *Persona, ids []string) ([]wire.File, error) {
	if len(ids) > filesMax {
		return nil, &problem{status: 422, Code: "files", Message: fmt.Sprintf("At most %d files at a time, please.", filesMax)}
	}
	var out []wire.File
	for _, id := range ids {
		r, err := p.opts.Content.Record(ctx, uploadSpace, id)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, fmt.Errorf("playground: read an upload: %w", err)
		}
		var u upload
		if err == nil {
			if err := json.Unmarshal(r.Body, &u); err != nil {
				return nil, fmt.Errorf("playground: decode an upload: %w", err)
			}
		}
		if u.Owner != who.ID {
			return nil, &problem{status: 404, Code: "no_file", Message: "One of the files is not there. Please attach it again."}
		}
		out = append(out, u.File)
	}
	return out, nil
}

func chatFiles(files []wire.File) []chat.File {
	var out []chat.File
	for _, f := range files {
		out = append(out, chat.File{ID: f.ID, Name: f.Name, Type: f.Type, Size: f.Size})
	}
	return out
}

// Fetch reads a file that came with an event.
func (p *Playground) Fetch(ctx context.Context, f chat.File) (io.ReadCloser, error) {
	_, content, err := p.opts.Content.OpenFile(ctx, f.ID)
	if err != nil {
		return nil, fmt.Errorf("playground: open file %s: %w", f.ID, err)
	}
	return content, nil
}

// serveUpload takes a file: the body is its content. Sent again with the same nonce it is the same file.
func (p *Playground) serveUpload(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	who, err := p.persona(q.Get("as"))
	if err != nil {
		return err
	}
	if err := checkNonce(q.Get("nonce")); err != nil {
		return err
	}
	tooLarge := &problem{status: 413, Code: "file_size", Message: fmt.Sprintf("The file is too large: at most %d MB.", fileMax>>20)}
	if r.ContentLength > fileMax {
		return tooLarge
	}
	if r.ContentLength == 0 {
		return &problem{status: 422, Code: "file_empty", Message: "The file is empty."}
	}
	id := hashID("u", who.ID, q.Get("nonce"))
	f, err := p.keepFile(r.Context(), id, q.Get("name"), r.Header.Get("Content-Type"), r.Body)
	if errors.Is(err, errTooLarge) {
		return tooLarge
	}
	if err != nil {
		return fmt.Errorf("playground: upload: %w", err)
	}
	if f.Size == 0 {
		return &problem{status: 422, Code: "file_empty", Message: "The file is empty."}
	}
	body, err := json.Marshal(upload{Owner: who.ID, File: f})
	if err != nil {
		return fmt.Errorf("playground: encode an upload: %w", err)
	}
	now := p.now()
	if _, _, err := p.opts.Content.AddRecord(r.Context(), Record{
		Space: uploadSpace, ID: id, Group: who.ID, Order: p.order(now), Body: body,
	}); err != nil {
		return fmt.Errorf("playground: keep an upload: %w", err)
	}
	return reply(w, wire.Answer{File: &f})
}

// serveFile gives a file of a message that the person may see.
func (p *Playground) serveFile(w http.ResponseWriter, r *http.Request) error {
	who, err := p.persona(r.URL.Query().Get("as"))
	if err != nil {
		return err
	}
	m, err := p.visible(r.Context(), who, r.PathValue("message"))
	if err != nil {
		return err
	}
	i := slices.IndexFunc(m.Files, func(f wire.File) bool { return f.ID == r.PathValue("file") })
	if i < 0 {
		return &problem{status: 404, Code: "no_file", Message: "There is no such file."}
	}
	f := m.Files[i]
	_, content, err := p.opts.Content.OpenFile(r.Context(), f.ID)
	if err != nil {
		return fmt.Errorf("playground: open a file: %w", err)
	}
	defer content.Close()
	head := w.Header()
	disposition, kind := "attachment", "application/octet-stream"
	if f.Image {
		disposition, kind = "inline", f.Type
	}
	head.Set("Content-Type", kind)
	head.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": f.Name}))
	head.Set("Content-Length", fmt.Sprint(f.Size))
	head.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	head.Set("Cache-Control", "private, max-age=3600")
	if _, err := io.Copy(w, content); err != nil {
		p.log.WithError(err).Debug("playground: a download was cut short")
	}
	return nil
}
