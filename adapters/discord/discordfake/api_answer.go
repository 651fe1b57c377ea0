package discordfake

import (
	"net/http"
	"strconv"
	"time"
)

// answer is what a route answers. Without a body the status is 204.
type answer struct {
	status int
	body   any // what becomes JSON
}

// ok is an answer with a body.
func ok(body any) (answer, *refusal) { return answer{http.StatusOK, body}, nil }

// created is ok, of something that is new.
func created(body any) (answer, *refusal) { return answer{http.StatusCreated, body}, nil }

// done is an answer without a body.
func done() (answer, *refusal) { return answer{status: http.StatusNoContent}, nil }

// refusal is what a route answers instead: an HTTP status, and one of Discord's codes.
// https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
type refusal struct {
	status, code int
	message      string
	errors       any           // what is wrong, field by field
	wait         time.Duration // of who is too early
	global       bool
	scope        string // whose limit it is: user, shared or global
}

// Error is what is wrong.
func (r *refusal) Error() string { return r.message }

// The refusals that have nothing more to say.
var (
	noSuchRoute        = &refusal{status: http.StatusNotFound, message: "404: Not Found"}
	unauthorized       = &refusal{status: http.StatusUnauthorized, message: "401: Unauthorized"}
	unknownChannel     = &refusal{status: http.StatusNotFound, code: 10003, message: "Unknown Channel"}
	unknownGuild       = &refusal{status: http.StatusNotFound, code: 10004, message: "Unknown Guild"}
	unknownMember      = &refusal{status: http.StatusNotFound, code: 10007, message: "Unknown Member"}
	unknownMessage     = &refusal{status: http.StatusNotFound, code: 10008, message: "Unknown Message"}
	unknownUser        = &refusal{status: http.StatusNotFound, code: 10013, message: "Unknown User"}
	unknownApplication = &refusal{status: http.StatusNotFound, code: 10002, message: "Unknown Application"}
	unknownWebhook     = &refusal{status: http.StatusNotFound, code: 10015, message: "Unknown Webhook"}
	unknownInteraction = &refusal{status: http.StatusNotFound, code: 10062, message: "Unknown interaction"}
	alreadyAnswered    = &refusal{status: http.StatusBadRequest, code: 40060, message: "Interaction has already been acknowledged."}
	tooLarge           = &refusal{status: http.StatusRequestEntityTooLarge, code: 40005, message: "Request entity too large"}
	missingAccess      = &refusal{status: http.StatusForbidden, code: 50001, message: "Missing Access"}
	otherAuthor        = &refusal{status: http.StatusForbidden, code: 50005, message: "Cannot edit a message authored by another user"}
	emptyMessage       = &refusal{status: http.StatusBadRequest, code: 50006, message: "Cannot send an empty message"}
	closedDirect       = &refusal{status: http.StatusForbidden, code: 50007, message: "Cannot send messages to this user"}
	missingPermissions = &refusal{status: http.StatusForbidden, code: 50013, message: "Missing Permissions"}
	wrongDirectAction  = &refusal{status: http.StatusForbidden, code: 50003, message: "Cannot execute action on a DM channel"}
	wrongChannelKind   = &refusal{status: http.StatusBadRequest, code: 50024, message: "Cannot execute action on this channel type"}
	systemMessage      = &refusal{status: http.StatusForbidden, code: 50021, message: "Cannot execute action on a system message"}
	badJSON            = &refusal{status: http.StatusBadRequest, code: 50109, message: "The request body contains invalid JSON."}
	archivedThread     = &refusal{status: http.StatusBadRequest, code: 50083, message: "Thread is archived"}
	tagNeeded          = &refusal{status: http.StatusBadRequest, code: 40067, message: "A tag is required to create a forum post in this channel"}
	threadMembersMax   = &refusal{status: http.StatusBadRequest, code: 30033, message: "Maximum number of thread participants reached (1000)"}
	noReplyWithoutPast = &refusal{status: http.StatusForbidden, code: 160002, message: "Cannot reply without permission to read message history"}
	threadExists       = &refusal{status: http.StatusBadRequest, code: 160004, message: "A thread has already been created for this message"}
	lockedThread       = &refusal{status: http.StatusForbidden, code: 160005, message: "Thread is locked"}
	tooManyThreads     = &refusal{status: http.StatusBadRequest, code: 160006, message: "Maximum number of active threads reached"}
)

// badForm is the code of a body with something wrong in it.
const badForm = 50035

// tooMuch is the answer to who calls too often.
func tooMuch(wait time.Duration) *refusal {
	return &refusal{status: http.StatusTooManyRequests, message: "You are being rate limited.", wait: wait, scope: "user"}
}

// fixed is an answer that is ready: of a route, or one that a test asked for.
type fixed struct {
	answer
	raw  []byte
	kind string
}

func (f *fixed) write(w http.ResponseWriter) {
	if f.raw != nil {
		w.Header().Set("Content-Type", f.kind)
		w.WriteHeader(f.status)
		_, _ = w.Write(f.raw) // the client may be gone
		return
	}
	if f.body == nil {
		w.WriteHeader(f.status)
		return
	}
	writeJSON(w, f.status, f.body)
}

func (r *refusal) write(w http.ResponseWriter) {
	v := map[string]any{"message": r.message, "code": r.code}
	if r.errors != nil {
		v["errors"] = r.errors
	}
	if r.status == http.StatusTooManyRequests {
		if r.code == 0 {
			delete(v, "code")
		}
		v["retry_after"], v["global"] = r.wait.Seconds(), r.global
		w.Header().Set("Retry-After", strconv.Itoa(seconds(r.wait)))
		w.Header().Set("X-RateLimit-Scope", r.scope)
		if r.global {
			w.Header().Set("X-RateLimit-Global", "true")
		}
	}
	writeJSON(w, r.status, v)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(mustJSON(v)) // the client may be gone
}
