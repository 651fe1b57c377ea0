package discordfake

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// attachment is a file of a message, or of a form.
type attachment struct {
	id, name, kind string
	description    string
	channel        string
	ephemeral      bool   // its address is another one
	by             *user  // who uploaded it at a client
	title          string // what it was called, without its ending, where that is not its name
	key            []byte
	data           []byte
}

// linkLife is how long the address of a file is good.
// https://docs.discord.com/developers/reference#signed-attachment-cdn-urls
const linkLife = 24 * time.Hour

var oddInName = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// newFile stores a file. Discord writes its name anew, without folders and dots at its beginning: what is not a letter, a digit or
// one of ._- becomes an underscore.
func (s *Server) newFile(channel, name, kind string, data []byte) *attachment {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	f := &attachment{
		id: s.id(), name: cmp.Or(strings.TrimLeft(oddInName.ReplaceAllString(name, "_"), "."), "unknown"), channel: channel, data: data, key: []byte(random(16)),
		kind: cmp.Or(mime.TypeByExtension(path.Ext(name)), kind, "application/octet-stream"),
	}
	if f.name != name {
		f.title = strings.TrimSuffix(name, path.Ext(name))
	}
	s.files[f.id] = f
	return f
}

// wireAttachment is a file with an address that is good for a day.
// https://docs.discord.com/developers/resources/message#attachment-object
func (s *Server) wireAttachment(f *attachment) map[string]any {
	at := s.linkTo(f)
	v := map[string]any{
		"id": f.id, "filename": f.name, "size": len(f.data), "url": at, "proxy_url": at, "content_type": f.kind,
		"content_scan_version": 0,
	}
	if f.description != "" {
		v["description"] = f.description
	}
	if f.title != "" {
		v["title"] = f.title
	}
	if f.ephemeral {
		v["ephemeral"] = true
	}
	return v
}

func (s *Server) linkTo(f *attachment) string {
	is := s.host.Now()
	ex := is.Add(linkLife)
	kind := "attachments"
	if f.ephemeral {
		kind = "ephemeral-attachments"
	}
	from, to := hexTime(is), hexTime(ex)
	return fmt.Sprintf("%s/%s/%s/%s/%s?ex=%s&is=%s&hm=%s", s.URL, kind, f.channel, f.id, url.PathEscape(f.name), to, from, f.sign(to, from))
}

func hexTime(t time.Time) string { return strconv.FormatInt(t.Unix(), 16) }

// sign is what makes an address one that nobody can guess.
func (f *attachment) sign(ex, is string) string {
	mac := hmac.New(sha256.New, f.key)
	mac.Write([]byte(f.channel + "/" + f.id + "/" + f.name + "?" + ex + "&" + is))
	return hex.EncodeToString(mac.Sum(nil))
}

// serveAttachment gives a file to whoever has its address, without a token.
func (s *Server) serveAttachment(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if cutOff, answered := s.fileTrouble(w, r); cutOff || answered {
		return
	}
	s.mu.Lock()
	f := s.files[r.PathValue("id")]
	now := s.host.Now()
	s.mu.Unlock()
	ex, err := strconv.ParseInt(q.Get("ex"), 16, 64)
	if f == nil || err != nil || f.channel != r.PathValue("channel") || f.name != r.PathValue("name") ||
		!hmac.Equal([]byte(f.sign(q.Get("ex"), q.Get("is"))), []byte(q.Get("hm"))) || now.Unix() > ex {
		http.Error(w, "This content is no longer available.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Content-Disposition", "attachment; filename="+strconv.Quote(f.name))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.data))
}
