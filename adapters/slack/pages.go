package slack

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"

	tongue "golang.org/x/text/language"
)

// pageName is a page that somebody reads who installs the app.
type pageName int

const (
	pageDone pageName = iota
	pageNotSetUp
	pageNotYours
	pageExpired
	pageDenied
	pageRefused
	pageNotListed
	pageRotation
	pageNotKept
	pageWrongApp
	pageNoAnswer
)

// wording is a page's title and text, in which %s stands for what it is about.
type wording struct{ title, text string }

// english and dutch are the pages; again leads back to the beginning.
var (
	english = map[pageName]wording{
		pageDone: {"Balie is installed", "Balie is in %s now. You can close this page: in Slack, type /ticket."},
		pageNotSetUp: {"Not set up", "Workspaces can't install this Balie by themselves. Its admin has to set " +
			"SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and SLACK_WORKSPACES."},
		pageNotYours: {"Please start again", "This did not begin in this browser, or it was ended already. " +
			"Nothing was installed."},
		pageExpired: {"That took too long", "Nothing was installed: this is good for ten minutes, and once. " +
			"Please start again."},
		pageDenied:  {"Not installed", "You did not agree in Slack, so nothing was installed."},
		pageRefused: {"Slack said no", "Slack did not let Balie be installed. Balie's log says why."},
		pageNotListed: {"Not on the list", "%s may not install this Balie yet. Its admin has to add %s to " +
			"SLACK_WORKSPACES; then start again."},
		pageRotation: {"The app's tokens expire", "Balie's admin has to make the Slack app anew, without token rotation."},
		pageNotKept:  {"Not installed", "Balie could not keep the installation just now. Please start again in a moment."},
		pageWrongApp: {"Not set up right", "Slack does not take this Balie's client id, secret or address. " +
			"Its log says what its admin has to look at."},
		pageNoAnswer: {"Slack did not answer", "Nothing was installed. Please start again in a moment."},
	}
	dutch = map[pageName]wording{
		pageDone: {"Balie is geïnstalleerd", "Balie zit nu in %s. Je kunt deze pagina sluiten: typ /ticket in Slack."},
		pageNotSetUp: {"Niet ingericht", "Werkruimten kunnen deze Balie niet zelf installeren. De beheerder " +
			"moet SLACK_CLIENT_ID, SLACK_CLIENT_SECRET en SLACK_WORKSPACES instellen."},
		pageNotYours: {"Begin opnieuw", "Dit begon niet in deze browser, of het was al afgerond. Er is niets " +
			"geïnstalleerd."},
		pageExpired: {"Dat duurde te lang", "Er is niets geïnstalleerd: dit is tien minuten geldig, en één " +
			"keer. Begin opnieuw."},
		pageDenied: {"Niet geïnstalleerd", "Je ging in Slack niet akkoord, dus er is niets geïnstalleerd."},
		pageRefused: {"Slack zei nee", "Balie mocht van Slack niet worden geïnstalleerd. In het logboek van " +
			"Balie staat waarom."},
		pageNotListed: {"Niet op de lijst", "%s mag deze Balie nog niet installeren. De beheerder moet %s " +
			"toevoegen aan SLACK_WORKSPACES; begin daarna opnieuw."},
		pageRotation: {"De tokens van de app verlopen", "De beheerder van Balie moet de Slack-app opnieuw " +
			"maken, zonder tokenrotatie."},
		pageNotKept: {"Niet geïnstalleerd", "Balie kon de installatie nu niet bewaren. Begin over een ogenblik opnieuw."},
		pageWrongApp: {"Niet goed ingericht", "Slack accepteert het client-id, het geheim of het adres van " +
			"deze Balie niet. In het logboek staat waar de beheerder naar moet kijken."},
		pageNoAnswer: {"Slack gaf geen antwoord", "Er is niets geïnstalleerd. Begin over een ogenblik opnieuw."},
	}
	spoken  = tongue.NewMatcher([]tongue.Tag{tongue.English, tongue.Dutch})
	inWords = map[bool]struct {
		pages       map[pageName]wording
		lang, again string
	}{false: {english, "en", "Start again"}, true: {dutch, "nl", "Begin opnieuw"}}
)

var pageTemplate = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}} · Balie</title>
<style>
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto; padding: 0 1.25rem }
h1 { font-size: 1.4rem }
</style>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
{{- if .Again}}
<p><a href="{{.Path}}">{{.Again}}</a></p>
{{- end}}
</main>
</body>
</html>
`))

// page is a page in the best of our languages; about is what its text names.
func page(name pageName, accept, path string, about []string) ([]byte, error) {
	_, which := tongue.MatchStrings(spoken, accept)
	in := inWords[which == 1]
	w, ok := in.pages[name]
	if !ok {
		return nil, fmt.Errorf("there is no page %d", name)
	}
	text := w.text
	for _, a := range about {
		text = strings.Replace(text, "%s", strings.ReplaceAll(oneWord(a), "%s", ""), 1)
	}
	again := in.again
	if name == pageDone || name == pageNotSetUp {
		again = ""
	}
	var out bytes.Buffer
	err := pageTemplate.Execute(&out, map[string]string{
		"Lang": in.lang, "Title": w.title, "Text": text, "Again": again, "Path": path,
	})
	if err != nil {
		return nil, fmt.Errorf("write the page: %w", err)
	}
	return out.Bytes(), nil
}
