package discord

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"balie/adapters/memo"
	"balie/internal/chat"
)

// formState is a form that is being filled in. Discord closes a form when it is sent, shows five questions at once and tells
// nothing of one that is given up: what comes back is kept here, page by page, until all of it can go to the bot.
type formState struct {
	Nonce    string                 `json:"nonce"`
	Form     chat.Form              `json:"form"`
	Values   chat.Values            `json:"values"`
	Files    map[string][]chat.File `json:"files,omitempty"`
	Answered map[int]bool           `json:"answered,omitempty"` // pages that were sent
	Errors   map[string]string      `json:"errors,omitempty"`   // what the bot last said is wrong
	Person   string                 `json:"person"`
	Guild    string                 `json:"guild"`
	Channel  string                 `json:"channel"`
	Thread   string                 `json:"thread,omitempty"`
	Direct   bool                   `json:"direct,omitempty"`
	Version  int                    `json:"version"`
	At       int64                  `json:"at"` // when it was opened, in milliseconds since 1970
}

// newState is the state of a form that opens where the event happened.
func newState(f chat.Form, e chat.Event) formState {
	return formState{
		Nonce: strings.ToLower(rand.Text()), Form: f, Values: chat.Values{}, Person: e.Person.ID, Guild: e.Workspace,
		Channel: e.Channel, Thread: e.Thread, Direct: e.Direct, At: time.Now().UnixMilli(),
	}
}

// with is the state after a page was sent.
func (s formState) with(page int, fields []chat.Field, values chat.Values, files map[string][]chat.File) formState {
	s.Values = s.Values.Clone()
	s.Files, s.Answered = maps.Clone(s.Files), maps.Clone(s.Answered)
	if s.Answered == nil {
		s.Answered = map[int]bool{}
	}
	s.Answered[page] = true
	for _, f := range fields {
		if f.Kind != chat.FileField {
			delete(s.Values, f.ID)
			continue
		}
		// What was given before stays: nobody likes to upload it again.
		if all := slices.Concat(s.Files[f.ID], files[f.ID]); len(all) > 0 {
			if s.Files == nil {
				s.Files = map[string][]chat.File{}
			}
			s.Files[f.ID] = all[max(0, len(all)-filesOf(f)):]
		}
	}
	maps.Copy(s.Values, values)
	return s
}

// linkLeast is how much longer the link of a file has to work when its form is sent: the file is fetched after that.
const linkLeast = 10 * time.Minute

// withoutOld is the state without the files whose links work no more at a time, and the names of those by field: files of a
// form are in no message that would tell another link.
func (s formState) withoutOld(at time.Time) (formState, map[string][]string) {
	old, kept := map[string][]string{}, map[string][]chat.File{}
	for field, files := range s.Files {
		for _, f := range files {
			if end := linkEnd(f); end.IsZero() || end.After(at) {
				kept[field] = append(kept[field], f)
			} else {
				old[field] = append(old[field], f.Name)
			}
		}
	}
	s.Files = kept
	return s, old
}

