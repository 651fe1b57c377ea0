package slack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	slackapi "github.com/slack-go/slack"

	"balie/internal/chat"
)

// file is a file of a message or a form.
type file struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Title    string `json:"title"`
	MimeType string `json:"mimetype"`
	Size     int64  `json:"size"`
	Mode     string `json:"mode"`
}

// there says whether there is something to fetch.
func (f file) there() bool {
	return f.ID != "" && !slices.Contains([]string{"tombstone", "hidden_by_limit"}, f.Mode)
}

// of is the file as the bot knows it: its id says in which workspace it is.
func (f file) of(w *workspace) chat.File {
	name := f.Name
	if name == "" {
		name = f.Title
	}
	size := f.Size
	if size == 0 {
		size = -1
	}
	return chat.File{ID: w.id + "/" + f.ID, Name: chat.FileName(name), Type: f.MimeType, Size: size}
}

// Fetch reads a file. Slack's own hosts are asked, and no others: the library sees to that.
func (s *Slack) Fetch(ctx context.Context, f chat.File) (io.ReadCloser, error) {
	team, id, ok := strings.Cut(f.ID, "/")
	if !ok {
		return nil, &chat.SendError{Refused: "there is no such file"}
	}
	w, err := s.place(ctx, chat.Place{Platform: Name, Workspace: team})
	if err != nil {
		return nil, err
	}
	var info *slackapi.File
	err = s.pace.call(w.id+"|files.info", func() (err error) {
		info, _, _, err = w.api.GetFileInfoContext(ctx, id, 0, 0)
		return err
	})
	if err != nil {
		return nil, w.sendError("look up a file", err)
	}
	url := info.URLPrivateDownload
	if url == "" {
		url = info.URLPrivate
	}
	if url == "" || info.IsExternal {
		return nil, &chat.SendError{Refused: "the file is not kept by Slack"}
	}
	r, in := io.Pipe()
	go func() {
		err := w.api.GetFileContext(ctx, url, in)
		if err != nil {
			err = w.sendError("fetch a file", err)
		}
		in.CloseWithError(err)
	}()
	return r, nil
}

// attach puts the post's files into its thread, or under it. Slack makes a message of their own of them, which can't carry
// a key: where an earlier try may have made it, it is known by their names.
func (s *Slack) attach(ctx context.Context, c creation, ref chat.Ref, stood bool) error {
	thread := c.thread
	if thread == "" {
		thread = ref.Message
	}
	files := c.files
	if stood {
		var err error
		if files, err = s.notYet(ctx, c, thread, ref.Message); err != nil {
			return err
		}
	}
	if len(files) == 0 {
		return nil
	}
	complete := slackapi.CompleteUploadExternalParameters{Channel: c.channel, ThreadTimestamp: thread}
	for _, f := range files {
		id, err := s.upload(ctx, c.w, f)
		if err != nil {
			return err
		}
		if id != "" {
			complete.Files = append(complete.Files, slackapi.FileSummary{ID: id, Title: chat.FileName(f.Name)})
		}
	}
	if len(complete.Files) == 0 {
		return nil
	}
	err := s.pace.call(c.w.id+"|files.completeUploadExternal", func() error {
		_, err := c.w.api.CompleteUploadExternalContext(ctx, complete)
		return err
	})
	if err != nil {
		return s.missing(ctx, c.w, c.w.sendError("share files", err), err, c.channel, c.thread)
	}
	return nil
}

// notYet are the post's files that do not stand after it yet.
func (s *Slack) notYet(ctx context.Context, c creation, thread, after string) ([]chat.OutFile, error) {
	left := slices.Clone(c.files)
	err := s.replies(ctx, c.w, c.channel, thread, after, func(m message) (bool, error) {
		if m.TS <= after {
			return true, nil
		}
		if m.key() != "" { // the next post of ours: what comes after it is its own
			return false, nil
		}
		if m.ofBot(c.w) {
			for _, f := range m.Files {
				i := slices.IndexFunc(left, func(o chat.OutFile) bool {
					return chat.FileName(o.Name) == f.Name && (f.Size == 0 || f.Size == o.Size)
				})
				if i >= 0 {
					left = slices.Delete(left, i, i+1)
				}
			}
		}
		return true, nil
	})
	if err != nil {
		return nil, s.missing(ctx, c.w, c.w.sendError("look whether files stand", err), err, c.channel, c.thread)
	}
	return left, nil
}

// upload brings a file to Slack, where nobody sees it yet. An empty one, which Slack does not take, has no id.
func (s *Slack) upload(ctx context.Context, w *workspace, f chat.OutFile) (id string, err error) {
	if f.Size <= 0 {
		return "", nil
	}
	content, err := f.Open(ctx)
	if err != nil {
		return "", &chat.SendError{Err: fmt.Errorf("read a file to send: %w", err)}
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	name := chat.FileName(f.Name)
	var to *slackapi.GetUploadURLExternalResponse
	err = s.pace.call(w.id+"|files.getUploadURLExternal", func() (err error) {
		to, err = w.api.GetUploadURLExternalContext(ctx, slackapi.GetUploadURLExternalParameters{FileName: name, FileSize: int(f.Size)})
		return err
	})
	if err != nil {
		return "", w.sendError("announce a file", err)
	}
	if err := w.api.UploadToURL(ctx, slackapi.UploadToURLParameters{UploadURL: to.UploadURL, Reader: content, Filename: name}); err != nil {
		return "", w.sendError("upload a file", err)
	}
	return to.FileID, nil
}
