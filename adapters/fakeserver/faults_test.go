package fakeserver

import (
	"context"
	"slices"
	"testing"
	"time"
)

func TestFaults(t *testing.T) {
	h := hosted(t, hello)
	f := NewFaults[string](h)
	next := func(name string) string {
		h.lock.Lock()
		defer h.lock.Unlock()
		how, wait := f.Next(name)
		if wait.For != 0 || wait.gate != nil {
			t.Errorf("a call of %s waits", name)
		}
		if how == nil {
			return ""
		}
		return *how
	}
	f.FailNext("post", 2, "no")
	f.FailNext("", 1, "any")
	f.FailNext("edit", -1, "never")
	var got []string
	for _, name := range []string{"read", "post", "post", "post", "edit", "edit", "edit"} {
		got = append(got, next(name))
	}
	if want := []string{"any", "no", "no", "", "never", "never", "never"}; !slices.Equal(got, want) {
		t.Errorf("calls failed with %q, not %q", got, want)
	}
	if f.FailNext("edit", 0, ""); next("edit") != "" {
		t.Error("a call fails although that was ended")
	}
}

func TestCallsThatWait(t *testing.T) {
	h := hosted(t, hello)
	f := NewFaults[string](h)
	h.lock.Lock()
	f.Delay("", time.Minute)
	f.Delay("post", time.Hour)
	release := f.Hold("post")
	_, held := f.Next("post")
	_, free := f.Next("post")
	_, other := f.Next("read")
	f.Delay("", 0)
	_, quick := f.Next("read")
	h.lock.Unlock()
	if held.For != time.Hour || free.For != time.Hour || other.For != time.Minute || quick.For != 0 {
		t.Errorf("they wait %s, %s, %s and %s", held.For, free.For, other.For, quick.For)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	free.Wait(over) // is not held, and does not wait when all ends
	done := make(chan struct{})
	go func() {
		held.Wait(over)
		close(done)
	}()
	select {
	case <-done:
		t.Fatal("a call that is held went on")
	case <-time.After(20 * time.Millisecond):
	}
	release()
	release() // twice does no harm
	<-done
}

func TestRecent(t *testing.T) {
	r := Recent[int]{Keep: 3}
	for i := range 20 {
		r.Add(i)
		all := r.All()
		if n := len(all); n > 6 || n < min(i+1, 3) || all[n-1] != i || all[0] != i-n+1 {
			t.Fatalf("after %d: %v", i, all)
		}
	}
}
