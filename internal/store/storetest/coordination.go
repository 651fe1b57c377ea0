package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
)

var coordinationTests = []test{
	{"Next", func(t *testing.T, s *box) {
		for want := range int64(3) {
			n, err := s.Next(t.Context(), "HD-")
			must(t, err)
			if n != want+1 {
				t.Errorf("the counter gave %d, want %d", n, want+1)
			}
		}
		s.reopen()
		for name, want := range map[string]int64{"HD-": 4, "hd-": 1, "": 1, Awkward: 1} {
			n, err := s.Next(t.Context(), name)
			must(t, err)
			if n != want {
				t.Errorf("the counter %q gave %d, want %d", name, n, want)
			}
		}
	}},
	{"NextAtOnce", func(t *testing.T, s *box) {
		const each = 10
		var given [atOnce * each]atomic.Int32
		for _, err := range together(atOnce, func(int) error {
			for range each {
				n, err := s.Next(t.Context(), "HD-")
				if err != nil {
					return err
				}
				if n < 1 || n > atOnce*each {
					return fmt.Errorf("the counter gave %d", n)
				}
				given[n-1].Add(1)
			}
			return nil
		}) {
			must(t, err)
		}
		for i := range given {
			if n := given[i].Load(); n != 1 {
				t.Errorf("%d was given %d times", i+1, n)
			}
		}
	}},
	{"Hold", func(t *testing.T, s *box) {
		hold := func(name, owner string, now, until int, want bool) {
			t.Helper()
			got, err := s.Hold(t.Context(), name, owner, minute(now), minute(until))
			must(t, err)
			if got != want {
				t.Errorf("at %d, %s has %s: %v, want %v", now, owner, name, got, want)
			}
		}
		hold("socket", "a", 0, 5, true)
		hold("socket", "b", 1, 9, false)
		hold("ticker", "b", 1, 9, true)
		hold("socket", "a", 4, 10, true) // renewed
		hold("socket", "b", 6, 20, false)
		hold("socket", "b", 10, 20, true) // it ran out
		hold("socket", "a", 11, 20, false)
		must(t, s.Release(t.Context(), "socket", "a")) // who does not have it can't give it back
		hold("socket", "a", 12, 20, false)
		must(t, s.Release(t.Context(), "socket", "b"))
		must(t, s.Release(t.Context(), "socket", "b"))
		hold("socket", "a", 13, 20, true)
	}},
	{"HoldAtOnce", func(t *testing.T, s *box) {
		for round := range 3 {
			var have atomic.Int32
			for _, err := range together(atOnce, func(i int) error {
				ok, err := s.Hold(t.Context(), "socket", fmt.Sprint(round, " ", i), minute(round), minute(round+1))
				if ok {
					have.Add(1)
				}
				return err
			}) {
				must(t, err)
			}
			if n := have.Load(); n != 1 {
				t.Errorf("%d have the lease", n)
			}
		}
	}},
	{"Setting", func(t *testing.T, s *box) {
		broken := errors.New("no entropy")
		_, err := s.Setting(t.Context(), "secret", func() ([]byte, error) { return nil, broken })
		wantErr(t, "Setting that can't be made", err, broken)
		want := []byte{0, 1, 2, 0xff}
		got, err := s.Setting(t.Context(), "secret", func() ([]byte, error) { return want, nil })
		must(t, err)
		same(t, "setting", got, want)
		s.reopen()
		got, err = s.Setting(t.Context(), "secret", func() ([]byte, error) { return []byte("other"), nil })
		must(t, err)
		same(t, "setting made before", got, want)
	}},
	{"SettingAtOnce", func(t *testing.T, s *box) {
		var got [atOnce]string
		for _, err := range together(atOnce, func(i int) error {
			v, err := s.Setting(t.Context(), "secret", func() ([]byte, error) { return fmt.Appendf(nil, "made by %d", i), nil })
			got[i] = string(v)
			return err
		}) {
			must(t, err)
		}
		for i := range got {
			if got[i] == "" || got[i] != got[0] {
				t.Errorf("%d got %q, another one %q", i, got[i], got[0])
			}
		}
	}},
	{"Ping", func(t *testing.T, s *box) { must(t, s.Ping(t.Context())) }},
}
