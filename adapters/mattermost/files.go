package mattermost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/internal/chat"
)

// Fetch reads a file from the server, from nowhere else.
func (m *Mattermost) Fetch(ctx context.Context, f chat.File) (io.ReadCloser, error) {
	if !model.IsValidId(f.ID) {
		return nil, &chat.SendError{Refused: "that is no file of the server's"}
	}
	resp, err := m.api.DoAPIGet(ctx, "/files/"+f.ID, "")
	if err != nil {
		sent := m.sendError("read a file", model.BuildResponse(resp), err)
		if sent.Gone || sent.Blocked != "" && resp.StatusCode == http.StatusForbidden {
			sent = &chat.SendError{Refused: "the file is gone, or the bot may not read it", Err: sent.Err}
		}
		return nil, sent
	}
	return resp.Body, nil
}

// upload brings the files of a post to the server. Those of a post that is made after all on a second try stay there
// without one; the server shows them to nobody.
func (m *Mattermost) upload(ctx context.Context, channel string, files []chat.OutFile) (model.StringArray, error) {
	var ids model.StringArray
	if len(files) > filesMax {
		return nil, &chat.SendError{Refused: fmt.Sprintf("at most %d files go with a post", filesMax)}
	}
	for _, f := range files {
		content, err := read(ctx, f)
		if err != nil {
			return nil, &chat.SendError{Err: fmt.Errorf("read a file to be sent: %w", err)}
		}
		query := url.Values{"channel_id": {channel}, "filename": {chat.FileName(f.Name)}}
		up, resp, err := m.api.DoUploadFile(ctx, "/files?"+query.Encode(), content, "application/octet-stream")
		if err != nil {
			return nil, m.missing(ctx, m.sendError("upload a file", resp, err), resp, channel)
		}
		if len(up.FileInfos) != 1 {
			return nil, &chat.SendError{Err: errors.New("upload a file: the server's answer makes no sense")}
		}
		ids = append(ids, up.FileInfos[0].Id)
	}
	return ids, nil
}

func read(ctx context.Context, f chat.OutFile) ([]byte, error) {
	open, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	var content bytes.Buffer
	_, err = io.Copy(&content, open)
	return content.Bytes(), errors.Join(err, open.Close())
}

// attach moves the files of a submission from its values, where only their ids stand, to its files.
func (m *Mattermost) attach(ctx context.Context, s state, in model.SubmitDialogRequest, to *chat.Submit) error {
	for _, q := range s.Asked {
		if q.Kind != chat.FileField {
			continue
		}
		ids := to.Values[q.ID]
		delete(to.Values, q.ID)
		for _, id := range ids {
			if len(in.FileIds) > 0 && !slices.Contains(in.FileIds, id) {
				continue // not one that the server vouches for
			}
			info, resp, err := m.api.GetFileInfo(ctx, id)
			if err != nil {
				m.log.WithError(m.sendError("look at a file", resp, err)).Warn("mattermost: the files of a form can't be read")
				return err
			}
			if to.Files == nil {
				to.Files = map[string][]chat.File{}
			}
			to.Files[q.ID] = append(to.Files[q.ID], chat.File{ID: info.Id, Name: chat.FileName(info.Name), Type: info.MimeType, Size: info.Size})
		}
	}
	return nil
}
