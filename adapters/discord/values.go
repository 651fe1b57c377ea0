package discord

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"balie/adapters/memo"
	"balie/internal/chat"
)

// load is what a button or a menu carries: what it does, and where it was put up.
type load struct {
	chat.Value
	Guild   string `json:"g,omitempty"`
	Menu    bool   `json:"m,omitempty"`
	Part    int    `json:"p,omitempty"` // which of the selects that a menu is
	Confirm bool   `json:"c,omitempty"` // a question has to be answered first
	Sure    bool   `json:"s,omitempty"` // it was
	N       int    `json:"n,omitempty"` // tells apart what does the same in one message
}

// What is wrong with what a component carries.
var (
	errForged  = errors.New("discord: a component that is none of ours")
	errExpired = errors.New("discord: what a component carries is not kept any more")
)

// What the id of a component begins with. Discord hands it back with a click, in at most carryMax characters.
// https://docs.discord.com/developers/components/reference#anatomy-of-a-component-custom-id
const (
	buttonMark = "b." // a button, with what it carries
	menuMark   = "m." // a menu, with what it carries
	keptMark   = "k." // what it carries is in the memory, under this
	formMark   = "f." // a page of a form
	pageMark   = "p." // a button that opens a page of a form
)

const (
	macSize    = 8
	keptSize   = 16 // bytes of a name in the memory, which nobody can guess
	valueGroup = "discord-value"
	// valueLasts is how long a value is kept after it was last shown, and valueEvery how often that is noted.
	valueLasts = 90 * 24 * time.Hour
	valueEvery = 24 * time.Hour
)

// values makes and reads the ids of components. They are signed: only what the bot made comes back as it was.
type values struct {
	key    []byte
	memory chat.Memory
	kept   *lru.Cache[string, keptValue] // by name
}

// keptValue is what the memory has of a value that is too long for an id.
type keptValue struct {
	load
	At int64 `json:"at"` // milliseconds since 1970
}

func newValues(secret []byte, memory chat.Memory) *values {
	// A key of its own, so that nothing else that the secret signs is ever taken for an id.
	derive := hmac.New(sha256.New, secret)
	derive.Write([]byte("balie discord component 1"))
	return &values{key: derive.Sum(nil), memory: memory, kept: memo.New[string, keptValue](10_000)}
}

// sign is the start of the signature of a text.
func (v *values) sign(text string, size int) string {
	mac := hmac.New(sha256.New, v.key)
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:size])
}

// seal is a text with its signature.
func (v *values) seal(text string) string { return text + "." + v.sign(text, macSize) }

// open is the text that was sealed.
func (v *values) open(sealed string) (string, error) {
	i := strings.LastIndexByte(sealed, '.')
	if i < 0 || !hmac.Equal([]byte(sealed), []byte(v.seal(sealed[:i]))) {
		return "", errForged
	}
	return sealed[:i], nil
}

// The bits of a packed load.
const (
	packedConfirm = 1 << iota
	packedSure
	packedGuild
)

// pack makes as few bytes as possible of a load; not ok if it has more of something than they can tell.
func (l load) pack() ([]byte, bool) {
	if l.N > 255 || l.Part > 255 || len(l.Verb) > 255 || len(l.Ticket) > 255 {
		return nil, false
	}
	var bits byte
	guild, err := strconv.ParseUint(l.Guild, 10, 64)
	if err == nil && strconv.FormatUint(guild, 10) == l.Guild {
		bits |= packedGuild
	} else if l.Guild != "" {
		return nil, false
	}
	if l.Confirm {
		bits |= packedConfirm
	}
	if l.Sure {
		bits |= packedSure
	}
	out := []byte{bits, byte(l.N), byte(l.Part)}
	if bits&packedGuild != 0 {
		out = binary.BigEndian.AppendUint64(out, guild)
	}
	for _, s := range []string{l.Verb, l.Ticket} {
		out = append(append(out, byte(len(s))), s...)
	}
	return append(out, l.Arg...), true
}

// unpack is the load that was packed.
func unpack(raw []byte) (l load, ok bool) {
	if len(raw) < 3 {
		return load{}, false
	}
	bits := raw[0]
	l = load{Confirm: bits&packedConfirm != 0, Sure: bits&packedSure != 0, N: int(raw[1]), Part: int(raw[2])}
	raw = raw[3:]
	if bits&packedGuild != 0 {
		if len(raw) < 8 {
			return load{}, false
		}
		l.Guild, raw = strconv.FormatUint(binary.BigEndian.Uint64(raw), 10), raw[8:]
	}
	for _, s := range []*string{&l.Verb, &l.Ticket} {
		if len(raw) == 0 || len(raw) < 1+int(raw[0]) {
			return load{}, false
		}
		*s, raw = string(raw[1:1+raw[0]]), raw[1+raw[0]:]
	}
	l.Arg = string(raw)
	return l, true
}

