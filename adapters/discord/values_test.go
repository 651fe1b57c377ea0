package discord

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"balie/adapters/adaptertest"
	"balie/internal/chat"
)

var valuesSecret = []byte(strings.Repeat("s", chat.SecretMin))

const (
	aTicket = "01J0000000000000000000000A"
	aGuild  = "613425648685547541"
)

func TestComponentsCarryTheirValue(t *testing.T) {
	shelf := &adaptertest.Memory{}
	v := newValues(valuesSecret, shelf)
	for name, want := range map[string]load{
		"nothing":   {},
		"a ticket":  {Value: chat.Value{Verb: "claim", Ticket: aTicket}, Guild: aGuild},
		"an arg":    {Value: chat.Value{Verb: "list", Arg: "mine\x00 ✓"}, Guild: aGuild, Confirm: true},
		"no guild":  {Value: chat.Value{Verb: "open"}, Sure: true},
		"a menu":    {Value: chat.Value{Verb: "priority", Ticket: aTicket}, Guild: aGuild, Menu: true, Part: 3},
		"long":      {Value: chat.Value{Verb: "pick", Arg: strings.Repeat(`{"o":"x"}`, 100)}, Guild: aGuild, Menu: true, Part: 1},
		"odd guild": {Value: chat.Value{Verb: "open"}, Guild: "T0"},
		"long verb": {Value: chat.Value{Verb: strings.Repeat("v", 300)}},
	} {
		b := v.bag(want.Guild)
		id := b.put(want)
		if err := b.keep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := v.carried(t.Context(), id); err != nil || got != want || len(id) > carryMax {
			t.Errorf("%s: %q (%d) carries %+v, %v", name, id, len(id), got, err)
		}
		// Another process, or this one after a restart, reads the same.
		if got, err := newValues(valuesSecret, shelf).carried(t.Context(), id); err != nil || got != want {
			t.Errorf("%s: elsewhere %q carries %+v, %v", name, id, got, err)
		}
	}
	if len(shelf.Kept()) != 3 {
		t.Errorf("%d values are kept, want what is too long alone", len(shelf.Kept()))
	}
}

func TestButtonsOfTicketsNeedNoMemory(t *testing.T) {
	b := newValues(valuesSecret, nil).bag(aGuild)
	for _, verb := range []string{"claim", "unfollow", "priority"} {
		if id := b.id(chat.Value{Verb: verb, Ticket: aTicket}, true); !strings.HasPrefix(id, buttonMark) {
			t.Errorf("%s became %q", verb, id)
		}
		if id := b.menuID(chat.Value{Verb: verb, Ticket: aTicket}, 4); !strings.HasPrefix(id, menuMark) {
			t.Errorf("%s as a menu became %q", verb, id)
		}
	}
	if len(b.long) != 0 {
		t.Errorf("to be kept: %v", b.long)
	}
}

func TestOneMessageHasEachIDOnce(t *testing.T) {
	for _, arg := range []string{"", strings.Repeat("x", 500)} {
		v := newValues(valuesSecret, &adaptertest.Memory{})
		b := v.bag(aGuild)
		value := chat.Value{Verb: "show", Arg: arg}
		seen := map[string]bool{}
		for range 5 {
			seen[b.id(value, false)] = true
			seen[b.menuID(value, 0)] = true
		}
		if err := b.keep(t.Context()); err != nil || len(seen) != 10 {
			t.Errorf("%d ids for 10 components, %v", len(seen), err)
		}
		for id := range seen {
			if l, err := v.carried(t.Context(), id); err != nil || l.Value != value {
				t.Errorf("%q carries %+v, %v", id, l, err)
			}
		}
	}
}

func TestForgedComponents(t *testing.T) {
	shelf := &adaptertest.Memory{}
	v := newValues(valuesSecret, shelf)
	b := v.bag(aGuild)
	button, menu := b.id(chat.Value{Verb: "claim", Ticket: aTicket}, false), b.menuID(chat.Value{Verb: "priority"}, 0)
	kept := b.id(chat.Value{Verb: "pick", Arg: strings.Repeat("x", 500)}, false)
	if err := b.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := newValues([]byte(strings.Repeat("o", chat.SecretMin)), &adaptertest.Memory{}).bag(aGuild)
	page := v.pageID(pageMark, "nonce", 0)
	for name, id := range map[string]string{
		"empty": "", "a word": "claim", "a mark": buttonMark, "a kept mark": keptMark, "short": buttonMark + "." + v.sign(buttonMark, macSize),
		"another secret": other.id(chat.Value{Verb: "claim", Ticket: aTicket}, false), "longer": button + "A", "newline": button + "\n",
		"a button as a menu": menuMark + button[len(buttonMark):], "a menu as a button": buttonMark + menu[len(menuMark):],
		"a page as a button": buttonMark + page[len(pageMark):], "a page": page, "a kept one's neighbour": kept + "A", "a path": keptMark + "../x",
		"too long": buttonMark + strings.Repeat("A", 200) + button[len(buttonMark):],
	} {
		if l, err := v.carried(t.Context(), id); !errors.Is(err, errForged) {
			t.Errorf("%s: %q carries %+v, %v", name, id, l, err)
		}
	}
	for i := range button {
		for _, c := range []byte("Ab9-_.") {
			changed := []byte(button)
			if changed[i] = c; c == button[i] {
				continue
			}
			if l, err := v.carried(t.Context(), string(changed)); err == nil {
				t.Fatalf("with %q at %d it carries %+v", c, i, l)
			}
		}
	}
	if l, err := v.carried(t.Context(), keptMark+v.sign("never kept", keptSize)); !errors.Is(err, errExpired) {
		t.Errorf("what is not kept carries %+v, %v", l, err)
	}
	away := errors.New("away")
	fresh := newValues(valuesSecret, shelf)
	shelf.Fail(away)
	if _, err := fresh.carried(t.Context(), kept); !errors.Is(err, away) {
		t.Errorf("while the memory is away: %v", err)
	}
}

