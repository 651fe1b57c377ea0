package slack

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"balie/internal/chat"
)

// errLocked is a value that another secret encrypted, or that was changed or put under another name since.
var errLocked = errors.New("it was encrypted with another secret")

// safe encrypts what is kept: AES-256-GCM under a key of its own. A value opens under the name that it was made for only.
type safe struct {
	gcm cipher.AEAD
	mac []byte
}

// safeVersion begins each value.
const safeVersion = 1

func newSafe(secret []byte) (*safe, error) {
	if len(secret) < chat.SecretMin {
		return nil, fmt.Errorf("the secret has %d bytes, at least %d are needed", len(secret), chat.SecretMin)
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "balie slack installation 1", 32)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	mac, err := hkdf.Key(sha256.New, secret, nil, "balie slack token 1", 32)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make a cipher: %w", err)
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make a cipher: %w", err)
	}
	return &safe{gcm, mac}, nil
}

// lock encrypts a value that will be kept under the name.
func (s *safe) lock(name string, value []byte) []byte {
	return s.gcm.Seal([]byte{safeVersion}, nil, value, []byte(name))
}

// unlock decrypts what was kept under the name.
func (s *safe) unlock(name string, locked []byte) ([]byte, error) {
	if len(locked) == 0 || locked[0] != safeVersion {
		return nil, errLocked
	}
	value, err := s.gcm.Open(nil, nil, locked[1:], []byte(name))
	if err != nil {
		return nil, errLocked
	}
	return value, nil
}

// fingerprint tells tokens apart without telling them.
func (s *safe) fingerprint(token string) string {
	mac := hmac.New(sha256.New, s.mac)
	mac.Write([]byte(token))
	return hex.EncodeToString(mac.Sum(nil)[:12])
}
