// Package memo is what adapters remember of what they saw and said, no more of it than fits.
package memo

import (
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
)

// New makes a map that forgets what was not used for long, where there is more than the size. That is above zero.
func New[K comparable, V any](size int) *lru.Cache[K, V] {
	c, err := lru.New[K, V](size)
	if err != nil {
		panic(err) // only for a size of zero
	}
	return c
}

// onceMax is how much Once remembers. What comes then is not said any more.
const onceMax = 1000

// Once remembers what was said already. The zero value is ready.
type Once struct {
	// Each, if set, is called for each time that First is asked, so that what is said once is still counted.
	Each func()

	mu   sync.Mutex
	said map[string]bool
}

// First says whether it is the first time.
func (o *Once) First(what string) bool {
	if o.Each != nil {
		o.Each()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.said == nil {
		o.said = map[string]bool{}
	}
	if o.said[what] || len(o.said) > onceMax {
		return false
	}
	o.said[what] = true
	return true
}
