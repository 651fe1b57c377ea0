package slack

import (
	"bytes"
	"testing"
)

func TestSafe(t *testing.T) {
	one, err := newSafe(bytes.Repeat([]byte("1"), 32))
	if err != nil {
		t.Fatal(err)
	}
	two, err := newSafe(bytes.Repeat([]byte("2"), 32))
	if err != nil {
		t.Fatal(err)
	}
	value := []byte("xoxb-1-2-3")
	locked := one.lock("a/1", value)
	if bytes.Contains(locked, value) || bytes.Equal(locked, one.lock("a/1", value)) {
		t.Error("what is kept can be read or compared")
	}
	if got, err := one.unlock("a/1", locked); err != nil || !bytes.Equal(got, value) {
		t.Errorf("got %q, %v", got, err)
	}
	for name, try := range map[string]func() ([]byte, error){
		"another name":   func() ([]byte, error) { return one.unlock("a/2", locked) },
		"another secret": func() ([]byte, error) { return two.unlock("a/1", locked) },
		"nothing":        func() ([]byte, error) { return one.unlock("a/1", nil) },
		"a part":         func() ([]byte, error) { return one.unlock("a/1", locked[:5]) },
		"another format": func() ([]byte, error) { return one.unlock("a/1", append([]byte{9}, locked[1:]...)) },
	} {
		if got, err := try(); err == nil {
			t.Errorf("%s opens it: %q", name, got)
		}
	}
	for i := range locked {
		changed := bytes.Clone(locked)
		changed[i] ^= 1
		if _, err := one.unlock("a/1", changed); err == nil {
			t.Errorf("it opens with byte %d changed", i)
		}
	}
	again := one.fingerprint("a")
	if again != one.fingerprint("a") || again == one.fingerprint("b") || one.fingerprint("a") == two.fingerprint("a") {
		t.Error("fingerprints do not tell tokens apart")
	}
	if _, err := newSafe([]byte("short")); err == nil {
		t.Error("a short secret will do")
	}
}
