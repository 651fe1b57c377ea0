package e2e

import (
	"fmt"
	"strings"
	"sync"
)

// outage is a while in which a network does not work.
type outage struct {
	name       string
	begin, end func()
	mute       bool // nobody can say anything meanwhile
}

// outlives has people talk before, during and after each outage: what they said and decided becomes part of the ticket once,
// in order. over comes after each, when all was said.
func (w *world) outlives(over func(), outages ...outage) {
	w.Helper()
	ana, carla := w.as("ana"), w.as("carla")
	key, card := ana.opens("The lift is stuck")
	mine := w.mine(ana, key)
	for _, o := range outages {
		said, answer := []string{o.name + " are near"}, "Carla on "+o.name
		ana.says(direct, mine.ID, said[0])
		carla.fills(carla.clicks(card, "Reply").Form, "text", answer)
		o.begin()
		if !o.mute {
			said = append(said, o.name+" are here")
			ana.says(direct, mine.ID, said[1])
		}
		o.end()
		said = append(said, o.name+" are over")
		ana.says(direct, mine.ID, said[len(said)-1])
		over()
		for _, text := range said {
			carla.later("ict-triage", card.ID, "Ana Silva: "+text)
		}
		carla.later("ict-triage", card.ID, "Reply to the requester", answer)
		ana.later(direct, mine.ID, "Carla Jansen: "+answer)
		w.settled()
		ana.inOrder(direct, mine.ID, answer)
		carla.inOrder("ict-triage", card.ID, said...)
	}
}

// doubts has posts stand although the network said nothing, or that they failed: none is doubled. post makes it do so with
// the next three, and upload with the next file.
func (w *world) doubts(post, upload func()) (mine, card message) {
	w.Helper()
	ana, carla := w.as("ana"), w.as("carla")
	key, card := ana.opens("The clock is wrong")
	mine = w.mine(ana, key)
	w.settled()
	post()
	ana.says(direct, mine.ID, "It is five past")
	carla.fills(carla.clicks(card, "Ask").Form, "text", "Which clock?")
	second := ana.ticket("Another clock")
	carla.later("ict-triage", card.ID, "Ana Silva: It is five past")
	carla.later("ict-triage", card.ID, "Question to the requester")
	ana.later(direct, mine.ID, "Carla Jansen: Which clock?")
	ana.later(direct, "", second+" · ")
	carla.later("ict-triage", "", second)
	w.settled()
	for _, text := range []string{"It is five past", "Which clock?"} {
		w.once(carla, "ict-triage", card.ID, text)
		w.once(ana, direct, mine.ID, text)
	}
	carla.inOrder("ict-triage", "", "The clock is wrong", "Another clock")
	upload()
	ana.says(direct, mine.ID, "A picture of it", ana.uploads(direct, "clock.png", "\x89PNG clock"))
	carla.later("ict-triage", card.ID, "file clock.png")
	w.settled()
	for _, text := range []string{"It is five past", "A picture of it", "clock.png"} {
		w.once(carla, "ict-triage", card.ID, text)
	}
	return mine, card
}

// queues says more than a channel takes at once: that one has a queue, others go on meanwhile, and nothing is out of order.
func (w *world) queues(said ...string) {
	w.Helper()
	ana, carla, eva := w.as("ana"), w.as("carla"), w.as("eva")
	key, card := ana.opens("The printer prints")
	mine := w.mine(ana, key)
	for _, text := range said {
		ana.says(direct, mine.ID, text)
	}
	// Meanwhile another one's conversation begins, and the answer arrives.
	f := eva.types("general", "/ticket The scanner scans").Form
	eva.fills(f, "type", "question", "category", "other")
	others := []message{eva.later(direct, "", "HD-00002 · ")}
	carla.fills(carla.clicks(card, "Reply").Form, "text", "Good")
	others = append(others, ana.later(direct, mine.ID, "Carla Jansen: Good"))
	var last message
	for _, text := range said {
		last = carla.later("ict-triage", card.ID, "Ana Silva: "+text)
	}
	for _, other := range others { // however late anybody looked
		if !earlier(other, last) {
			w.Errorf("%q had to wait for the team's queue", other.Text)
		}
	}
	carla.later("ict-triage", "", "HD-00002 · The scanner scans")
	carla.later("ict-triage", card.ID, "Good")
	w.settled()
	carla.inOrder("ict-triage", card.ID, said...)
}

// tells has Ana say, correct and take back, and then something happen: all of it arrives, once.
func (w *world) tells(how string, mine, card message, after func()) {
	w.Helper()
	ana, carla := w.as("ana"), w.as("carla")
	var said []string
	for i := range 6 {
		said = append(said, fmt.Sprintf("%s %d.", how, i))
		ana.says(direct, mine.ID, said[i])
	}
	wrong := ana.says(direct, mine.ID, how+" wrong")
	ana.corrects(wrong, how+" right.")
	said = append(said, how+" right.")
	gone := ana.says(direct, mine.ID, how+" gone")
	ana.takesBack(gone)
	after()
	for _, text := range said {
		carla.later("ict-triage", card.ID, "Ana Silva: "+text)
	}
	w.settled()
	for _, text := range said {
		w.once(carla, "ict-triage", card.ID, text)
	}
	carla.neverSees(how + " wrong")
	carla.losesText(card, how+" gone")
}

