package discordfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Discord's limits of messages. https://docs.discord.com/developers/resources/message#create-message
const (
	contentMax    = 2000
	embedsMax     = 10
	embedTotal    = 6000
	nonceMax      = 25
	rowsMax       = 5
	componentsMax = 40 // of messages with the components flag
)

// target is what a message's body is for; that decides which flags go.
type target int

const (
	newMessage  target = iota // POST /channels/{channel}/messages, and the first of a forum's post
	messageEdit               // PATCH
	reply                     // an answer to an interaction, or a follow-up
	replyEdit                 // a change of that
)

// ofComponents is added to the target where the message has the components flag already.
const ofComponents target = 1 << 8

// of is the target of a change to this message.
func (t target) of(m *message) target {
	if m.flags&flagComponents != 0 {
		return t | ofComponents
	}
	return t
}

func (t target) edits() bool {
	kind := t &^ ofComponents
	return kind == messageEdit || kind == replyEdit
}

// flags are those that an app may set.
func (t target) flags() int {
	const always = flagSuppressEmbeds | flagComponents
	switch {
	case t.edits():
		return always
	case t == reply:
		return always | flagEphemeral | flagSilent
	default:
		return always | flagSilent
	}
}

// payload is the body of a message that the app sends, or of a change to one.
type payload struct {
	has        map[string]bool // what the body has, null or not
	content    string
	nonce      json.RawMessage
	enforce    bool
	embeds     []json.RawMessage
	components []json.RawMessage
	allowed    *allowed
	reference  *reference
	orFail     bool // the reference has to be there
	flags      int
	keep       []string // ids of attachments that stay, of an edit
	keepAll    bool     // the edit says nothing about attachments
	files      []upload
	names      map[int]string // of uploads, if the body names them
	describe   map[int]string
}

// bodyFields are what a message's body may have.
var bodyFields = map[string]bool{
	"content": true, "nonce": true, "enforce_nonce": true, "tts": true, "embeds": true, "allowed_mentions": true,
	"message_reference": true, "components": true, "sticker_ids": true, "attachments": true, "flags": true, "poll": true,
	"ID": true, "Channel": true, // of edits by the library, which Discord overlooks
}

// payload reads and checks a message's body with its files. What breaks a limit is a problem, too: the app has to know it.
func (c *call) payload(raw json.RawMessage, uploads []upload, to target) (*payload, *refusal) {
	p, no := readPayload(raw, uploads, to)
	if no != nil {
		c.complain(no)
	}
	return p, no
}

// complain notes that the app sent what breaks a limit.
func (c *call) complain(no *refusal) {
	detail := ""
	if no.errors != nil {
		detail = ": " + string(mustJSON(no.errors))
	}
	c.s.host.Note("%s was refused with %d %s%s", c.route, no.code, no.message, detail)
}

// readPayload is payload, without noting what is wrong.
func readPayload(raw json.RawMessage, uploads []upload, to target) (*payload, *refusal) {
	var v any = map[string]any{}
	if len(raw) > 0 && json.Unmarshal(raw, &v) != nil {
		return nil, badJSON
	}
	k := &issues{}
	body, is := k.object(nil, v)
	if !is {
		return nil, k.refusal()
	}
	p := &payload{has: map[string]bool{}, names: map[int]string{}, describe: map[int]string{}, files: uploads, keepAll: true}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		p.has[name] = true
		if !bodyFields[name] {
			k.add(at{name}, "UNKNOWN_FIELD", "A message has no such field.") // Discord overlooks it, but it is a mistake
		}
	}
	p.content = k.text(nil, body, "content")
	k.length(at{"content"}, p.content, 0, contentMax)
	p.readNonce(k, body)
	p.readFlags(k, body, to)
	p.embeds = k.embeds(at{"embeds"}, body["embeds"])
	p.readMentions(k, body)
	p.readReference(k, body)
	p.readFiles(k, body, to)
	v2 := p.flags&flagComponents != 0 || to&ofComponents != 0
	cs := &components{checks: newChecks(k), v2: v2, files: p.names}
	for _, u := range uploads {
		if _, named := cs.files[u.index]; !named {
			cs.files[u.index] = u.name
		}
	}
	p.components = cs.top(at{"components"}, body["components"])
	if v2 && (p.content != "" || len(p.embeds) > 0) {
		k.add(at{"content"}, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "The 'content' and 'embeds' fields cannot be used when using MessageFlags.IS_COMPONENTS_V2")
	}
	if no := k.refusal(); no != nil {
		return nil, no
	}
	for _, u := range uploads {
		if len(u.data) > maxFile {
			return nil, tooLarge
		}
	}
	if !to.edits() && p.empty() {
		return nil, emptyMessage
	}
	return p, nil
}

