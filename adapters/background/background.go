// Package background lets adapters do what nobody waits for, and end in order.
package background

import "sync"

// Group is what goes on by itself. The zero value is ready.
type Group struct {
	mu   sync.Mutex
	wg   sync.WaitGroup
	over bool
}

// Do does something by itself or, after Wait, at once: a request may outlast Run.
func (g *Group) Do(what func()) {
	g.mu.Lock()
	if g.over {
		g.mu.Unlock()
		what()
		return
	}
	g.wg.Add(1)
	g.mu.Unlock()
	go func() {
		defer g.wg.Done()
		what()
	}()
}

// Wait waits until nothing goes on any more.
func (g *Group) Wait() {
	g.mu.Lock()
	g.over = true
	g.mu.Unlock()
	g.wg.Wait()
}