// astray has a network tell again what it told, as redeliver and repeat make it do, and the last word first, as what it held.
func (w *world) astray(redeliver func(), repeat func(n int), hold func() (release func())) {
	w.Helper()
	ana, carla := w.as("ana"), w.as("carla")
	key, card := ana.opens("The heating is off")
	mine := w.mine(ana, key)
	w.settled()
	w.tells("heard", mine, card, redeliver)
	repeat(100)
	w.tells("repeated", mine, card, redeliver)
	repeat(0)

	// The last word is told first.
	release := hold()
	var reversed []string
	var said sync.WaitGroup
	for i := range 4 {
		text := fmt.Sprintf("reversed %d.", i)
		reversed = append(reversed, text)
		said.Go(func() { ana.says(direct, mine.ID, text) })
		ana.find(direct, mine.ID, []string{text}, any1)
	}
	release()
	said.Wait()
	for _, text := range reversed {
		carla.sees("ict-triage", card.ID, text)
	}
	w.settled()
	for _, text := range reversed {
		w.once(carla, "ict-triage", card.ID, text)
	}
}

// comesBack stops the program while people go on: what they wrote, changed and took back meanwhile becomes part of the ticket
// when it starts again, once and in order. asked is what Ana is asked about what belongs to no ticket, and caughtUp comes
// when the program has heard what was written.
func (w *world) comesBack(asked string, caughtUp func()) {
	w.Helper()
	ana, carla := w.as("ana"), w.as("carla")
	key, card := ana.opens("The projector hums")
	mine := w.mine(ana, key)
	before := ana.says(direct, mine.ID, "It hums in C")
	heard := carla.sees("ict-triage", card.ID, "Ana Silva: It hums in C")
	var doomed, smelled message
	if w.can.lateDeletions {
		doomed = ana.says(direct, mine.ID, "It smells funny")
		smelled = carla.sees("ict-triage", card.ID, "It smells funny")
	}
	w.settled()
	w.stop()

	ana.says(direct, mine.ID, "Now it smokes")
	ana.corrects(before, "It hums in D")
	if w.can.lateDeletions {
		ana.takesBack(doomed)
	}
	wrong := ana.says(direct, mine.ID, "Nice weather")
	ana.takesBack(wrong)
	unsure := ana.says(direct, mine.ID, "Is that bad?")
	ana.corrects(unsure, "That is bad")
	picture := ana.uploads(direct, "smoke.png", "\x89PNG smoke")
	ana.says(direct, mine.ID, "Look", picture)
	carla.says("ict-triage", card.ID, "She should unplug it")
	ana.says(direct, "", "And the lamp is broken")
	if a := ana.works(ana.net.command(w.Context(), ana.id, "general", "", "/ticket")); a.Refused == "" {
		w.Error("a command was answered by nobody")
	}
	w.run()

	carla.sees("ict-triage", card.ID, "Ana Silva: Now it smokes")
	carla.sees("ict-triage", card.ID, "Ana Silva: That is bad")
	shot := carla.watches(carla.sees("ict-triage", card.ID, "Ana Silva: Look"), "file smoke.png")
	if got := carla.downloads(shot, shot.Files[0]); got != "\x89PNG smoke" {
		w.Errorf("the picture arrives as %q", got)
	}
	carla.watches(heard, "It hums in D")
	caughtUp()
	if w.can.lateDeletions {
		carla.losesSight(smelled)
	}
	offer := ana.sees(direct, "", asked)
	if got := w.field(ana.clicks(offer, "New ticket").Form, "summary").Value; got[0] != "And the lamp is broken" {
		w.Errorf("the summary starts as %q", got)
	}
	w.settled()
	w.restart() // and nothing comes again
	ana.says(direct, mine.ID, "I unplugged it")
	carla.sees("ict-triage", card.ID, "I unplugged it")
	w.settled()
	carla.inOrder("ict-triage", card.ID, "It hums in D", "She should unplug it", "Now it smokes", "That is bad", "Look",
		"I unplugged it")
	for _, text := range []string{"Nice weather", "It smells funny"} {
		carla.neverSees(text)
	}
	ana.neverSees("She should unplug it")
	var shown message
	w.eventually(func() (err error) {
		shown, err = carla.reading(carla.types("general", "/ticket show "+key), "She should unplug it")
		return err
	})
	if strings.Contains(shown.Text, "weather") {
		w.Errorf("the ticket has what was taken back: %s", shown.Text)
	}
	ana.reads(ana.types("general", "/ticket search unplugged"), key)
	ana.reads(ana.types("general", "/ticket search should"), "No ticket of yours has")
}
