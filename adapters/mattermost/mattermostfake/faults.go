package mattermostfake

import (
	"strings"

	"github.com/mattermost/mattermost/server/public/model"
)

// words are the sentences that people read of the errors that they meet; for others the id has to do.
var words = map[string]string{
	errPermissions: "You do not have the appropriate permissions.",
	errSession:     "Invalid or expired session, please login again.",
	"api.user.login.invalid_credentials_email_username":          "Enter a valid email or username and/or password.",
	"api.context.404.app_error":                                  "Sorry, we could not find the page.",
	"api.context.invalid_body_param.app_error":                   "Invalid or missing {{.Name}} in request body.",
	"api.context.invalid_url_param.app_error":                    "Invalid or missing {{.Name}} parameter in request URL.",
	"api.context.invalid_param.app_error":                        "Invalid {{.Name}} parameter.",
	"api.post.do_action.action_integration.app_error":            "Action integration error.",
	"api.post.do_action.action_id.app_error":                     "Invalid action id.",
	"api.post.create_post.can_not_post_to_deleted.error":         "Can not post to deleted channel.",
	"api.post.create_post.root_id.app_error":                     "Invalid RootId parameter.",
	"app.post.get.app_error":                                     "Unable to get the post.",
	"app.user.missing_account.const":                             "Unable to find the user.",
	"api.command.execute_command.not_found.app_error":            "Command with a trigger of '{{.Trigger}}' not found.",
	"api.command.execute_command.failed.app_error":               "Command with a trigger of '{{.Trigger}}' failed.",
	"api.command.execute_command.failed_resp.app_error":          "Command with a trigger of '{{.Trigger}}' returned response {{.Status}}.",
	"api.command.execute_command.create_post_failed.app_error":   "Command '{{.Trigger}}' failed to post response.",
	"api.command.execute_command.start.app_error":                "No command trigger found.",
	"model.post.is_valid.message_length.app_error":               "Post Message property is longer than the maximum permitted length.",
	"interactive_message.decode_trigger_id.expired":              "Trigger ID for interactive dialog is expired.",
	"app.submit_interactive_dialog.decode_json_error":            "Encountered an error decoding the response of the dialog.",
	"interactive_message.decode_trigger_id.missing_data":         "Trigger ID missing required data for interactive dialog.",
	"interactive_message.decode_trigger_id.base64_decode_failed": "Failed to decode base64 for trigger ID for interactive dialog.",
}

// fault is an error as the server answers it. The arguments fill its sentence: name, value, name, value …
func fault(status int, id string, args ...string) *model.AppError {
	text, ok := words[id]
	if !ok {
		text = id
	}
	for i := 0; i+1 < len(args); i += 2 {
		text = strings.ReplaceAll(text, "{{."+args[i]+"}}", args[i+1])
	}
	return &model.AppError{Id: id, Message: text, StatusCode: status, RequestId: model.NewId()}
}
