package mattermost

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/mattermostfake"
	"balie/internal/chat"
)

// TestLookup gives options to somebody who types, as the bot finds them, and only for the form that is open.
func TestLookup(t *testing.T) {
	m := unconnected(t)
	d := m.dialog(dutchForm(), state{Channel: roomID, Nonce: "nonce"}, anaID)
	h := func(_ context.Context, e chat.Event) (chat.Reply, error) {
		q := e.Query
		if q == nil || q.Form != dutchForm().Value || q.Field != "many" || q.Text != "noord" || q.Values.Get("category") != "hw" {
			t.Errorf("the bot is asked %+v", q)
		}
		return chat.Reply{Options: []chat.Option{{Value: "n", Label: "Noord"}, {Value: "x"}}}, nil
	}
	in := model.SubmitDialogRequest{Type: "dialog_lookup", UserId: anaID, ChannelId: roomID, State: d.State,
		Submission: map[string]any{"selected_field": "many", "query": "noord", "category": "hw"}}
	w := post(m, h, lookupPath, in)
	if want := `{"items":[{"text":"Noord","value":"n"},{"text":"x","value":"x"}]}`; w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != want {
		t.Errorf("%d %s, want %s", w.Code, w.Body, want)
	}
	in.UserId = postID
	if w := post(m, h, lookupPath, in); w.Code != http.StatusForbidden {
		t.Errorf("somebody else's form: %d %s", w.Code, w.Body)
	}
}

// TestAddressesCountWhereTheyAreVerified: one makes one person of accounts on several networks.
func TestAddressesCountWhereTheyAreVerified(t *testing.T) {
	m := unconnected(t)
	u := &model.User{Id: anaID, Username: "ana", Email: "boss@example.org"}
	if p := m.people.person(u); p.Email != "" {
		t.Errorf("anybody can be %q", p.Email)
	}
	m.able.Store(&abilities{verified: true})
	if p := m.people.person(u); p.Email != "boss@example.org" {
		t.Errorf("a verified address is %q", p.Email)
	}
}

// TestWhoCannotBeAnsweredHoldsNothingUp: what they said is stored, and told once; what passes is told again.
func TestWhoCannotBeAnsweredHoldsNothingUp(t *testing.T) {
	fake := mattermostfake.New(t, mattermostfake.Options{})
	m := unconnected(t)
	m.api = newAPI(fake.URL, "no such token")
	t.Cleanup(m.api.close)
	told := 0
	h := func(context.Context, chat.Event) (chat.Reply, error) {
		told++
		return chat.Reply{Text: "Shall I make a ticket of this?"}, nil
	}
	e := m.event("gone", roomID, "")
	e.Person = chat.Person{ID: "nobody"}
	if err := m.hear(t.Context(), h, e, false); err != nil || told != 1 {
		t.Errorf("somebody who is gone: %v, told %d times", err, told)
	}
	e.Person = chat.Person{ID: anaID}
	var sent *chat.SendError
	if err := m.hear(t.Context(), h, e, false); !errors.As(err, &sent) || sent.Blocked == "" {
		t.Errorf("without a valid token: %v", err)
	}
}

// TestTriggersAreVerified with the key that the server shows: whose they are, that it made them, and lately.
func TestTriggersAreVerified(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	m := unconnected(t)
	m.able.Store(&abilities{key: signingKey(base64.StdEncoding.EncodeToString(der))})
	at := func(age time.Duration) string {
		data := fmt.Sprintf("%s:%s:%d:", model.NewId(), anaID, time.Now().Add(-age).UnixMilli())
		sum := sha256.Sum256([]byte(data))
		signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString([]byte(data + base64.StdEncoding.EncodeToString(signature)))
	}
	good := at(0)
	for name, c := range map[string]struct {
		trigger, user string
		want          bool
	}{
		"hers": {good, anaID, true}, "somebody else's": {good, postID, false}, "of a minute ago": {at(time.Minute), anaID, true},
		"an old one": {at(triggerLife + time.Second), anaID, false}, "another server's": {mattermostfake.New(t, mattermostfake.Options{}).Trigger(anaID), anaID, false},
		"none": {"", anaID, false}, "nonsense": {"%%%", anaID, false}, "cut": {good[:len(good)/2], anaID, false},
	} {
		if got := m.genuine(c.trigger, c.user); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
