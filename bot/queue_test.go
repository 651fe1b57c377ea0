package bot

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// TestQueueIsExclusive lets many workers take from the queue while others push: no ticket is ever with two workers, and
// every push is followed by a look that began after it.
func TestQueueIsExclusive(t *testing.T) {
	q := newQueue()
	const tickets, pushes = 8, 2000
	var pushed, looked [tickets]atomic.Int64
	var busy [tickets]atomic.Bool
	stop := make(chan struct{})
	var workers, pushers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for {
				select {
				case <-stop:
					return
				case id := <-q.ids:
					if !q.begin(id) {
						continue
					}
					var n int
					if _, err := fmt.Sscan(id, &n); err != nil {
						t.Error(err)
					}
					if busy[n].Swap(true) {
						t.Errorf("ticket %d is with two workers", n)
					}
					looked[n].Store(pushed[n].Load())
					busy[n].Store(false)
					q.end(id)
				}
			}
		})
	}
	for n := range tickets {
		pushers.Go(func() {
			for range pushes {
				pushed[n].Add(1)
				q.push(fmt.Sprint(n))
			}
		})
	}
	pushers.Wait()
	for n := range tickets {
		for looked[n].Load() != pushes || busy[n].Load() { // a lost push would hang here, and the test's time limit tells
			q.mu.Lock()
			idle := len(q.state) == 0
			q.mu.Unlock()
			if idle && looked[n].Load() != pushes {
				t.Fatalf("ticket %d: looked at after %d of %d pushes, and nothing is queued", n, looked[n].Load(), pushes)
			}
		}
	}
	close(stop)
	workers.Wait()
}

func TestQueueLeavesTheRestToThePoller(t *testing.T) {
	q := newQueue()
	for n := range cap(q.ids) + 10 {
		q.push(fmt.Sprint(n))
	}
	if len(q.state) != cap(q.ids) {
		t.Errorf("%d are remembered, %d fit", len(q.state), cap(q.ids))
	}
}
