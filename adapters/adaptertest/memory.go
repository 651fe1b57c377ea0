package adaptertest

import (
	"bytes"
	"context"
	"maps"
	"strings"
	"sync"

	"balie/internal/chat"
)

// Memory is a chat.Memory in the process, into which a test can look. The zero value is empty.
type Memory struct {
	mu    sync.Mutex
	kept  map[string][]byte
	wrote int
	away  error
}

var _ chat.Memory = (*Memory)(nil)

// Recall gives a copy of what was kept under the name.
func (m *Memory) Recall(_ context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return nil, m.away
	}
	return bytes.Clone(m.kept[name]), nil
}

// Keep keeps a copy of the value.
func (m *Memory) Keep(_ context.Context, name string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return m.away
	}
	if m.kept == nil {
		m.kept = map[string][]byte{}
	}
	m.kept[name] = bytes.Clone(value)
	m.wrote++
	return nil
}

// Forget forgets what was kept under the name.
func (m *Memory) Forget(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away == nil {
		delete(m.kept, name)
	}
	return m.away
}

// List is all that is kept in the group, by name.
func (m *Memory) List(_ context.Context, group string) (map[string][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return nil, m.away
	}
	out := map[string][]byte{}
	for name, value := range m.kept {
		if strings.HasPrefix(name, group+"/") {
			out[name] = bytes.Clone(value)
		}
	}
	return out, nil
}

// Fail makes every use of the memory fail with the error, or none any more if it is nil.
func (m *Memory) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = err
}

// Clear forgets everything.
func (m *Memory) Clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = nil
}

// Kept is all that is kept, by name.
func (m *Memory) Kept() map[string][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.kept)
}

// Wrote is how often something was kept.
func (m *Memory) Wrote() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.wrote
}