// empty says whether there is nothing to show.
func (p *payload) empty() bool {
	forwards := p.reference != nil && p.reference.kind == 1
	return strings.TrimSpace(p.content) == "" && len(p.embeds) == 0 && len(p.components) == 0 && len(p.files) == 0 && !forwards
}

func (p *payload) readNonce(k *issues, body map[string]any) {
	switch n := body["nonce"].(type) {
	case nil:
	case string:
		if utf8.RuneCountInString(n) > nonceMax {
			k.add(at{"nonce"}, "NONCE_TYPE_TOO_LONG", "Nonce must be %d or fewer characters.", nonceMax)
		}
		p.nonce = mustJSON(n)
	case float64:
		p.nonce = json.RawMessage(strconv.FormatFloat(n, 'f', -1, 64))
	default:
		k.add(at{"nonce"}, "NONCE_TYPE_INVALID", "Nonce must be a string or a number.")
	}
	p.enforce = k.boolean(nil, body, "enforce_nonce")
}

func (p *payload) readFlags(k *issues, body map[string]any, to target) {
	p.flags, _ = k.whole(nil, body, "flags")
	if odd := p.flags &^ to.flags(); odd != 0 {
		k.add(at{"flags"}, "MESSAGE_FLAGS_INVALID", "The flags %d cannot be set here.", odd)
	}
}

