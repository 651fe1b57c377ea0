package app

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"balie/internal/store/sqlite"
)

func TestMemory(t *testing.T) {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), StoreFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	m := memory{s}
	if got, err := m.Recall(t.Context(), "a/1"); got != nil || err != nil {
		t.Errorf("before anything is kept: %q, %v", got, err)
	}
	const many = 2*memoryPage + 1
	for i := range many {
		if err := m.Keep(t.Context(), fmt.Sprintf("a/%d", i), fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"alone", "ab/1", "b/a/1"} {
		if err := m.Keep(t.Context(), name, []byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Keep(t.Context(), "a/7", []byte("seven")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // what is gone is gone
		if err := m.Forget(t.Context(), "a/8"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := m.List(t.Context(), "a")
	if err != nil || len(got) != many-1 || string(got["a/7"]) != "seven" || got["a/8"] != nil || !bytes.Equal(got["a/200"], []byte("200")) {
		t.Errorf("%d are in the group: %q, %v", len(got), slices.Sorted(maps.Keys(got)), err)
	}
	if got, err := m.List(t.Context(), "b"); err != nil || len(got) != 1 || string(got["b/a/1"]) != "b/a/1" {
		t.Errorf("the other group: %q, %v", got, err)
	}
	if got, err := m.List(t.Context(), "none"); err != nil || len(got) != 0 {
		t.Errorf("a group without anything: %q, %v", got, err)
	}
	if got, err := m.Recall(t.Context(), "alone"); string(got) != "alone" || err != nil {
		t.Errorf("without a group: %q, %v", got, err)
	}
}
