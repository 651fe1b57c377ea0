package slackfake

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// File is a file as messages and the Web API show it.
type File struct {
	ID                 string `json:"id"`
	Created            int64  `json:"created"`
	Timestamp          int64  `json:"timestamp"`
	Name               string `json:"name"`
	Title              string `json:"title"`
	Mimetype           string `json:"mimetype"`
	Filetype           string `json:"filetype"`
	User               string `json:"user"`
	UserTeam           string `json:"user_team"`
	Mode               string `json:"mode"`
	Size               int    `json:"size"`
	URLPrivate         string `json:"url_private"`
	URLPrivateDownload string `json:"url_private_download"`
	Permalink          string `json:"permalink"`
	FileAccess         string `json:"file_access"`
}

// file is a file with what is not shown.
type file struct {
	File
	w      *Workspace
	data   []byte
	length int  // what was announced, of an upload that is not done
	ours   bool // the app may read it wherever it is: its own, or given to it in a form
	done   bool
	rooms  []*channel
	shares map[string][]map[string]any // by channel
}

const maxUpload = 64 << 20

// newFile makes a file without content. It is called with s.mu.
func (w *Workspace) newFile(user, name string) *file {
	s := w.s
	id := s.id("F")
	now := s.host.Now().Unix()
	kind := cmp.Or(mime.TypeByExtension(path.Ext(name)), "application/octet-stream")
	kind, _, _ = strings.Cut(kind, ";")
	f := &file{w: w, shares: map[string][]map[string]any{}, File: File{
		ID: id, Created: now, Timestamp: now, Name: name, Title: name, Mimetype: kind,
		Filetype: cmp.Or(strings.TrimPrefix(path.Ext(name), "."), "binary"), User: user, UserTeam: w.ID, Mode: "hosted",
		Permalink: "https://" + w.Domain + ".slack.com/files/" + user + "/" + id, FileAccess: "visible",
	}}
	at := s.URL + "/files-pri/" + w.ID + "-" + id + "/"
	f.URLPrivate = at + url.PathEscape(name)
	f.URLPrivateDownload = at + "download/" + url.PathEscape(name)
	s.files[id] = f
	return f
}

// upload makes a file with its content, as a person's client does. It is called with s.mu.
func (w *Workspace) upload(user, name string, data []byte) *file {
	f := w.newFile(user, name)
	f.data, f.Size, f.done = data, len(data), true
	return f
}

// share notes that a file stands in a message.
func (f *file) share(ch *channel, m *Message) {
	f.rooms = append(f.rooms, ch)
	entry := map[string]any{"ts": m.TS, "channel_name": ch.name, "team_id": ch.w.ID}
	if m.ThreadTS != "" {
		entry["thread_ts"] = m.ThreadTS
	}
	f.shares[ch.id] = append(f.shares[ch.id], entry)
}

// readable says whether the app may read the file.
func (f *file) readable(g *grant) bool {
	if !g.covers(f.w) {
		return false
	}
	if f.ours {
		return true
	}
	for _, ch := range f.rooms {
		if ch.hasBot() {
			return true
		}
	}
	return false
}

func (f *file) wire() map[string]any {
	raw, err := json.Marshal(f.File)
	v := map[string]any{}
	if err == nil {
		err = json.Unmarshal(raw, &v)
	}
	if err != nil {
		panic(err) // it holds nothing but text and numbers
	}
	shares := map[string]any{}
	for _, ch := range f.rooms {
		visible := "public"
		if ch.kind != public {
			visible = "private"
		}
		in, _ := shares[visible].(map[string]any)
		if in == nil {
			in = map[string]any{}
			shares[visible] = in
		}
		in[ch.id] = f.shares[ch.id]
	}
	v["shares"] = shares
	return v
}

func filesInfo(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[c.str("file")]
	if f == nil || !f.done || !f.readable(c.grant) {
		return nil, refuse("file_not_found")
	}
	return answer{"file": f.wire(), "comments": []any{}}, nil
}