// short is the id that carries the load itself; empty if it is too long for that.
func (v *values) short(l load) string {
	packed, ok := l.pack()
	if !ok {
		return ""
	}
	mark := buttonMark
	if l.Menu {
		mark = menuMark
	}
	id := v.seal(mark + base64.RawURLEncoding.EncodeToString(packed))
	if len(id) > carryMax {
		return ""
	}
	return id
}

// name is what a load is kept under. The same load has the same name.
func (v *values) name(l load) string { return v.sign(keptMark+string(encode(l)), keptSize) }

// carried is what a component carries: errForged if it is none of ours, errExpired if that is not kept any more. Any other
// error means that it can't be looked up now.
func (d *Discord) carried(ctx context.Context, customID string) (load, error) {
	return d.values.carried(ctx, customID)
}

func (v *values) carried(ctx context.Context, id string) (load, error) {
	if name, ok := strings.CutPrefix(id, keptMark); ok {
		return v.recall(ctx, name)
	}
	menu := strings.HasPrefix(id, menuMark)
	if !menu && !strings.HasPrefix(id, buttonMark) || len(id) > carryMax {
		return load{}, errForged
	}
	text, err := v.open(id)
	if err != nil {
		return load{}, err
	}
	packed, err := base64.RawURLEncoding.DecodeString(text[len(buttonMark):])
	if err != nil {
		return load{}, errForged
	}
	l, ok := unpack(packed)
	if !ok {
		return load{}, errForged
	}
	l.Menu = menu
	return l, nil
}

// recall reads what is kept under the name.
func (v *values) recall(ctx context.Context, name string) (load, error) {
	if known, ok := v.kept.Get(name); ok {
		return known.load, nil
	}
	if raw, err := base64.RawURLEncoding.DecodeString(name); err != nil || len(raw) != keptSize {
		return load{}, errForged
	}
	body, err := v.memory.Recall(ctx, valueGroup+"/"+name)
	if err != nil {
		return load{}, fmt.Errorf("discord: read what a component carries: %w", err)
	}
	if body == nil {
		return load{}, errExpired
	}
	var k keptValue
	if err := json.Unmarshal(body, &k); err != nil {
		return load{}, fmt.Errorf("discord: read what a component carries: %w", err)
	}
	v.kept.Add(name, k)
	return k.load, nil
}

// tidy forgets what was not shown for long.
func (v *values) tidy(ctx context.Context, now time.Time) error {
	all, err := v.memory.List(ctx, valueGroup)
	if err != nil {
		return fmt.Errorf("discord: list what components carry: %w", err)
	}
	for name, body := range all {
		var k keptValue
		if json.Unmarshal(body, &k) == nil && now.Sub(time.UnixMilli(k.At)) < valueLasts {
			continue
		}
		v.kept.Remove(strings.TrimPrefix(name, valueGroup+"/"))
		if err := v.memory.Forget(ctx, name); err != nil {
			return fmt.Errorf("discord: forget what a component carried: %w", err)
		}
	}
	return nil
}

// bag makes the ids of a message's components, and collects what does not fit into them.
type bag struct {
	values    *values
	workspace string
	used      map[load]int
	long      map[string]load // by name
}

// bag is for one message that stands in the workspace, or in a direct conversation that counts to it.
func (d *Discord) bag(workspace string) *bag { return d.values.bag(workspace) }

func (v *values) bag(workspace string) *bag {
	return &bag{values: v, workspace: workspace, used: map[load]int{}, long: map[string]load{}}
}

// id is the id of a button; confirm says that a question has to be answered first.
func (b *bag) id(v chat.Value, confirm bool) string { return b.put(load{Value: v, Confirm: confirm}) }

// menuID is the id of a select, one of the parts of a menu.
func (b *bag) menuID(v chat.Value, part int) string {
	return b.put(load{Value: v, Menu: true, Part: part})
}

func (b *bag) put(l load) string {
	l.Guild = b.workspace
	b.used[l]++
	l.N = b.used[l] - 1
	if id := b.values.short(l); id != "" {
		return id
	}
	name := b.values.name(l)
	b.long[name] = l
	return keptMark + name
}

// keep writes what did not fit, before the message goes out. Where that fails the components work for as long as this
// process does. Every error is a *chat.SendError.
func (b *bag) keep(ctx context.Context) error {
	now := time.Now()
	for name, l := range b.long {
		before, ok := b.values.kept.Get(name)
		if ok && now.Sub(time.UnixMilli(before.At)) < valueEvery {
			continue
		}
		k := keptValue{load: l, At: now.UnixMilli()}
		if err := b.values.memory.Keep(ctx, valueGroup+"/"+name, encode(k)); err != nil {
			b.values.kept.Add(name, keptValue{load: l}) // to be written the next time
			return &chat.SendError{Err: fmt.Errorf("discord: keep what a component carries: %w", err)}
		}
		b.values.kept.Add(name, k)
	}
	return nil
}
