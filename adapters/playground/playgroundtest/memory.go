// Package playgroundtest helps to test what runs on a playground.
package playgroundtest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"balie/adapters/playground"
)

// Memory is a Content for tests: it keeps everything in memory, and can be told to be away.
type Memory struct {
	mu      sync.Mutex
	records map[[2]string]playground.Record
	files   map[string]memoryFile
	away    error
}

type memoryFile struct {
	info    playground.FileInfo
	content []byte
}

// NewMemory makes an empty one.
func NewMemory() *Memory {
	return &Memory{records: map[[2]string]playground.Record{}, files: map[string]memoryFile{}}
}

// SetAway makes every call fail with err, until it is set to nil.
func (m *Memory) SetAway(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = err
}

// PutRecord keeps r in place of what has its space and id.
func (m *Memory) PutRecord(_ context.Context, r playground.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return m.away
	}
	r.Body = bytes.Clone(r.Body)
	m.records[[2]string{r.Space, r.ID}] = r
	return nil
}

// AddRecord keeps r, unless its space has the id already.
func (m *Memory) AddRecord(_ context.Context, r playground.Record) (playground.Record, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return playground.Record{}, false, m.away
	}
	key := [2]string{r.Space, r.ID}
	if kept, ok := m.records[key]; ok {
		return kept, false, nil
	}
	r.Body = bytes.Clone(r.Body)
	m.records[key] = r
	return r, true, nil
}

// DeleteRecord forgets it.
func (m *Memory) DeleteRecord(_ context.Context, space, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return m.away
	}
	delete(m.records, [2]string{space, id})
	return nil
}

// Record is the one with the id.
func (m *Memory) Record(_ context.Context, space, id string) (playground.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return playground.Record{}, m.away
	}
	r, ok := m.records[[2]string{space, id}]
	if !ok {
		return playground.Record{}, fmt.Errorf("record %s: %w", id, playground.ErrNotFound)
	}
	return r, nil
}

// ListRecords are the records of the group with an order below before, the highest first.
func (m *Memory) ListRecords(_ context.Context, space, group, before string, limit int) ([]playground.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return nil, m.away
	}
	var out []playground.Record
	for _, r := range m.records {
		if r.Space == space && r.Group == group && (before == "" || r.Order < before) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b playground.Record) int { return cmp.Compare(b.Order, a.Order) })
	return out[:min(limit, len(out))], nil
}

// PutFile keeps the content under the file's id, unless it is there already.
func (m *Memory) PutFile(_ context.Context, f playground.FileInfo, content io.Reader) error {
	m.mu.Lock()
	_, there := m.files[f.ID]
	away := m.away
	m.mu.Unlock()
	if away != nil || there {
		return away
	}
	body, err := io.ReadAll(content)
	if err != nil {
		return fmt.Errorf("put file: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f.Size = int64(len(body))
	m.files[f.ID] = memoryFile{f, body}
	return nil
}

// OpenFile reads it.
func (m *Memory) OpenFile(_ context.Context, id string) (playground.FileInfo, io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return playground.FileInfo{}, nil, m.away
	}
	f, ok := m.files[id]
	if !ok {
		return playground.FileInfo{}, nil, fmt.Errorf("file %s: %w", id, playground.ErrNotFound)
	}
	return f.info, io.NopCloser(bytes.NewReader(f.content)), nil
}