// linkEnd is until when a file's link works; zero if it does not tell.
// https://docs.discord.com/developers/reference#signed-attachment-cdn-urls
func linkEnd(f chat.File) time.Time {
	var from source
	if json.Unmarshal([]byte(f.ID), &from) != nil {
		return time.Time{}
	}
	u, err := url.Parse(from.URL)
	if err != nil {
		return time.Time{}
	}
	seconds, err := strconv.ParseInt(u.Query().Get("ex"), 16, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

// next is the first page that was not sent yet; not ok if there is none.
func (s formState) next() (page int, ok bool) {
	for page := range pagesOf(s.Form) {
		if !s.Answered[page] {
			return page, true
		}
	}
	return 0, false
}

// wrongPage is the first page with something wrong; the one that was sent last if that is nowhere.
func (s formState) wrongPage(last int) int {
	for page, fields := range pagesOf(s.Form) {
		for _, f := range fields {
			if wrongIn(s.Errors, f.ID) != "" {
				return page
			}
		}
	}
	return last
}

// modal is a page as it opens now.
func (s formState) modal(v *values, page int, say phrases) modal {
	m := modalOf(s.Form, page, given{values: s.Values, again: s.Answered[page], files: s.Files, errors: s.Errors, say: say})
	m.CustomID = v.pageID(formMark, s.Nonce, page)
	return m
}

// pageID names a page of a form, or the button that opens it.
func (v *values) pageID(mark, nonce string, page int) string {
	return v.seal(mark + nonce + "." + strconv.Itoa(page))
}

// page is the page that an id names.
func (v *values) page(mark, id string) (nonce string, page int, err error) {
	if !strings.HasPrefix(id, mark) {
		return "", 0, errForged
	}
	text, err := v.open(id)
	if err != nil {
		return "", 0, err
	}
	nonce, number, ok := strings.Cut(text[len(mark):], ".")
	page, err = strconv.Atoi(number)
	if !ok || err != nil || page < 0 {
		return "", 0, errForged
	}
	return nonce, page, nil
}

// forms keeps the forms that are being filled in.
type forms struct {
	*Discord
	open *lru.Cache[string, formState] // by nonce; a state in it is never changed, but replaced

	mu   sync.Mutex
	done map[string]time.Time // when forms arrived
}

const (
	formGroup = "discord-form"
	formLasts = 24 * time.Hour
	// formStays is how long a form that arrived is kept, since it may be told once more.
	formStays = 15 * time.Minute
	tidyEvery = time.Hour
)

func newForms(d *Discord) *forms {
	return &forms{Discord: d, open: memo.New[string, formState](1000), done: map[string]time.Time{}}
}

// save keeps a state. Where the memory is away this process remembers it: what was typed is lost then if it ends before
// the form is sent.
func (f *forms) save(ctx context.Context, s *formState) {
	s.Version++
	f.open.Add(s.Nonce, *s)
	body, err := json.Marshal(s)
	if err == nil {
		err = f.opts.Memory.Keep(ctx, formGroup+"/"+s.Nonce, body)
	}
	if err != nil {
		f.log.WithError(err).Warn("discord: a form that is being filled in is not kept; it is lost if the program ends now")
	}
}

// load is the state of a form; errExpired if it is not kept any more. Any other error means that it can't be looked up now.
func (f *forms) load(ctx context.Context, nonce string) (formState, error) {
	known, here := f.open.Get(nonce)
	if here && f.opts.Lease == nil {
		return known, nil // nobody else could have changed it
	}
	body, err := f.opts.Memory.Recall(ctx, formGroup+"/"+nonce)
	switch {
	case err != nil && here:
		return known, nil
	case err != nil:
		return formState{}, fmt.Errorf("discord: read a form: %w", err)
	case body == nil && here: // it could not be kept
		return known, nil
	case body == nil:
		return formState{}, errExpired
	}
	var s formState
	if err := json.Unmarshal(body, &s); err != nil {
		return formState{}, fmt.Errorf("discord: read a form: %w", err)
	}
	if here && known.Version > s.Version {
		return known, nil
	}
	f.open.Add(nonce, s)
	return s, nil
}

// arrived notes that a form is with the bot.
func (f *forms) arrived(nonce string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done[nonce] = time.Now()
}

// run forgets what nobody needs any more, until ctx ends.
func (f *forms) run(ctx context.Context) {
	every := time.NewTicker(tidyEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-every.C:
			if err := f.tidy(ctx, now); err != nil && ctx.Err() == nil {
				f.log.WithError(err).Warn("discord: old forms could not be tidied up; that is tried again")
			}
		}
	}
}

// tidy forgets forms that arrived or were given up, and what old components carried.
func (f *forms) tidy(ctx context.Context, now time.Time) error {
	f.mu.Lock()
	done := maps.Clone(f.done)
	f.mu.Unlock()
	for nonce, at := range done {
		if now.Sub(at) < formStays {
			continue
		}
		if err := f.forget(ctx, nonce); err != nil {
			return err
		}
		f.mu.Lock()
		delete(f.done, nonce)
		f.mu.Unlock()
	}
	all, err := f.opts.Memory.List(ctx, formGroup)
	if err != nil {
		return fmt.Errorf("list the forms: %w", err)
	}
	for name, body := range all {
		var s struct {
			At int64 `json:"at"`
		}
		if json.Unmarshal(body, &s) == nil && now.Sub(time.UnixMilli(s.At)) < formLasts {
			continue
		}
		if err := f.forget(ctx, strings.TrimPrefix(name, formGroup+"/")); err != nil {
			return err
		}
	}
	return f.values.tidy(ctx, now)
}

func (f *forms) forget(ctx context.Context, nonce string) error {
	f.open.Remove(nonce)
	if err := f.opts.Memory.Forget(ctx, formGroup+"/"+nonce); err != nil {
		return fmt.Errorf("forget a form: %w", err)
	}
	return nil
}
