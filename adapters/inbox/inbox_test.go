package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"
	"pgregory.net/rapid"
)

// toldOff is what a queue told, in order.
type toldOff struct {
	mu   sync.Mutex
	told []string
}

func (o *toldOff) all() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.told)
}

func (o *toldOff) of(channel string) []string {
	return slices.DeleteFunc(o.all(), func(s string) bool { return !strings.HasPrefix(s, channel+"/") })
}

// thing is an event called channel/thread/n that is told by do, if that is not nil.
func (o *toldOff) thing(channel, thread string, n int, do func() error) *Item {
	return &Item{Channel: channel, Thread: thread, Mark: int64(n), Tell: func(context.Context) error {
		if do != nil {
			if err := do(); err != nil {
				return err
			}
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		o.told = append(o.told, fmt.Sprintf("%s/%s/%d", channel, thread, n))
		return nil
	}}
}

func quiet() *logrus.Logger {
	log := logrus.New()
	log.SetOutput(io.Discard)
	return log
}

// inBubble runs a test with a queue and a clock of its own.
func inBubble(t *testing.T, test func(t *testing.T, b *Inbox, o *toldOff)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		b := New(ctx, "test", time.Second, quiet())
		test(t, b, &toldOff{})
		cancel()
		b.Wait()
	})
}

func equal(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: told %q, want %q", what, got, want)
	}
}

