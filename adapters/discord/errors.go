package discord

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/bwmarrin/discordgo"

	"balie/adapters/upstream"
	"balie/internal/chat"
)

// oldWait is how long to wait where a message is too old to be edited as often as it was.
const oldWait = 5 * time.Minute

// Discord's codes that something depends on.
// https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
const (
	codeUnknownChannel     = 10003
	codeUnknownGuild       = 10004
	codeUnknownMember      = 10007
	codeUnknownMessage     = 10008
	codeUnknownUser        = 10013
	codeUnknownWebhook     = 10015
	codeUnknownInteraction = 10062
	codeOldEdits           = 30046
	codeThreadMembers      = 30033
	codeAnswered           = 40060
	codeMissingAccess      = 50001
	codeOtherAuthor        = 50005
	codeEmptyMessage       = 50006
	codeClosedDirect       = 50007
	codeMissingPermission  = 50013
	codeNetwork            = 40333 // a fault on the way, within Discord
	codeExpired            = 50027 // an interaction's token, after 15 minutes: with status 401
	codeBadForm            = 50035
	codeTooLarge           = 40005
	codeTagRequired        = 40067
	codeArchived           = 50083
	codeThreadExists       = 160004
	codeLocked             = 160005
	codeTooManyThreads     = 160006
	codeNoThreadsHere      = 50024
	codeNoGuildInCommon    = 50278
	codeUnknownTag         = 10087
)

// meaning is what one of Discord's errors comes to. Where nothing is set Discord could not do it now.
type meaning struct {
	gone, refused bool
	retry         time.Duration
	blocked       string // what an admin has to do
}

// meanings are Discord's errors by code.
var meanings = map[int]meaning{
	codeUnknownChannel: {gone: true}, codeUnknownGuild: {gone: true}, codeUnknownMember: {gone: true}, codeUnknownMessage: {gone: true},
	codeUnknownUser: {gone: true}, codeUnknownWebhook: {gone: true}, codeUnknownInteraction: {gone: true}, codeAnswered: {refused: true}, codeExpired: {refused: true},
	codeOldEdits: {retry: oldWait}, codeOtherAuthor: {refused: true}, codeEmptyMessage: {refused: true}, codeBadForm: {refused: true},
	codeTooLarge: {refused: true},
	codeTagRequired: {blocked: "the forum wants a tag on each post: give it a tag for each status, of the same name, or have it require none " +
		"(balie doctor says which are missing)"},
	codeClosedDirect: {refused: true},
	codeMissingAccess: {blocked: "the bot does not see the channel: give it View Channel there, or name another channel in the policy " +
		"(balie doctor says which permissions are missing)"},
	codeMissingPermission: {blocked: "the bot lacks a permission: balie doctor says which one, in which channel"},
	codeThreadMembers:     {blocked: "the thread has as many members as Discord allows (1 000): remove some of them"},
	codeTooManyThreads: {blocked: "the server has as many open threads as Discord allows: close some, or have them archived " +
		"sooner in the channels' settings"},
	codeUnknownTag:      {retry: upstream.DownWait},
	codeNoGuildInCommon: {refused: true}, // they left, and are written to directly
	codeNoThreadsHere:   {refused: true},
	codeArchived:        {retry: upstream.DownWait},
	codeLocked:          {blocked: "the thread is locked, and the bot may not unlock it: give it Manage Threads"},
}

// sendError says what a failed call means. No token is in its text.
func sendError(doing string, err error) *chat.SendError {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*chat.SendError](err); ok {
		return known
	}
	failed := &failure{doing: doing, err: err}
	e := &chat.SendError{Err: failed}
	if limited, ok := errors.AsType[*discordgo.RateLimitError](err); ok {
		e.Retry = max(limited.RetryAfter, 50*time.Millisecond)
		return e
	}
	status := statusOf(err)
	m := meanings[codeOf(err)]
	switch {
	case m.gone:
		e.Gone = true
	case m.refused:
		e.Refused = e.Err.Error()
	case m.blocked != "":
		e.Blocked = m.blocked
	case m.retry > 0:
		e.Retry = m.retry
	case status == http.StatusUnauthorized:
		e.Blocked = "Discord does not take the bot's token any more: put a new one into DISCORD_TOKEN"
	case status == http.StatusTooManyRequests:
		e.Retry = upstream.LimitWait
	case status >= http.StatusInternalServerError, status == http.StatusForbidden && !worded(err), unanswered(err):
		e.Retry = upstream.AboutDownWait()
	case status == http.StatusNotFound && worded(err):
		e.Gone = true
	case status == http.StatusNotFound:
		// nobody knows what is not there
	case status == http.StatusForbidden:
		e.Blocked = "Discord does not let the bot do that (" + scrub(failed.what()) + "): balie doctor may say why"
	case status >= http.StatusBadRequest:
		e.Refused = e.Err.Error()
	}
	return e
}

// unanswered says that nobody knows what became of a call.
func unanswered(err error) bool {
	// The library has no type of its own for a server's error.
	return upstream.Unanswered(err) || statusOf(err) == 0 && serverError.MatchString(err.Error())
}

var serverError = regexp.MustCompile(`^Exceeded Max retries HTTP 5`)

// worded says whether Discord itself refused something, and says why. What stands before it, and its own edge when it is in
// trouble, refuse with the same statuses.
func worded(err error) bool {
	code := codeOf(err)
	return code != 0 && code != codeNetwork
}

// codeOf is the code of the error that Discord answered with; 0 if there is none.
func codeOf(err error) int {
	if refused, ok := errors.AsType[*discordgo.RESTError](err); ok && refused.Message != nil {
		return refused.Message.Code
	}
	return 0
}

// statusOf is the HTTP status that Discord answered with; 0 if it did not.
func statusOf(err error) int {
	if refused, ok := errors.AsType[*discordgo.RESTError](err); ok && refused.Response != nil {
		return refused.Response.StatusCode
	}
	return 0
}

// failure is a call that failed, as it may be shown.
type failure struct {
	doing string
	err   error
}

// detailMax is how many bytes of what Discord says about an error are of use.
const detailMax = 500

func (f *failure) Error() string {
	return "discord: " + f.doing + ": " + scrub(f.what())
}

func (f *failure) what() string {
	if limited, ok := errors.AsType[*discordgo.RateLimitError](f.err); ok {
		return fmt.Sprintf("too much at once, again in %s", limited.RetryAfter)
	}
	if refused, ok := errors.AsType[*discordgo.RESTError](f.err); ok {
		body := string(refused.ResponseBody)
		if refused.Message != nil && refused.Message.Code != codeBadForm && refused.Message.Message != "" {
			body = refused.Message.Message
		}
		return fmt.Sprintf("status %d, code %d: %s", statusOf(f.err), codeOf(f.err), body[:min(len(body), detailMax)])
	}
	if u, ok := errors.AsType[*url.Error](f.err); ok { // without the URL, which may be a secret
		return u.Err.Error()
	}
	text := f.err.Error()
	return text[:min(len(text), detailMax)]
}

func (f *failure) Unwrap() error { return f.err }

// secrets are tokens of bots, and the addresses of interactions, which answer without one.
var secrets = regexp.MustCompile(`\b[A-Za-z0-9_-]{23,28}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,}|((?:interactions|webhooks)/[0-9]+/)[^/\s"?]+`)

// scrub takes the secrets out of a text.
func scrub(text string) string { return secrets.ReplaceAllString(text, "$1…") }
