package adaptertest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Forge is a request as anybody can make one who knows an adapter's address.
func Forge(t *testing.T, name, address, contentType, body string, header http.Header) Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(r.Header, header)
	r.Header.Set("Content-Type", contentType)
	return Request{Name: name, HTTP: r}
}

// With is a copy of a header with another value, or without any if that is empty.
func With(header http.Header, name, value string) http.Header {
	h := header.Clone()
	h.Del(name)
	if value != "" {
		h.Set(name, value)
	}
	return h
}

// Unsigned are headers that do not prove what good ones, of now, do: by name, the one of the signature, which ends in a hexadecimal
// digit, and the one of its time, in seconds since 1970, are changed or missing.
func Unsigned(good http.Header, signature, stamp string, now time.Time) map[string]http.Header {
	is := good.Get(signature)
	flipped := "0"
	if strings.HasSuffix(is, flipped) {
		flipped = "1"
	}
	return map[string]http.Header{
		"unsigned": nil, "without a signature": With(good, signature, ""), "without a time": With(good, stamp, ""),
		"half a signature": With(good, signature, is[:len(is)/2]), "another letter": With(good, signature, is[:len(is)-1]+flipped),
		"another time": With(good, stamp, fmt.Sprint(now.Unix()-1)), "no time": With(good, stamp, "now"),
	}
}

// JSON is the value as JSON.
func JSON(t *testing.T, v any) string {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func refused(b *probe) {
	guarded, ok := b.net.(Guarded)
	if !ok {
		b.Skip("nothing can be forged on this network")
	}
	for _, r := range guarded.Refused(b.T) {
		status, body := b.request(r)
		if status < 400 || status >= 500 {
			b.Errorf("%s: status %d, want a refusal", r.Name, status)
		}
		b.noSecret("the answer to "+r.Name, body)
	}
	if heard := b.Told(); len(heard) != 0 {
		b.Errorf("the bot heard %+v", heard)
	}
}

func garbage(b *probe) {
	guarded, ok := b.net.(Guarded)
	if !ok {
		b.Skip("there is no way to send garbage on this network")
	}
	for _, r := range guarded.Garbage(b.T) {
		if status, body := b.request(r); status >= 500 {
			b.Errorf("%s: status %d: %s", r.Name, status, body)
		}
	}
	b.act(Act{Kind: Say, As: b.places.Requester, In: b.open(), Text: "still there?"})
	if e := b.next(0); e.Message == nil || e.Message.Text != "still there?" {
		b.Errorf("garbage became %+v", e)
	}
}

func (b *probe) request(r Request) (status int, body string) {
	b.Helper()
	// Not one that says that it will close: a server may hang up on that before it has read what it refuses.
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r.HTTP.WithContext(b.Context()))
	if err != nil {
		b.Fatalf("%s: %v", r.Name, err)
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatalf("%s: %v", r.Name, err)
	}
	return resp.StatusCode, string(read)
}
