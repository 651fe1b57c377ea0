package chat

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"strings"
	"sync"
	"time"
)

// The errors of Sealer.Open.
var (
	ErrForged  = errors.New("chat: not a token of ours")
	ErrExpired = errors.New("chat: the token has expired")
)

// SecretMin is how many bytes the secret of a Sealer has at least.
const SecretMin = 32

const sealHead = 8 + sha256.Size // expiry and signature, before the payload

// Sealer signs what a platform hands back to us without vouching for it, such as the value behind a button, so that
// nobody can invent or change it. What is sealed can be read by whoever holds the token: it is signed, not encrypted.
type Sealer struct{ macs sync.Pool }

// NewSealer makes a Sealer of a secret of at least SecretMin bytes. The same secret opens the same tokens.
func NewSealer(secret []byte) (*Sealer, error) {
	if len(secret) < SecretMin {
		return nil, fmt.Errorf("chat: the secret has %d bytes, at least %d are needed", len(secret), SecretMin)
	}
	// A key of its own, so that nothing else that the secret signs is ever taken for a token.
	derive := hmac.New(sha256.New, secret)
	derive.Write([]byte("balie chat token 1"))
	key := derive.Sum(nil)
	s := &Sealer{}
	s.macs.New = func() any { return hmac.New(sha256.New, key) }
	return s, nil
}

// Seal gives a token for the payload, made of letters, digits, "-" and "_". Only the same purpose and holder open it:
// the holder is the person who may use it, or empty for everybody. A zero expires never ends; it counts in milliseconds.
// The same arguments give the same token.
func (s *Sealer) Seal(purpose, holder string, expires time.Time, payload []byte) string {
	token := make([]byte, sealHead, sealHead+len(payload))
	if !expires.IsZero() {
		binary.BigEndian.PutUint64(token, uint64(expires.UnixMilli()))
	}
	sum := s.sign(purpose, holder, token[:8], payload)
	copy(token[8:], sum[:])
	return base64.RawURLEncoding.EncodeToString(append(token, payload...))
}

// Open gives the payload of a token made by Seal for the same purpose and holder. ErrForged, or ErrExpired at and after
// the moment it expires.
func (s *Sealer) Open(purpose, holder, token string, now time.Time) ([]byte, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	// The decoder skips line breaks, and one payload has one token.
	if err != nil || len(raw) < sealHead || strings.ContainsAny(token, "\r\n") {
		return nil, ErrForged
	}
	payload := raw[sealHead:]
	sum := s.sign(purpose, holder, raw[:8], payload)
	if !hmac.Equal(sum[:], raw[8:sealHead]) {
		return nil, ErrForged
	}
	if expires := int64(binary.BigEndian.Uint64(raw)); expires != 0 && now.UnixMilli() >= expires {
		return nil, ErrExpired
	}
	return payload, nil
}

func (s *Sealer) sign(purpose, holder string, expires, payload []byte) (sum [sha256.Size]byte) {
	mac := s.macs.Get().(hash.Hash)
	defer s.macs.Put(mac)
	mac.Reset()
	// Each part with its length, so that no two different sets of parts read the same.
	var n [4]byte
	for _, part := range [...]string{purpose, holder} {
		binary.BigEndian.PutUint32(n[:], uint32(len(part)))
		mac.Write(n[:])
		mac.Write([]byte(part))
	}
	mac.Write(expires)
	mac.Write(payload)
	mac.Sum(sum[:0])
	return sum
}
