package bot

import "sync"

// queue hands each ticket that has something to deliver to one worker at a time. A ticket that changes while a worker is
// at it comes again when that worker is done. What does not fit is left to the poller, which finds it in the store.
type queue struct {
	ids chan string

	mu    sync.Mutex
	state map[string]state
}

type state int

const (
	queued state = iota + 1
	running
	runningAgain
)

func newQueue() *queue {
	return &queue{ids: make(chan string, 4096), state: map[string]state{}}
}

// push asks for the ticket to be looked at.
func (q *queue) push(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch q.state[id] {
	case queued, runningAgain:
	case running:
		q.state[id] = runningAgain
	default:
		q.offer(id)
	}
}

func (q *queue) offer(id string) {
	select {
	case q.ids <- id:
		q.state[id] = queued
	default:
		delete(q.state, id)
	}
}

// begin says that a worker starts on the ticket; false if one is at it already.
func (q *queue) begin(id string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if s := q.state[id]; s == running || s == runningAgain {
		q.state[id] = runningAgain
		return false
	}
	q.state[id] = running
	return true
}

// end says that the worker is done with the ticket.
func (q *queue) end(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	again := q.state[id] == runningAgain
	delete(q.state, id)
	if again {
		q.offer(id)
	}
}