// readMentions reads who may be notified. https://docs.discord.com/developers/resources/message#allowed-mentions-object
func (p *payload) readMentions(k *issues, body map[string]any) {
	v, has := body["allowed_mentions"]
	if !has || v == nil {
		return
	}
	where := at{"allowed_mentions"}
	m, is := k.object(where, v)
	if !is {
		return
	}
	p.allowed = &allowed{Replied: k.boolean(where, m, "replied_user")}
	read := func(name string) (out []string) {
		if v, has := m[name]; has && v == nil {
			k.required(where.to(name)) // null is no list
		}
		for i, v := range k.listOf(where.to(name), m[name]) {
			s, is := v.(string)
			if !is {
				k.add(where.to(name, i), "STRING_TYPE_CONVERT", "Could not interpret \"%v\" as string.", v)
			}
			out = append(out, s)
		}
		return out
	}
	p.allowed.Parse, p.allowed.Users, p.allowed.Roles = read("parse"), read("users"), read("roles")
	for i, what := range p.allowed.Parse {
		if what != "users" && what != "roles" && what != "everyone" {
			k.add(where.to("parse", i), "BASE_TYPE_CHOICES", "Value must be one of ('users', 'everyone', 'roles').")
		}
	}
	for name, list := range map[string][]string{"users": p.allowed.Users, "roles": p.allowed.Roles} {
		if len(list) > 0 && slices.Contains(p.allowed.Parse, name) {
			k.add(where, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", "parse:[\"%s\"] and %s: [ids...] are mutually exclusive.", name, name)
		}
		if len(list) > 100 {
			k.add(where.to(name), "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")
		}
		for i, id := range list {
			if !snowflakes.MatchString(id) {
				k.add(where.to(name, i), "NUMBER_TYPE_COERCE", "Value \"%s\" is not snowflake.", id)
			}
		}
	}
}

func (p *payload) readReference(k *issues, body map[string]any) {
	v, has := body["message_reference"]
	if !has || v == nil {
		return
	}
	where := at{"message_reference"}
	m, is := k.object(where, v)
	if !is {
		return
	}
	r := &reference{message: k.text(where, m, "message_id"), channel: k.text(where, m, "channel_id"), guild: k.text(where, m, "guild_id")}
	r.kind, _ = k.whole(where, m, "type")
	if !snowflakes.MatchString(r.message) {
		k.add(where.to("message_id"), "NUMBER_TYPE_COERCE", "Value \"%s\" is not snowflake.", r.message)
	}
	p.reference, p.orFail = r, true
	if fail, has := m["fail_if_not_exists"]; has && fail == false {
		p.orFail = false
	}
}

// readFiles matches what the body says about attachments with the files that came.
// https://docs.discord.com/developers/reference#uploading-files
func (p *payload) readFiles(k *issues, body map[string]any, to target) {
	if len(p.files) > maxFiles {
		k.add(at{"files"}, "BASE_TYPE_MAX_LENGTH", "Must be %d or fewer in length.", maxFiles)
	}
	seen := map[int]bool{}
	for _, u := range p.files {
		if seen[u.index] {
			k.add(at{"files", strconv.Itoa(u.index)}, "ATTACHMENT_DUPLICATE", "Two files have this number.")
		}
		seen[u.index] = true
	}
	v, has := body["attachments"]
	if !has {
		return
	}
	p.keepAll = false
	list := k.listOf(at{"attachments"}, v)
	if len(list) > maxFiles {
		k.add(at{"attachments"}, "BASE_TYPE_MAX_LENGTH", "Must be %d or fewer in length.", maxFiles)
	}
	for i, v := range list {
		where := at{"attachments", strconv.Itoa(i)}
		a, is := k.object(where, v)
		if !is {
			continue
		}
		id := fmt.Sprint(a["id"])
		if f, is := a["id"].(float64); is {
			id = strconv.FormatFloat(f, 'f', -1, 64)
		}
		n, err := strconv.Atoi(id)
		switch {
		case a["id"] == nil:
			k.required(where.to("id"))
		case err == nil && seen[n]:
			p.names[n], p.describe[n] = k.text(where, a, "filename"), k.text(where, a, "description")
			k.length(where.to("description"), p.describe[n], 0, 1024)
		case to.edits() && len(id) > 3 && snowflakes.MatchString(id):
			p.keep = append(p.keep, id)
		default:
			k.add(where.to("id"), "ATTACHMENT_NOT_FOUND", "There is no file with this number.")
		}
	}
}

// fileName is what a file is called.
func (p *payload) fileName(u upload) string {
	if name := p.names[u.index]; name != "" {
		return name
	}
	return u.name
}

// attach stores the files of a message.
func (s *Server) attach(channel string, p *payload, ephemeral bool) []*attachment {
	var out []*attachment
	for _, u := range p.files {
		f := s.newFile(channel, p.fileName(u), u.kind, u.data)
		f.description, f.ephemeral = p.describe[u.index], ephemeral
		out = append(out, f)
	}
	return out
}

// apply makes the message that a body asks for, or changes old.
func (s *Server) apply(ch *channel, p *payload, old *message, author *user, ephemeral bool) *message {
	m := &message{author: author, nonce: p.nonce}
	if old != nil {
		next := *old
		m = &next
		m.nonce = nil
		m.edited = s.host.Now()
	}
	if old == nil || p.has["content"] {
		m.content = p.content
	}
	if old == nil || p.has["embeds"] {
		m.embeds = p.embeds
	}
	if old == nil || p.has["components"] {
		m.components = p.components
	}
	if old == nil || p.has["flags"] {
		// What can't be changed stays, and who has the components flag keeps it.
		const fixed = flagHasThread | flagEphemeral | flagSilent | flagComponents
		m.flags = p.flags | m.flags&fixed
	}
	if old != nil && !p.keepAll {
		m.attachments = slices.DeleteFunc(slices.Clone(m.attachments), func(f *attachment) bool { return !slices.Contains(p.keep, f.id) })
	}
	m.attachments = append(slices.Clone(m.attachments), s.attach(ch.id, p, ephemeral)...)
	s.mention(ch, m, p.allowed)
	return m
}

// blank says whether a message shows nothing.
func (m *message) blank() bool {
	return strings.TrimSpace(m.content) == "" && len(m.embeds) == 0 && len(m.components) == 0 && len(m.attachments) == 0 &&
		(m.reference == nil || m.reference.kind != 1)
}
