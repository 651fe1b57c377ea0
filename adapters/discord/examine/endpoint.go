package examine

import (
	"context"
	"net/http"
	"strings"

	"balie/adapters/discord"
	"balie/adapters/doctor"
)

// lookAtEndpoint says whether interactions arrive: over HTTP if the application has an address for that, else over the gateway.
// https://docs.discord.com/developers/interactions/overview#configuring-an-interactions-endpoint-url
func (v *visit) lookAtEndpoint(ctx context.Context) {
	ours := v.URL + discord.InteractionPath
	const where = "Interactions Endpoint URL under General Information in the application's settings"
	wrongKey := v.PublicKey != "" && v.app.Key != "" && !strings.EqualFold(v.PublicKey, v.app.Key)
	if wrongKey {
		v.Problem("DISCORD_PUBLIC_KEY is not the application's: copy the Public Key from General Information in its settings at %s", portal)
	}
	switch at := v.app.Endpoint; {
	case at == "" && v.PublicKey == "":
		v.Fine("interactions come over the gateway")
	case at == "":
		v.Fine("interactions come over the gateway, although DISCORD_PUBLIC_KEY is set; to have them over HTTP, start Balie and then set the "+
			where+" to %s", ours)
	case v.PublicKey == "":
		v.Problem("no interaction arrives, as Discord sends them to %s, which Balie does not take without DISCORD_PUBLIC_KEY: set that to the "+
			"Public Key, or empty the "+where, at)
	case strings.TrimRight(at, "/") != ours:
		v.Problem("no interaction arrives, as Discord sends them to %s: set the "+where+" to %s, or BALIE_URL to the address that Balie has", at, ours)
	case wrongKey || !v.lookAtURL():
	case !v.Running:
		v.Fine("interactions come over HTTP; whether %s takes them can be seen when Balie is running: run this again then", ours)
	default:
		v.tryEndpoint(ctx, ours)
	}
}

// lookAtURL says whether the address is one that Discord takes.
func (v *visit) lookAtURL() bool {
	wrong := doctor.WrongAddress(v.URL, "Discord calls", "or empty the Interactions Endpoint URL, so that interactions come over the gateway", v.own)
	if wrong != "" {
		v.Problem("%s", wrong)
	}
	return wrong == ""
}

// tryEndpoint sends what nobody signed, as Discord does now and then to see that it is refused.
func (v *visit) tryEndpoint(ctx context.Context, address string) {
	status, to, err := v.post(ctx, address)
	switch {
	case err != nil:
		v.Problem("%s", doctor.Unanswered(v.URL, "Discord", err))
	case status/100 == 3:
		v.Problem("%s sends on to %s, where Discord does not follow: set BALIE_URL to where it ends", address, to)
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		v.Problem("%s does not take interactions (%s): start Balie again with DISCORD_PUBLIC_KEY, and see that BALIE_URL and the proxy "+
			"lead /hooks/discord/ to it", address, http.StatusText(status))
	case status/100 == 2:
		v.Problem("%s takes what nobody signed, so it is something else than Balie: set BALIE_URL right, and see that the proxy leads "+
			"/hooks/discord/ to Balie", address)
	case status != http.StatusUnauthorized:
		v.Problem("%s answers with HTTP status %d: see Balie's log, and what is between", address, status)
	default:
		v.Fine("interactions come over HTTP: %s refuses what is not signed, as it was tried from here", address)
	}
}

// post makes the request without a signature, and follows no redirect.
func (v *visit) post(ctx context.Context, address string) (status int, to string, err error) {
	ctx, cancel := context.WithTimeout(ctx, callWait)
	defer cancel()
	const ping = `{"type":1}`
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(ping))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	status, to, _, err = doctor.Ask(v.HTTP, req)
	return status, to, err
}