func TestEventsOfAChannelAreToldInOrder(t *testing.T) {
	inBubble(t, func(t *testing.T, b *Inbox, o *toldOff) {
		busy, most := 0, 0
		var mu sync.Mutex
		slow := func() error {
			mu.Lock()
			busy++
			most = max(most, busy)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			defer mu.Unlock()
			busy--
			return nil
		}
		var want []string
		for n := range 5 {
			for c := range 100 {
				b.Add(o.thing(fmt.Sprint("c", c), fmt.Sprint(n%2), n+1, slow))
			}
			want = append(want, fmt.Sprintf("c7/%d/%d", n%2, n+1))
		}
		if low := b.Floor(); low != 1 {
			t.Errorf("the floor is %d, want 1", low)
		}
		synctest.Wait()
		if got := len(o.all()); got != 0 {
			t.Errorf("%d were told at once", got)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		equal(t, "one channel", o.of("c7"), want...)
		if len(o.all()) != 500 || most != roomsMax {
			t.Errorf("%d were told, %d at once, want 500 and %d", len(o.all()), most, roomsMax)
		}
		if b.Floor() != 0 || b.count != 0 || len(b.rooms) != 0 {
			t.Errorf("floor %d, count %d, %d rooms are left", b.Floor(), b.count, len(b.rooms))
		}
	})
}

func TestWhatFailsHoldsUpItsOwnThreadOnly(t *testing.T) {
	inBubble(t, func(t *testing.T, b *Inbox, o *toldOff) {
		var tries []time.Duration
		began := time.Now()
		fails := func() error {
			tries = append(tries, time.Since(began))
			if len(tries) < 10 {
				return errors.New("the store is away")
			}
			return nil
		}
		b.Add(o.thing("c", "a", 1, fails))
		b.Add(o.thing("c", "b", 2, nil))
		b.Add(o.thing("c", "a", 3, nil))
		b.Add(o.thing("c", "b", 4, nil))
		synctest.Wait()
		b.Add(o.thing("c", "a", 5, nil))
		synctest.Wait()
		equal(t, "while it fails", o.all(), "c/b/2", "c/b/4")
		if low := b.Floor(); low != 1 {
			t.Errorf("the floor is %d while 1 waits", low)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		equal(t, "in the end", o.all(), "c/b/2", "c/b/4", "c/a/1", "c/a/3", "c/a/5")
		if len(tries) != 10 {
			t.Fatalf("tried %d times", len(tries))
		}
		for i := 1; i < len(tries); i++ {
			pause, most := tries[i]-tries[i-1], min(time.Second<<(i-1), time.Minute)
			if pause < most/2 || pause > most {
				t.Errorf("pause %d is %s, want between %s and %s", i, pause, most/2, most)
			}
		}
		if b.Floor() != 0 || b.failing != 0 || len(b.rooms) != 0 {
			t.Errorf("floor %d, %d threads fail, %d rooms are left", b.Floor(), b.failing, len(b.rooms))
		}
	})
}

func TestWhatWasMissedComesBeforeWhatIsHeardMeanwhile(t *testing.T) {
	inBubble(t, func(t *testing.T, b *Inbox, o *toldOff) {
		b.Add(o.thing("c", "t", 1, nil))
		synctest.Wait()
		b.HoldAll()
		b.Add(o.thing("c", "t", 4, nil))
		b.Add(o.thing("d", "t", 5, nil))
		synctest.Wait()
		equal(t, "while all wait", o.all(), "c/t/1")
		b.HoldOnly([]string{"c"})
		synctest.Wait()
		equal(t, "of who missed nothing", o.of("d"), "d/t/5")
		b.Add(o.thing("c", "t", 6, nil))
		b.Release("c", []*Item{o.thing("c", "t", 2, nil), o.thing("c", "t", 3, nil)})
		b.Add(o.thing("c", "t", 7, nil))
		synctest.Wait()
		equal(t, "in the end", o.of("c"), "c/t/1", "c/t/2", "c/t/3", "c/t/4", "c/t/6", "c/t/7")
		if b.later != 0 || b.count != 0 {
			t.Errorf("%d wait, %d of them for later", b.count, b.later)
		}
	})
}

func TestWhatHasNoRoomIsAGap(t *testing.T) {
	inBubble(t, func(t *testing.T, b *Inbox, o *toldOff) {
		b.Limit(10)
		ebbed := 0
		b.Ebbed(func() { ebbed++ })
		var away atomic.Bool
		away.Store(true)
		fails := func() error {
			if away.Load() {
				return errors.New("the store is away")
			}
			return nil
		}
		for n := range 20 {
			b.Add(o.thing("c", "t", n+1, fails))
		}
		b.Add(o.thing("d", "t", 40, nil))
		if low := b.Floor(); low != 1 {
			t.Errorf("the floor is %d", low)
		}
		if got := b.Lost(); got != nil {
			t.Errorf("lost = %v while there is no room", got)
		}
		away.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := len(o.all()); got != 10 {
			t.Errorf("%d were told, want 10", got)
		}
		if low := b.Floor(); low != 11 || ebbed == 0 {
			t.Errorf("the floor is %d, ebbed %d times", low, ebbed)
		}
		b.Add(o.thing("c", "t", 21, nil)) // goes the way of those before it
		got := b.Lost()
		if len(got) != 2 || got["c"] != (Gap{11, 11}) || got["d"] != (Gap{40, 40}) {
			t.Errorf("lost = %v", got)
		}
		b.Add(o.thing("c", "t", 22, nil))
		synctest.Wait()
		if n := len(o.all()); n != 10 {
			t.Errorf("%d were told before what was lost", n)
		}
		b.Release("c", []*Item{o.thing("c", "t", 11, nil)})
		synctest.Wait()
		equal(t, "in the end", o.all()[10:], "c/t/11", "c/t/22")
	})
}

// TestNothingIsLostOrOutOfOrder does many things at random: within a thread everything is told once and in order.
func TestNothingIsLostOrOutOfOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		steps := rapid.SliceOfN(rapid.IntRange(0, 9), 1, 80).Draw(r, "steps")
		failing := rapid.SliceOfN(rapid.IntRange(0, 80), 0, 20).Draw(r, "failing")
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			b, o := New(ctx, "test", time.Second, quiet()), &toldOff{}
			n := 0
			for _, s := range steps {
				channel := fmt.Sprint("c", s%2)
				switch {
				case s < 6:
					n++
					left := 0
					if slices.Contains(failing, n) {
						left = n%4 + 1
					}
					b.Add(o.thing(channel, fmt.Sprint("t", s%3), n, func() error {
						if left--; left >= 0 {
							return errors.New("not now")
						}
						return nil
					}))
				case s == 6:
					time.Sleep(700 * time.Millisecond)
				case s == 7:
					b.HoldAll()
				case s == 8:
					b.HoldOnly([]string{channel})
				default:
					b.Release(channel, nil)
				}
			}
			b.HoldOnly(nil)
			b.Release("c0", nil)
			b.Release("c1", nil)
			time.Sleep(time.Hour)
			synctest.Wait()
			if len(o.all()) != n || b.count != 0 || b.later != 0 || b.failing != 0 || len(b.rooms) != 0 {
				t.Errorf("%d of %d were told; count %d, later %d, failing %d, rooms %d", len(o.all()), n, b.count, b.later, b.failing, len(b.rooms))
			}
			last := map[string]int{}
			for _, s := range o.all() {
				var channel, thread string
				var n int
				if _, err := fmt.Sscanf(strings.ReplaceAll(s, "/", " "), "%s %s %d", &channel, &thread, &n); err != nil {
					t.Fatal(err)
				}
				if key := channel + thread; n <= last[key] {
					t.Errorf("%s after %d", s, last[key])
				} else {
					last[key] = n
				}
			}
			cancel()
			b.Wait()
		})
		if t.Failed() {
			r.FailNow()
		}
	})
}

// TestWhatBreaksTheBotStopsNothing: an event that nobody is prepared for is left out, and all others are told.
func TestWhatBreaksTheBotStopsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, b *Inbox, o *toldOff) {
		b.Add(o.thing("a", "t", 1, nil))
		b.Add(o.thing("a", "t", 2, func() error { panic("broken") }))
		b.Add(o.thing("a", "t", 3, nil))
		time.Sleep(time.Hour)
		equal(t, "told", o.all(), "a/t/1", "a/t/3")
		if oldest := b.Floor(); oldest != 0 {
			t.Errorf("something still waits: %d", oldest)
		}
	})
}
