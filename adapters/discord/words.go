package discord

import (
	"fmt"
	"strings"
)

// phrases are what the adapter says by itself, as Markdown; buttons and hints are plain text.
type phrases struct {
	slow, done, oldButton, oldForm, elsewhere, notYours, notHere, noPost string

	really                    string // of the label of a button
	pageKept                  string // of its number and how many there are
	next                      string // of the number of the next page and how many there are
	wrong, correct            string
	again                     string
	formReady, openForm       string
	oneFileKept, severalFiles string // the latter of how many
	oldFiles                  string // of their names
	shut, deaf                string // about direct messages that are closed, and what is typed that is not told
}

// words are the phrases in a person's language.
func words(locale string) phrases {
	if strings.HasPrefix(locale, "nl") {
		return phrases{
			slow:      "Dat lukte nu niet. Probeer het zo nog eens.",
			done:      "Gedaan.",
			oldButton: "Deze knop werkt niet meer. Begin opnieuw met `/ticket`.",
			oldForm:   "Dit formulier is te oud om nog te gebruiken. Begin opnieuw met `/ticket`.",
			elsewhere: "Deze knop hoort bij een andere server. Begin opnieuw met `/ticket`.",
			notYours:  "Dit formulier is van iemand anders. Begin zelf met `/ticket`.",
			notHere:   "Balie is hier niet verbonden, of nog niet. Probeer het zo nog eens, of vraag je beheerder.",
			noPost:    "Ik kon hier niets plaatsen. Vraag een beheerder of ik in dit kanaal mag schrijven, en probeer het nog eens.",
			really:    "**%s**: weet je het zeker?",
			pageKept:  "Pagina %d van %d is bewaard. Het is nog niet verstuurd.",
			next:      "Verder (%d/%d)",
			wrong:     "Het is nog niet verstuurd, want er klopt iets niet:",
			correct:   "Verbeteren",
			again:     "Opnieuw proberen",
			formReady: "Er is nog een formulier om in te vullen.",
			openForm:  "Formulier openen",

			oneFileKept: "1 bestand is bewaard", severalFiles: "%d bestanden zijn bewaard",
			oldFiles: "Voeg nog eens toe: %s. Discord bewaart dat maar een dag.",
			shut:     "Ik heb een antwoord voor je, maar je directe berichten staan dicht. Sta ze toe in de privacy-instellingen van deze server, of gebruik `/ticket`.",
			deaf:     "Ik kan niet lezen wat hier wordt getypt. Gebruik de knop onder de melding om te antwoorden of iets toe te voegen, of noem mij in je bericht.",
		}
	}
	return phrases{
		slow:      "That did not work just now. Please try again in a moment.",
		done:      "Done.",
		oldButton: "This button does not work any more. Please start afresh with `/ticket`.",
		oldForm:   "This form is too old to be used. Please start afresh with `/ticket`.",
		elsewhere: "This button belongs to another server. Please start afresh with `/ticket`.",
		notYours:  "This form is somebody else's. Please start your own with `/ticket`.",
		notHere:   "Balie is not connected here, or not yet. Please try again in a moment, or ask your administrator.",
		noPost:    "I could not post here. Please ask an administrator whether I may write in this channel, and try again.",
		really:    "**%s**: are you sure?",
		pageKept:  "Page %d of %d is kept. Nothing has been sent yet.",
		next:      "Continue (%d/%d)",
		wrong:     "It has not been sent yet, since something is not right:",
		correct:   "Correct",
		again:     "Try again",
		formReady: "There is another form to fill in.",
		openForm:  "Open the form",

		oneFileKept: "1 file is kept", severalFiles: "%d files are kept",
		oldFiles: "Please add again: %s. Discord keeps that for a day only.",
		shut:     "I have an answer for you, but your direct messages are closed. Allow them in this server's privacy settings, or use `/ticket`.",
		deaf:     "I can't read what is typed here. Use the button under the ticket to reply or to add something, or mention me in your message.",
	}
}

// filesKept says how many files were given before.
func (p phrases) filesKept(n int) string {
	if n == 1 {
		return p.oneFileKept
	}
	return fmt.Sprintf(p.severalFiles, n)
}

// uploadAgain says, by field, which files have to be given once more.
func (p phrases) uploadAgain(old map[string][]string) map[string]string {
	out := map[string]string{}
	for field, names := range old {
		out[field] = fmt.Sprintf(p.oldFiles, markless(strings.Join(names, ", ")))
	}
	return out
}

// markless makes plain text safe inside our Markdown: it reads as it is and forms nothing.
func markless(s string) string { return markdownSigns.Replace(s) }

var markdownSigns = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "~", `\~`, "`", "\\`", "[", `\[`, "]", `\]`,
	"<", `\<`, ">", `\>`, "#", `\#`, "|", `\|`)
