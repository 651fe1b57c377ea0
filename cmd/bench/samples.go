package main

import (
	"slices"
	"time"
)

// The steps that are timed, from a request to its reply or to the post that others see of it.
const (
	stepForm     = "/ticket: the form"
	stepOpen     = "open"
	stepClaim    = "claim"
	stepAsk      = "reply: the form"
	stepReply    = "reply"
	stepFinish   = "resolve: the form"
	stepResolve  = "resolve"
	seenTriage   = "open, card in triage"
	seenDirect   = "open, the requester's conversation"
	seenClaim    = "claim, told to the requester"
	seenReply    = "reply, told to the requester"
	seenResolve  = "resolve, told to the requester"
	allReplies   = "all requests to their reply"
	allDelivered = "all requests to the delivered post"
)

var (
	replySteps = []string{stepForm, stepOpen, stepClaim, stepAsk, stepReply, stepFinish, stepResolve}
	seenSteps  = []string{seenTriage, seenDirect, seenClaim, seenReply, seenResolve}
)

// samples are durations by step.
type samples map[string][]time.Duration

func (s samples) add(step string, d time.Duration) { s[step] = append(s[step], d) }

func (s samples) merge(o samples) {
	for step, list := range o {
		s[step] = append(s[step], list...)
	}
}

// of are the durations of all the steps together, the shortest first.
func (s samples) of(steps ...string) sorted {
	var all []time.Duration
	for _, step := range steps {
		all = append(all, s[step]...)
	}
	slices.Sort(all)
	return all
}

// sorted are durations, the shortest first.
type sorted []time.Duration

// quantile is the duration that the part q of them does not exceed; zero if there are none.
func (s sorted) quantile(q float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	return s[min(len(s)-1, int(q*float64(len(s))))]
}
