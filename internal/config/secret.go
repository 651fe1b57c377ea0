package config

import (
	"fmt"
	"io"
	"log/slog"
)

// dots is what every secret looks like.
const dots = "••••••••"

// Secret is a value that must not be read by chance: it prints as dots in every format, in JSON and in logs. The zero
// Secret is none. It holds a pointer so that printing a struct, whose unexported fields fmt reads without asking them,
// shows no more than an address.
type Secret struct{ value *string }

// NewSecret keeps s; an empty s is no secret.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{&s}
}

// Reveal is the value itself, or "". It is for handing over to what needs it, never for printing.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsSet says whether there is a value.
func (s Secret) IsSet() bool { return s.value != nil }

// String is dots, or "" for none.
func (s Secret) String() string {
	if s.value == nil {
		return ""
	}
	return dots
}

// Format prints dots for every verb.
func (s Secret) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, s.String()) // a fmt.State takes everything
}

// MarshalText gives dots, to JSON and YAML too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue gives dots.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
