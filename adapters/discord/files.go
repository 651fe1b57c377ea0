package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"balie/adapters/upstream"
	"balie/internal/chat"
)

// source is where a file is read from. Its address expires after a day or so; the message then tells another one.
type source struct {
	URL     string `json:"u"`
	ID      string `json:"i"`
	Channel string `json:"c,omitempty"`
	Message string `json:"m,omitempty"`
}

// fileOf is a file of a message or, without one, of a form.
func fileOf(a wireAttachment, channel, message string) chat.File {
	name := a.Filename
	if a.Title != "" && a.Title != a.Filename { // Discord simplifies file names, and keeps the one that was given as the title
		name = titled(a.Title, a.Filename)
	}
	return chat.File{
		ID:   string(encode(source{URL: a.URL, ID: a.ID, Channel: channel, Message: message})),
		Name: chat.FileName(name), Type: a.ContentType, Size: a.Size,
	}
}

// ending is what a file's name may end with.
var ending = regexp.MustCompile(`\.[A-Za-z0-9]{1,10}$`)

// titled is a title with the ending that the file's name has.
func titled(title, name string) string {
	if end := ending.FindString(name); !strings.HasSuffix(title, end) {
		return title + end
	}
	return title
}

// Fetch reads a file that came with an event.
func (d *Discord) Fetch(ctx context.Context, f chat.File) (io.ReadCloser, error) {
	var from source
	if json.Unmarshal([]byte(f.ID), &from) != nil || from.URL == "" {
		return nil, &chat.SendError{Refused: "this is not a file of Discord's"}
	}
	content, err := d.download(ctx, from.URL)
	sent, failed := errors.AsType[*chat.SendError](err)
	if !failed || !sent.Gone || from.Message == "" {
		return content, err
	}
	var m wireMessage // its address has expired: the message has another one
	err = d.api.do(ctx, call{doing: "look a file up", method: http.MethodGet, path: "/channels/" + from.Channel + "/messages/" + from.Message,
		limit: "GET message " + from.Channel, out: &m})
	if err != nil {
		return nil, err
	}
	unfold(&m)
	for _, a := range m.Attachments {
		if a.ID == from.ID {
			return d.download(ctx, a.URL)
		}
	}
	return nil, sent
}

func (d *Discord) download(ctx context.Context, from string) (io.ReadCloser, error) {
	const doing = "fetch a file"
	u, err := url.Parse(from)
	if err != nil || !d.api.trusted(u) {
		return nil, &chat.SendError{Refused: "the file is not at Discord's"}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, &chat.SendError{Refused: "the file has no address"}
	}
	resp, err := d.api.files.Do(r)
	if err != nil {
		return nil, sendError(doing, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	err = fmt.Errorf("status %d", resp.StatusCode)
	if closeErr := resp.Body.Close(); closeErr != nil {
		err = errors.Join(err, closeErr)
	}
	switch {
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusForbidden || resp.StatusCode == http.StatusGone:
		return nil, &chat.SendError{Gone: true, Err: &failure{doing: doing, err: err}}
	case resp.StatusCode == http.StatusTooManyRequests:
		return nil, &chat.SendError{Retry: retryAfter(resp.Header), Err: &failure{doing: doing, err: err}}
	case resp.StatusCode >= http.StatusInternalServerError:
		return nil, &chat.SendError{Retry: upstream.AboutDownWait(), Err: &failure{doing: doing, err: err}}
	}
	return nil, &chat.SendError{Refused: err.Error()}
}

// retryAfter is how long an answer wants to be waited for.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseFloat(h.Get("Retry-After"), 64)
	if err != nil || seconds <= 0 || seconds > retryMost.Seconds() {
		return upstream.LimitWait
	}
	return time.Duration(seconds * float64(time.Second))
}

// retryMost is the longest wait that makes sense.
const retryMost = time.Hour

// uploads are the files of a post as the library sends them; free closes them.
func uploads(ctx context.Context, files []chat.OutFile, more []attachment) (out []*discordgo.File, free func() error, err error) {
	var open []io.Closer
	free = func() error {
		var failed error
		for _, c := range open {
			failed = errors.Join(failed, c.Close())
		}
		return failed
	}
	for _, f := range files {
		if f.Size > fileMax {
			return nil, free, &chat.SendError{Refused: fmt.Sprintf("the file %q has more than the %d bytes that Discord takes", f.Name, fileMax)}
		}
		content, err := f.Open(ctx)
		if err != nil {
			return nil, free, &chat.SendError{Err: fmt.Errorf("discord: read the file %q: %w", f.Name, err)}
		}
		open = append(open, content)
		out = append(out, &discordgo.File{Name: chat.FileName(f.Name), ContentType: f.Type, Reader: content})
	}
	for _, a := range more {
		out = append(out, &discordgo.File{Name: a.Name, ContentType: a.Type, Reader: bytes.NewReader(a.Content)})
	}
	return out, free, nil
}
