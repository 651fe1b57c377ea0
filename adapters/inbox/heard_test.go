package inbox

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"balie/internal/chat"
)

func TestHeard(t *testing.T) {
	var h Heard
	nothing := func() int64 { return 0 }
	if until := h.Until(nothing); until != 0 || h.High() != 0 {
		t.Errorf("who never heard anything heard all up to %d", until)
	}
	if high := h.Change(func(high int64) int64 { return cmp.Or(high, 100) }); high != 100 || h.High() != 100 {
		t.Errorf("it begins at %d, %d", high, h.High())
	}
	h.Advance(150, 200)
	h.Advance(120, 200)
	h.Advance(900, 300) // dated in time to come
	if h.High() != 300 {
		t.Errorf("all was heard up to %d", h.High())
	}
	for at, want := range map[int64]int64{250: 250, 400: 300, 0: 1, -5: 1} {
		if got := h.Mark(at); got != want {
			t.Errorf("what happened at %d waits with %d, want %d", at, got, want)
		}
	}
	for _, c := range []struct{ one, other, want int64 }{{0, 0, 300}, {200, 0, 199}, {200, 100, 99}, {100, 200, 99}, {300, 0, 299}, {301, 0, 300}} {
		if got := h.Until(func() int64 { return c.one }, func() int64 { return c.other }); got != c.want {
			t.Errorf("with %d and %d missing all was told up to %d, want %d", c.one, c.other, got, c.want)
		}
	}
	// What is heard while the floors are asked is later than what was heard before.
	if got := h.Until(func() int64 { h.Advance(400, 400); return 0 }); got != 300 {
		t.Errorf("it was told up to %d", got)
	}
}

func TestEarlier(t *testing.T) {
	for _, c := range [][3]int64{{0, 0, 0}, {0, 5, 5}, {5, 0, 5}, {5, 3, 3}, {3, 5, 3}} {
		if got := Earlier(c[0], c[1]); got != c[2] {
			t.Errorf("of %d and %d the earlier is %d", c[0], c[1], got)
		}
	}
}

// shaky is a memory that fails so often before it has something.
type shaky struct {
	chat.Memory // of which no more is used

	failures, asked int
}

func (m *shaky) Recall(context.Context, string) ([]byte, error) {
	if m.asked++; m.asked <= m.failures {
		return nil, errors.New("away")
	}
	return []byte("kept"), nil
}

func TestRecall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told, m := 0, &shaky{failures: 20}
		failed := func(error) { told++ }
		began := time.Now()
		value, ok := Recall(t.Context(), m, "name", time.Second, failed)
		if !ok || string(value) != "kept" || told != 1 || m.asked != 21 {
			t.Errorf("%q, %t; it was told %d times and asked %d times", value, ok, told, m.asked)
		}
		if took := time.Since(began); took < 5*time.Minute || took > 20*time.Minute {
			t.Errorf("it took %s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, ok := Recall(ctx, &shaky{failures: 1e9}, "name", time.Second, failed); ok || ctx.Err() == nil {
			t.Error("it goes on when it is over, or has something")
		}
	})
}

func TestKeepOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 61*time.Second)
		defer cancel()
		kept, told := 0, []int{}
		KeepOn(ctx, 10*time.Second, func(context.Context) error {
			if kept++; kept == 2 || kept == 3 || kept == 5 {
				return errors.New("away")
			}
			return nil
		}, func(error) { told = append(told, kept) })
		if kept != 6 || !slices.Equal(told, []int{2, 5}) {
			t.Errorf("it was kept %d times, and said to fail at %v", kept, told)
		}
	})
}

func TestSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSteps()
		ctx, cancel := context.WithCancel(t.Context())
		var at []time.Duration
		told := 0
		began := time.Now()
		answers := []struct {
			wait time.Duration
			err  error
		}{
			{time.Second, nil},                    // at 0 s
			{-1, nil},                             // at 1 s
			{0, errors.New("away")},               // when it is nudged
			{time.Hour, errors.New("come later")}, // about a second later
			{-1, nil},                             // an hour later
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Run(ctx, time.Second, func(context.Context) (time.Duration, error) {
				a := answers[len(at)]
				at = append(at, time.Since(began))
				return a.wait, a.err
			}, func(error) { told++ })
		}()
		time.Sleep(time.Minute)
		s.Nudge()
		s.Nudge() // which does not block, and may cost a step
		time.Sleep(10 * time.Millisecond)
		synctest.Wait()
		if len(at) < 3 || at[0] != 0 || at[1] != time.Second || at[2] != time.Minute {
			t.Fatalf("there were steps at %v", at)
		}
		time.Sleep(2 * time.Hour)
		cancel()
		<-done
		if len(at) != 5 || told != 1 || at[4]-at[3] != time.Hour {
			t.Errorf("there were steps at %v, and %d errors were told", at, told)
		}
	})
}

func TestNext(t *testing.T) {
	type due struct {
		rank int
		at   time.Time
	}
	now := time.Now()
	when := func(d due) (int, time.Time) { return d.rank, d.at }
	for _, c := range []struct {
		all   map[string]due
		first string
		wait  time.Duration
	}{
		{nil, "", -1},
		{map[string]due{"b": {1, now}, "a": {1, now}, "c": {2, now}}, "a", -1},
		{map[string]due{"a": {1, now}, "b": {0, now.Add(-time.Hour)}}, "b", -1},
		{map[string]due{"a": {0, now.Add(time.Hour)}, "b": {0, now.Add(time.Minute)}}, "", time.Minute},
		{map[string]due{"a": {0, now.Add(time.Hour)}, "b": {5, now}}, "b", time.Hour},
	} {
		first, found, wait := Next(c.all, now, cmp.Compare, when)
		if first != c.first || found != (c.first != "") || wait != c.wait {
			t.Errorf("of %v it is %q (%t), or nothing for %s", c.all, first, found, wait)
		}
	}
}
