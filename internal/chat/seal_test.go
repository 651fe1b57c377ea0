package chat

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

var sealNow = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func newSealer(t testing.TB, secret string) *Sealer {
	t.Helper()
	s, err := NewSealer([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealOpensOnlyForPurposeHolderAndSecret(t *testing.T) {
	s := newSealer(t, strings.Repeat("k", SecretMin))
	payload := []byte(`{"v":"claim"}`)
	token := s.Seal("button", "ana", sealNow.Add(time.Hour), payload)
	if got, err := s.Open("button", "ana", token, sealNow); err != nil || !bytes.Equal(got, payload) {
		t.Fatalf("Open = %q, %v", got, err)
	}
	if again := s.Seal("button", "ana", sealNow.Add(time.Hour), payload); again != token {
		t.Error("the same arguments gave another token")
	}
	other := newSealer(t, strings.Repeat("o", SecretMin))
	for name, open := range map[string]func() ([]byte, error){
		"purpose": func() ([]byte, error) { return s.Open("form", "ana", token, sealNow) },
		"holder":  func() ([]byte, error) { return s.Open("button", "bram", token, sealNow) },
		"nobody":  func() ([]byte, error) { return s.Open("button", "", token, sealNow) },
		"shifted": func() ([]byte, error) { return s.Open("buttona", "na", token, sealNow) },
		"secret":  func() ([]byte, error) { return other.Open("button", "ana", token, sealNow) },
		"empty":   func() ([]byte, error) { return s.Open("button", "ana", "", sealNow) },
		"longer":  func() ([]byte, error) { return s.Open("button", "ana", token+"AAAA", sealNow) },
		"newline": func() ([]byte, error) { return s.Open("button", "ana", token+"\n", sealNow) },
	} {
		if got, err := open(); !errors.Is(err, ErrForged) {
			t.Errorf("%s: Open = %q, %v, want ErrForged", name, got, err)
		}
	}
}

func TestSealExpires(t *testing.T) {
	s := newSealer(t, strings.Repeat("k", SecretMin))
	token := s.Seal("form", "", sealNow, nil)
	if _, err := s.Open("form", "", token, sealNow.Add(-time.Millisecond)); err != nil {
		t.Errorf("a millisecond before: %v", err)
	}
	if _, err := s.Open("form", "", token, sealNow); !errors.Is(err, ErrExpired) {
		t.Errorf("at the moment: %v, want ErrExpired", err)
	}
	forever := s.Seal("form", "", time.Time{}, nil)
	if _, err := s.Open("form", "", forever, sealNow.AddDate(100, 0, 0)); err != nil {
		t.Errorf("without an end: %v", err)
	}
}

func TestSealEveryBitCounts(t *testing.T) {
	s := newSealer(t, strings.Repeat("k", SecretMin))
	token := []byte(s.Seal("button", "ana", sealNow.Add(time.Hour), []byte("payload")))
	for i := range token {
		changed := bytes.Clone(token)
		for _, c := range []byte("Ab9-_=") {
			if changed[i] = c; c == token[i] {
				continue
			}
			if _, err := s.Open("button", "ana", string(changed), sealNow); !errors.Is(err, ErrForged) {
				t.Fatalf("with %q at %d: %v, want ErrForged", c, i, err)
			}
		}
	}
}

func TestSealerWantsALongSecret(t *testing.T) {
	_, err := NewSealer([]byte("tooshort"))
	if err == nil || strings.Contains(err.Error(), "tooshort") {
		t.Errorf("err = %v, want one without the secret in it", err)
	}
}

func TestSealerIsShared(t *testing.T) {
	s := newSealer(t, strings.Repeat("k", SecretMin))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			payload := bytes.Repeat([]byte{byte(i)}, 100)
			for range 200 {
				got, err := s.Open("p", "h", s.Seal("p", "h", time.Time{}, payload), sealNow)
				if err != nil || !bytes.Equal(got, payload) {
					t.Errorf("Open = %v, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzSealerOpen(f *testing.F) {
	s := newSealer(f, strings.Repeat("k", SecretMin))
	f.Add(s.Seal("button", "", time.Time{}, []byte("x")), "button", []byte("x"))
	f.Add("", "", []byte(nil))
	f.Add("====", "form", []byte{0})
	f.Fuzz(func(t *testing.T, token, purpose string, payload []byte) {
		// Whatever opens is what sealing its payload gives: the seed has no end, and no other token can be known.
		if got, err := s.Open("button", "", token, sealNow); err == nil && s.Seal("button", "", time.Time{}, got) != token {
			t.Fatalf("%q opened", token)
		}
		sealed := s.Seal(purpose, "h", time.Time{}, payload)
		if got, err := s.Open(purpose, "h", sealed, sealNow); err != nil || !bytes.Equal(got, payload) {
			t.Fatalf("sealed %q, opened %q, %v", payload, got, err)
		}
	})
}
