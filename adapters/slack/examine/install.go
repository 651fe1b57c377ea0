package examine

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	slackapi "github.com/slack-go/slack"

	"balie/adapters/doctor"
	"balie/adapters/slack/manifest"
)

// lookAtInstalling says whether workspaces can install Balie.
func (v *visit) lookAtInstalling(ctx context.Context) {
	// A code that nobody was given is refused, after the app's own proof was looked at.
	_, err := slackapi.GetOAuthV2ResponseContext(ctx, v.client, v.ClientID, v.ClientSecret, "balie-doctor", "",
		slackapi.OAuthOptionAPIURL(v.APIURL))
	switch code := codeOf(err); code {
	case "invalid_client_id":
		v.Problem("SLACK_CLIENT_ID is no app's: copy the Client ID from Basic Information > App Credentials")
		return
	case "bad_client_secret":
		v.Problem("SLACK_CLIENT_SECRET is not the one of the app with this client id: copy both from Basic Information > App Credentials")
		return
	case "invalid_code", "bad_redirect_uri", "code_already_used":
		v.Fine("SLACK_CLIENT_ID and SLACK_CLIENT_SECRET belong together; these may install Balie: %s", strings.Join(v.Workspaces, ", "))
	default:
		v.Problem("whether workspaces can install Balie can't be asked: %s", because(err))
		return
	}
	if !v.lookAtURL("Slack sends people back to", "at which the workspaces install Balie") {
		return
	}
	if !v.Running {
		v.Fine("workspaces install Balie at %s when it is running", v.URL+manifest.InstallPath)
		return
	}
	v.tryInstalling(ctx)
}

// because is why an answer did not come, or did not say what was expected.
func because(err error) string {
	if err == nil {
		return "Slack takes what it should not"
	}
	return reason(err)
}

// tryInstalling looks where the way to install begins.
func (v *visit) tryInstalling(ctx context.Context) {
	address := v.URL + manifest.InstallPath
	ctx, cancel := context.WithTimeout(ctx, callWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		v.Problem("BALIE_URL: %v", err)
		return
	}
	status, to, _, err := doctor.Ask(v.HTTP, req)
	leads, wrong := url.Parse(to)
	switch {
	case err != nil:
		v.Problem("at %s Balie does not answer, not even from here: %s; see what is between (proxy, name, certificate)", address, reason(err))
	case status == http.StatusNotFound:
		v.Problem("%s is not there: start Balie again with SLACK_CLIENT_ID, and see that BALIE_URL and the proxy lead /slack/ to it", address)
	case status/100 == 3 && (wrong != nil || leads.Query().Get("client_id") == ""):
		v.Problem("%s sends on to %s and not to Slack: set BALIE_URL to where Balie is", address, to)
	case status/100 == 3 && leads.Query().Get("client_id") != v.ClientID:
		v.Problem("%s is of a Balie with another SLACK_CLIENT_ID: start it again", address)
	case status != http.StatusOK && status/100 != 3:
		v.Problem("%s answers with HTTP status %d: see Balie's log, and what is between", address, status)
	default:
		v.Fine("workspaces install Balie at %s; %s must be among the Redirect URLs under OAuth & Permissions", address, v.URL+manifest.RedirectPath)
	}
}
