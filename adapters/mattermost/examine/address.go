package examine

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/setup"
)

const healthWait = 10 * time.Second

// lookAtAddress says whether the server can call us, and tries it if it can be tried.
func (v *visit) lookAtAddress(ctx context.Context) {
	us, err := setup.Locate(ctx, v.Callback)
	if err != nil {
		v.Problem("BALIE_URL: %v; it must be an address that Mattermost finds", err)
		return
	}
	chat, err := setup.Locate(ctx, v.URL)
	if err != nil {
		v.Problem("MATTERMOST_URL: %v", err)
		return
	}
	if us.Loopback && !chat.Here {
		v.Problem("BALIE_URL is %s, which is this machine only, and Mattermost runs on another: set it to an address that "+
			"Mattermost reaches, "+
			"and run balie mattermost setup", v.Callback)
		return
	}
	if !v.Running {
		v.Fine("whether Mattermost reaches %s can be seen when Balie is running: run this again then", v.Callback)
		return
	}
	if err := healthy(ctx, v.Callback); err != nil {
		v.Problem("BALIE_URL: at %s Balie does not answer, not even from here: %v; see what is between "+
			"(proxy, name, certificate)", v.Callback, err)
		return
	}
	if v.place == nil {
		v.Fine("whether Mattermost reaches %s can be seen when the bot is in a channel", v.Callback)
		return
	}
	v.tryCallback(ctx, us, chat)
}

// healthy asks Balie at its own address how it is.
func healthy(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, healthWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP status %d", resp.StatusCode)
	}
	return nil
}

// tryCallback lets the server send us a form that we never made, which we refuse politely: the answer shows that it arrived.
// Everybody may do that, which is why every form of ours is signed.
func (v *visit) tryCallback(ctx context.Context, us, chat setup.Place) {
	_, resp, err := v.api.SubmitInteractiveDialog(ctx, model.SubmitDialogRequest{
		URL: v.Callback + setup.DialogPath, CallbackId: "balie-doctor", State: "balie-doctor",
		ChannelId: v.place.Id, TeamId: v.place.TeamId, Submission: map[string]any{},
	})
	switch {
	case err == nil:
		v.Fine("Mattermost reaches %s: it was tried", v.Callback)
	case setup.Callable(us.Host, us.Addresses, chat.Addresses, ""):
		v.Problem("Mattermost does not reach %s (%s): see that the machine it runs on can open that address, and trusts its certificate",
			v.Callback, setup.Reason(resp, err))
	default:
		v.Problem("Mattermost does not reach %s (%s), an internal address: add %s to %s; if it is there, see that the "+
			"machine Mattermost runs on can open that address",
			v.Callback, strings.TrimPrefix(setup.Reason(resp, err), "the server says: "), us.Host, setup.AllowedSetting)
	}
}
