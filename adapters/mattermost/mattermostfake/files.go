package mattermostfake

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"
)

func (s *Server) fileRoutes() []route {
	return []route{
		{method: "POST", path: "/files", do: uploadFile},
		{method: "GET", path: "/files/{file}", do: getFile},
		{method: "GET", path: "/files/{file}/info", do: getFileInfo},
	}
}

// part is a file or a value of a form.
type part struct {
	field, name, kind string
	data              []byte
}

func (c *call) multipart() ([]part, error) {
	kind, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return nil, http.ErrNotMultipart
	}
	var parts []part
	for r := multipart.NewReader(bytes.NewReader(c.body), params["boundary"]); ; {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return parts, nil
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(p)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{field: p.FormName(), name: p.FileName(), kind: p.Header.Get("Content-Type"), data: data})
	}
}

func uploadFile(c *call) (any, *model.AppError) {
	q := c.r.URL.Query()
	channel := q.Get("channel_id")
	files, err := c.multipart()
	if err != nil {
		if !errors.Is(err, http.ErrNotMultipart) || len(c.body) == 0 {
			return nil, fault(http.StatusBadRequest, "api.file.upload_file.read_request.app_error")
		}
		files = []part{{field: "files", name: q.Get("filename"), kind: c.r.Header.Get("Content-Type"), data: c.body}}
	}
	out := &model.FileUploadResponse{FileInfos: []*model.FileInfo{}, ClientIds: []string{}}
	for _, f := range files {
		switch {
		case f.name == "" && f.field == "channel_id":
			channel = string(f.data)
			continue
		case f.name == "" && f.field == "client_ids":
			out.ClientIds = append(out.ClientIds, string(f.data))
			continue
		}
		ch := c.s.channels[channel]
		if ch == nil || !c.s.canChannel(c.me.Id, ch, model.PermissionUploadFile) {
			return nil, notPermitted(c, model.PermissionUploadFile)
		}
		out.FileInfos = append(out.FileInfos, c.s.addFile(ch, c.me.Id, f))
	}
	c.status = http.StatusCreated
	return out, nil
}

func (s *Server) addFile(ch *model.Channel, by string, f part) *model.FileInfo {
	name := filepath.Base(f.name)
	kind := mime.TypeByExtension(filepath.Ext(name))
	if kind == "" {
		kind = f.kind
	}
	info := &model.FileInfo{
		Id: model.NewId(), CreatorId: by, ChannelId: ch.Id, CreateAt: s.millis(), UpdateAt: s.millis(), Name: name,
		Extension: strings.TrimPrefix(filepath.Ext(name), "."), Size: int64(len(f.data)), MimeType: kind,
	}
	s.files[info.Id] = &upload{info: info, data: f.data}
	return info
}

// attach binds uploaded files to a post. Unknown, foreign and used ones are left out without a word.
func (s *Server) attach(p *model.Post, ids []string) model.StringArray {
	var attached model.StringArray
	for _, id := range ids {
		f := s.files[id]
		if f == nil || f.info.PostId != "" || f.info.CreatorId != p.UserId {
			continue
		}
		info := *f.info
		info.PostId, info.ChannelId = p.Id, p.ChannelId
		s.files[id] = &upload{info: &info, data: f.data}
		attached = append(attached, id)
	}
	return attached
}

// file finds the file of the call, for its owner and those who may read its channel.
func (c *call) file() (*upload, *model.AppError) {
	f := c.s.files[c.params["file"]]
	if f == nil && !strings.HasSuffix(c.r.URL.Path, "/info") {
		return nil, fault(http.StatusNotFound, "api.file.get_file_info.app_error")
	}
	if f == nil || f.info.DeleteAt != 0 {
		return nil, fault(http.StatusNotFound, "app.file_info.get.app_error")
	}
	if f.info.CreatorId != c.me.Id && !c.s.canRead(c.me.Id, c.s.channels[f.info.ChannelId]) {
		return nil, notPermitted(c, model.PermissionReadChannelContent)
	}
	return f, nil
}

func getFile(c *call) (any, *model.AppError) {
	f, e := c.file()
	if e != nil {
		return nil, e
	}
	c.w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.info.Name}))
	return raw{f.info.MimeType, f.data}, nil
}

func getFileInfo(c *call) (any, *model.AppError) {
	f, e := c.file()
	if e != nil {
		return nil, e
	}
	return f.info, nil
}

func postFiles(c *call) (any, *model.AppError) {
	p, e := c.readable()
	if e != nil {
		return nil, e
	}
	out := []*model.FileInfo{}
	for _, id := range p.FileIds {
		out = append(out, c.s.files[id].info)
	}
	return out, nil
}