func filesGetUploadURLExternal(c *call) (answer, *refusal) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := strconv.Atoi(c.str("length"))
	if name := c.str("filename"); name == "" || err != nil || n <= 0 {
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: filename or length")
	}
	w := c.home()
	if w == nil {
		return nil, refuse("team_not_found")
	}
	f := w.newFile(c.grant.bot.id, c.str("filename"))
	f.length, f.ours = n, true
	return answer{"upload_url": s.URL + "/upload/" + f.ID, "file_id": f.ID}, nil
}

// serveUpload takes the content of a file: as it is, or as the part "file" or "filename" of a form.
func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpload))
	if err != nil {
		http.Error(w, "upload too large", http.StatusRequestEntityTooLarge)
		return
	}
	if kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		body = firstFile(body, params["boundary"])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[r.PathValue("file")]
	if f == nil || f.done || f.data != nil {
		http.Error(w, "no such upload", http.StatusNotFound)
		return
	}
	if len(body) != f.length {
		s.host.Note("an upload of %d bytes was announced with %d", len(body), f.length)
		http.Error(w, "wrong length", http.StatusBadRequest)
		return
	}
	f.data, f.Size = body, len(body)
	_, _ = io.WriteString(w, "OK - "+strconv.Itoa(len(body))) // the client may be gone
}

func firstFile(body []byte, boundary string) []byte {
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		p, err := parts.NextPart()
		if err != nil {
			return nil
		}
		if p.FileName() != "" {
			data, err := io.ReadAll(p)
			if err != nil {
				return nil
			}
			return data
		}
	}
}

func filesCompleteUploadExternal(c *call) (answer, *refusal) {
	s := c.s
	var list []struct{ ID, Title string }
	if json.Unmarshal(c.raw("files"), &list) != nil || len(list) == 0 {
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: files")
	}
	var rooms []string
	if one := c.str("channel_id"); one != "" {
		rooms = append(rooms, one)
	}
	if many := c.str("channels"); many != "" {
		rooms = append(rooms, strings.Split(many, ",")...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var files []*file
	for _, l := range list {
		f := s.files[l.ID]
		if f == nil || f.done || f.data == nil || !c.grant.covers(f.w) {
			return nil, refuse("file_not_found")
		}
		files = append(files, f)
	}
	var into []*channel
	for _, id := range rooms {
		ch, no := c.writable(id)
		if no != nil {
			return nil, no
		}
		if _, no := c.thread(ch); no != nil {
			return nil, no
		}
		into = append(into, ch)
	}
	shown := []map[string]any{}
	posted := make([]File, 0, len(files))
	for i, f := range files {
		f.Title, f.done = cmp.Or(list[i].Title, f.Name), true
		shown = append(shown, map[string]any{"id": f.ID, "title": f.Title})
		posted = append(posted, f.File)
	}
	for _, ch := range into {
		m := &Message{
			User: c.grant.bot.id, BotID: c.grant.bot.botID, AppID: s.AppID, Subtype: "file_share", Files: posted,
			Text: entities(c.str("initial_comment")), botName: c.grant.bot.Real, ThreadTS: c.str("thread_ts"),
		}
		s.post(ch, m)
		for _, f := range files {
			f.share(ch, m)
		}
	}
	return answer{"files": shown}, nil
}

// serveFile gives the content of a file to whom may read it; others are sent to sign in.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	_, id, _ := strings.Cut(r.PathValue("file"), "-")
	if id == "signin" {
		_, _ = io.WriteString(w, "<!DOCTYPE html><title>Sign in</title>") // the client may be gone
		return
	}
	s.mu.Lock()
	f := s.files[id]
	g := s.grants[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	allowed := f != nil && f.done && g != nil && g.broken == "" && g.may("files:read") && f.readable(g)
	s.mu.Unlock()
	if !allowed {
		at := s.URL + "/files-pri/T-signin/?redir=" + url.QueryEscape(r.URL.Path)
		http.Redirect(w, r, at, http.StatusFound)
		return
	}
	w.Header().Set("Content-Type", f.Mimetype)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	http.ServeContent(w, r, "", time.Unix(f.Created, 0), bytes.NewReader(f.data))
}
