package slack

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"balie/adapters/upstream"
	"balie/internal/chat"
)

// meaning is what one of Slack's errors comes to. Where nothing is set Slack could not do it now.
type meaning struct {
	gone, refused bool
	blocked       string // what an admin has to do
}

// meanings are Slack's errors by name. https://docs.slack.dev/reference/methods has them with each method.
var meanings = func() map[string]meaning {
	all := map[string]meaning{}
	for _, m := range []struct {
		meaning
		names string
	}{
		{meaning{}, `fatal_error internal_error service_unavailable request_timeout timeout accesslimited
			external_channel_migrating`},
		{meaning{gone: true}, `message_not_found thread_not_found cant_update_message edit_window_closed user_not_found
			users_not_found user_not_visible user_disabled invalid_user_id user_not_in_channel cannot_dm_bot cant_dm_self
			file_not_found file_deleted not_found view_not_found used_url expired_url`},
		{meaning{refused: true}, `msg_too_long msg_blocks_too_long no_text too_many_attachments invalid_blocks
			invalid_blocks_format invalid_attachments attachment_payload_limit_exceeded block_mismatch markdown_text_conflict
			too_many_contact_cards metadata_too_large invalid_metadata_format invalid_metadata_schema
			metadata_must_be_sent_from_app invalid_arguments invalid_arg_name invalid_array_arg missing_argument
			invalid_charset invalid_form_data invalid_post_type missing_post_type invalid_json json_not_object
			invalid_ts invalid_ts_latest invalid_ts_oldest invalid_channel invalid_cursor invalid_limit length_required
			view_too_large hash_conflict duplicate_external_id invalid_external_id push_limit_reached expired_trigger_id
			exchanged_trigger_id invalid_trigger_id invalid_trigger trigger_expired trigger_exchanged unknown_method
			unknown_subtype method_deprecated deprecated_endpoint method_not_supported_for_channel_type
			channel_type_not_supported cannot_reply_to_message cant_broadcast_message no_dual_broadcast_content_update
			cant_delete_message compliance_exports_prevent_deletion as_user_not_supported file_upload_size_restricted`},
		{blocked("Slack does not take the bot's token any more: put a new token into SLACK_BOT_TOKEN, or install the app again"),
			`invalid_auth not_authed account_inactive token_revoked token_expired`},
		{blocked("Slack wants another kind of token: SLACK_BOT_TOKEN is the one that begins with xoxb-"),
			`not_allowed_token_type`},
		{blocked("the app may not do that yet: bring its manifest up to date (balie slack manifest) and install it again"),
			`missing_scope`},
		{blocked("the bot does not see the channel: invite it (/invite and its name), or name another channel in the policy"),
			`not_in_channel channel_not_found`},
		{blocked("the channel is archived: unarchive it, or name another one in the policy"),
			`is_archived channel_is_archived`},
		{blocked("Slack does not let the bot do that: look at who may post in the channel, and at the workspace's settings " +
			"for apps"),
			`no_permission access_denied permission_denied user_is_restricted restricted_action
			restricted_action_read_only_channel restricted_action_thread_only_channel restricted_action_thread_locked
			restricted_action_non_threadable_channel slack_connect_file_upload_sharing_blocked
			slack_connect_file_link_sharing_blocked`},
		{blocked("files are switched off in the workspace: allow them in its settings"),
			`file_uploads_disabled file_uploads_except_images_disabled`},
		{blocked("the workspace has no room for files any more: delete some, or take a larger plan"),
			`storage_limit_reached`},
		{blocked("people can't write to the app: switch on the Messages Tab, under App Home in the app's settings"),
			`messages_tab_disabled`},
		{blocked("the app has no home: switch on the Home Tab, under App Home in the app's settings"), `not_enabled`},
		{blocked("Slack has no such user group: name another one in the policy"), `no_such_subteam subteam_not_found`},
		{blocked("the workspace's plan has no user groups: name people or a channel in the policy"),
			`plan_upgrade_required paid_teams_only`},
		{blocked("the workspace has sent as many messages as its plan allows"), `message_limit_exceeded`},
		{blocked("whoever installed the app has to set up two-factor authentication"), `two_factor_setup_required`},
		{blocked("the organization does not give Slack its encryption keys at the moment: an org admin knows why"),
			`ekm_access_denied`},
		{blocked("the workspace is moving to another organization: it goes on by itself when that is done"),
			`org_login_required team_added_to_org`},
		{blocked("the organization's settings keep the app out: an org admin has to approve it for the workspace"),
			`team_access_not_granted team_not_found enterprise_is_restricted`},
	} {
		for _, name := range strings.Fields(m.names) {
			all[name] = m.meaning
		}
	}
	return all
}()

func blocked(what string) meaning { return meaning{blocked: what} }

// limits are the errors that say that there was too much.
var limits = map[string]bool{"ratelimited": true, "rate_limited": true, "team_quota_exceeded": true}

// sendError says what a failed call means. No token is in its text.
func sendError(doing string, err error) *chat.SendError {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*chat.SendError](err); ok {
		return known
	}
	e := &chat.SendError{Err: &failure{doing: doing, err: err}}
	limited, tooMuch := errors.AsType[*slackapi.RateLimitedError](err)
	status, odd := errors.AsType[slackapi.StatusCodeError](err)
	code := slackCode(err)
	m, known := meanings[code]
	switch {
	case tooMuch:
		e.Retry = max(limited.RetryAfter, time.Second)
	case limits[code], odd && status.Code == http.StatusTooManyRequests:
		e.Retry = upstream.LimitWait
	case known && m == (meaning{}), odd && status.Code >= http.StatusInternalServerError, upstream.Unanswered(err):
		e.Retry = upstream.AboutDownWait()
	case m.gone:
		e.Gone = true
	case m.refused:
		e.Refused = e.Err.Error()
	case m.blocked != "":
		e.Blocked = m.blocked
		if response, ok := errors.AsType[slackapi.SlackErrorResponse](err); ok && response.Needed != "" {
			e.Blocked += " (missing: " + scrub(response.Needed) + ")"
		}
	}
	return e
}

// slackCode is the name of the error that Slack answered with; empty if it is none of its.
func slackCode(err error) string {
	if response, ok := errors.AsType[slackapi.SlackErrorResponse](err); ok {
		return response.Err
	}
	if response, ok := errors.AsType[*slackapi.SlackErrorResponse](err); ok {
		return response.Err
	}
	return ""
}

// failure is a call that failed, as it may be shown.
type failure struct {
	doing string
	err   error
}

// detailMax is how many bytes of what Slack says about an error are of use.
const detailMax = 500

func (f *failure) Error() string {
	text := fmt.Sprintf("slack: %s: %v", f.doing, f.err)
	if response, ok := errors.AsType[slackapi.SlackErrorResponse](f.err); ok {
		if more := strings.Join(response.ResponseMetadata.Messages, "; "); more != "" {
			text += " (" + more[:min(len(more), detailMax)] + ")"
		}
	}
	return scrub(text)
}

func (f *failure) Unwrap() error { return f.err }

// secrets are tokens of any kind, and addresses that answer without one.
var secrets = regexp.MustCompile(`\b(xox[a-z]|xapp)[.-][A-Za-z0-9.%_-]+|(https://hooks\.slack\.com/)[^\s"]+`)

// scrub takes the secrets out of a text.
func scrub(text string) string { return secrets.ReplaceAllString(text, "$1$2…") }