func TestWhatIsKeptIsWrittenOnce(t *testing.T) {
	shelf := &adaptertest.Memory{}
	v := newValues(valuesSecret, shelf)
	value := chat.Value{Verb: "pick", Arg: strings.Repeat("x", 500)}
	for range 3 {
		b := v.bag(aGuild)
		b.id(value, false)
		if err := b.keep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if shelf.Wrote() != 1 {
		t.Errorf("written %d times", shelf.Wrote())
	}
	if err := v.tidy(t.Context(), time.Now().Add(valueLasts-time.Hour)); err != nil || len(shelf.Kept()) != 1 {
		t.Errorf("tidied too early: %v", err)
	}
	if err := v.tidy(t.Context(), time.Now().Add(valueLasts+time.Hour)); err != nil || len(shelf.Kept()) != 0 {
		t.Errorf("%d kept for ever, %v", len(shelf.Kept()), err)
	}
	b := v.bag(aGuild)
	id := b.id(value, false)
	if _, err := v.carried(t.Context(), id); !errors.Is(err, errExpired) {
		t.Errorf("afterwards: %v", err)
	}
	// Without the memory a button works for as long as the process does, and is written when that is back.
	shelf.Fail(errors.New("away"))
	if err := b.keep(t.Context()); err == nil {
		t.Error("nobody said that the memory is away")
	} else if _, ok := errors.AsType[*chat.SendError](err); !ok {
		t.Errorf("%T", err)
	}
	if l, err := v.carried(t.Context(), id); err != nil || l.Value != value {
		t.Errorf("meanwhile it carries %+v, %v", l, err)
	}
	shelf.Fail(nil)
	if err := b.keep(t.Context()); err != nil || len(shelf.Kept()) != 1 {
		t.Errorf("%d kept, %v", len(shelf.Kept()), err)
	}
}

func TestPageIDs(t *testing.T) {
	v := newValues(valuesSecret, &adaptertest.Memory{})
	id := v.pageID(formMark, "nonce", 2)
	if nonce, page, err := v.page(formMark, id); err != nil || nonce != "nonce" || page != 2 {
		t.Errorf("%q names %q, %d, %v", id, nonce, page, err)
	}
	for _, forged := range []string{"", formMark, pageMark + id[len(formMark):], id + "x", strings.Replace(id, ".2.", ".1.", 1),
		v.seal(formMark + "nonce"), v.seal(formMark + "nonce.-1"), v.seal(formMark + "nonce.x")} {
		if _, _, err := v.page(formMark, forged); !errors.Is(err, errForged) {
			t.Errorf("%q: %v", forged, err)
		}
	}
	if _, _, err := v.page(pageMark, id); !errors.Is(err, errForged) {
		t.Errorf("a page sent as a button: %v", err)
	}
}

func FuzzCarried(f *testing.F) {
	shelf := &adaptertest.Memory{}
	v := newValues(valuesSecret, shelf)
	b := v.bag(aGuild)
	f.Add(b.id(chat.Value{Verb: "claim", Ticket: aTicket}, true), "claim", aTicket, "", aGuild)
	f.Add(b.menuID(chat.Value{Verb: "pick", Arg: strings.Repeat("x", 200)}, 1), "", "", "\xff", "")
	f.Add(keptMark+"AAAAAAAAAAAAAAAAAAAAAA", "v", "t", "a", "0")
	f.Fuzz(func(t *testing.T, id, verb, ticket, arg, guild string) {
		if l, err := v.carried(t.Context(), id); err == nil {
			// Whatever is ours is what its value becomes: nobody can make another one.
			if again := v.short(l); again != id && keptMark+v.name(l) != id {
				t.Fatalf("%q carries %+v", id, l)
			}
		}
		if packed, ok := (load{Value: chat.Value{Verb: id}}).pack(); ok {
			if l, ok := unpack(packed); !ok || l.Verb != id {
				t.Fatalf("%q was unpacked as %+v", id, l)
			}
		}
		unpack([]byte(id))
		if !utf8.ValidString(verb + " " + ticket + " " + arg + " " + guild) { // what the bot makes is text
			return
		}
		b := v.bag(guild)
		value := chat.Value{Verb: verb, Ticket: ticket, Arg: arg}
		made := b.id(value, false)
		if err := b.keep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if l, err := v.carried(t.Context(), made); err != nil || l.Value != value || l.Guild != guild || len(made) > carryMax {
			t.Fatalf("%+v became %q, which carries %+v, %v", value, made, l, err)
		}
	})
}

// What is kept reads the same whatever process wrote it.
func TestKeptValuesAreStable(t *testing.T) {
	const want = `{"v":"pick","a":"x","g":"1","m":true,"p":1,"at":2}`
	body := encode(keptValue{load: load{Value: chat.Value{Verb: "pick", Arg: "x"}, Guild: "1", Menu: true, Part: 1}, At: 2})
	var back keptValue
	if string(body) != want || json.Unmarshal(body, &back) != nil || back.Arg != "x" || back.At != 2 || !back.Menu {
		t.Errorf("%s, want %s", body, want)
	}
}
