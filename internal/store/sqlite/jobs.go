package sqlite

import (
	"cmp"
	"container/heap"
	"slices"
	"sync"
	"time"
)

// jobs knows which tickets have something to deliver, since when, and who is at it. It follows the table of what is
// pending, commit by commit.
type jobs struct {
	mu     sync.Mutex
	byID   map[string]*job
	free   dueFirst      // not leased
	leased map[*job]bool // few: as many as there are deliverers
}

// job is a ticket that has something to deliver.
type job struct {
	id       string
	seq      int64
	due      int64  // milliseconds
	owner    string // who has or had the lease last
	until    int64  // milliseconds
	settling bool   // its outcome is being written: nobody else may have it
	index    int    // in the heap; -1 while it is leased
}

func newJobs() *jobs { return &jobs{byID: map[string]*job{}, leased: map[*job]bool{}} }

// add notes that something was added to what is pending for the ticket.
func (j *jobs) add(id string, seq int64, p pending) {
	if len(p.lines) == 0 {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	w := j.byID[id]
	if w == nil {
		w = &job{id: id, seq: seq, due: p.due}
		j.byID[id] = w
		heap.Push(&j.free, w)
		return
	}
	j.setDue(w, min(w.due, p.due))
}

func (j *jobs) setDue(w *job, due int64) {
	w.due = due
	if w.index >= 0 {
		heap.Fix(&j.free, w.index)
	}
}

// lease gives the job of the ticket, or the one that is due longest, to the owner; false if there is none to have.
func (j *jobs) lease(id, owner string, now, until time.Time) (of string, seq int64, ok bool) {
	at := now.UnixMilli()
	j.mu.Lock()
	defer j.mu.Unlock()
	for w := range j.leased {
		if w.until <= at && !w.settling {
			j.release(w)
		}
	}
	var w *job
	if id != "" {
		w = j.byID[id]
	} else if len(j.free) > 0 {
		w = j.free[0]
	}
	if w == nil || w.index < 0 || w.due > at {
		return "", 0, false
	}
	heap.Remove(&j.free, w.index)
	j.leased[w] = true
	w.owner, w.until = owner, until.UnixMilli()
	return w.id, w.seq, true
}

// release puts the job back among those to be had.
func (j *jobs) release(w *job) {
	delete(j.leased, w)
	heap.Push(&j.free, w)
}

// giveBack ends a lease without an outcome.
func (j *jobs) giveBack(id, owner string, until time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if w := j.holds(id, owner, until); w != nil && w.index < 0 {
		j.release(w)
	}
}

// settle makes sure that the lease stays with the owner while its outcome is written; false if it was lost. The owner
// calls settled or unsettled afterwards.
func (j *jobs) settle(id, owner string, until time.Time) (seq int64, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	w := j.holds(id, owner, until)
	if w == nil || w.settling {
		return 0, false
	}
	if w.index >= 0 { // it ran out, but nobody else took it
		heap.Remove(&j.free, w.index)
		j.leased[w] = true
	}
	w.settling = true
	return w.seq, true
}

// settled ends the lease; due is when the next delivery is, none if there is nothing left.
func (j *jobs) settled(id string, due int64, left bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	w := j.byID[id]
	w.settling, w.owner, w.until, w.due = false, "", 0, due
	delete(j.leased, w)
	if left {
		heap.Push(&j.free, w)
	} else {
		delete(j.byID, id)
	}
}

// unsettled says that the outcome could not be written. The lease goes on.
func (j *jobs) unsettled(id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.byID[id].settling = false
}

// holds is the job if it was leased like this last.
func (j *jobs) holds(id, owner string, until time.Time) *job {
	if w := j.byID[id]; w != nil && w.until == until.UnixMilli() && w.owner == owner {
		return w
	}
	return nil
}

// backlog counts the jobs, and says when the first is due: in milliseconds, if there is any.
func (j *jobs) backlog() (n int, first int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.free) > 0 {
		first = j.free[0].due
	}
	for w := range j.leased {
		if len(j.free) == 0 && n == 0 || w.due < first {
			first = w.due
		}
		n++
	}
	return n + len(j.free), first
}

// all are the tickets that have something to deliver, the one that is due longest first.
func (j *jobs) all() []int64 {
	type due struct{ seq, at int64 }
	j.mu.Lock()
	list := make([]due, 0, len(j.byID))
	for _, w := range j.byID {
		list = append(list, due{w.seq, w.due})
	}
	j.mu.Unlock()
	slices.SortFunc(list, func(a, b due) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq)) })
	seqs := make([]int64, len(list))
	for i, d := range list {
		seqs[i] = d.seq
	}
	return seqs
}

// dueFirst is a heap of jobs.
type dueFirst []*job

func (h dueFirst) Len() int { return len(h) }

func (h dueFirst) Less(a, b int) bool {
	return h[a].due < h[b].due || h[a].due == h[b].due && h[a].seq < h[b].seq
}

func (h dueFirst) Swap(a, b int) {
	h[a], h[b] = h[b], h[a]
	h[a].index, h[b].index = a, b
}

// Push is for package heap.
func (h *dueFirst) Push(w any) {
	w.(*job).index = len(*h)
	*h = append(*h, w.(*job))
}

// Pop is for package heap.
func (h *dueFirst) Pop() any {
	last := len(*h) - 1
	w := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	w.index = -1
	return w
}
