package slack

import (
	"strings"
	"unicode/utf8"

	slackapi "github.com/slack-go/slack"

	"balie/internal/chat"
)

// Slack's limits of a message, and ours where it tells none. https://docs.slack.dev/reference/block-kit/blocks
const (
	labelMax        = 75     // characters of a button
	cardTitleMax    = 150    // characters of a title
	messageMax      = 11_000 // characters of a message's text
	cardMax         = 5_000  // characters of a card, everything counted
	blocksMax       = 12_000 // characters of all blocks of a message: Slack refuses some more than 13 000 and does not say so
	notificationMax = 3_000  // characters of what notifications say; 4 000 go when a message is edited
	messageBlocks   = 50
	homeBlocks      = 100
	sectionMax      = 2_900 // characters of a section's text: 3 000, and something to spare
	rowMax          = 2_700 // characters of a line
	addressMax      = 1_500 // characters of an address
	linkTextMax     = 1_000 // characters of what a link says
	actionsMax      = 25    // elements of a row of buttons
	elementsMax     = 25    // elements of the buttons of a post
	elementsLong    = 3_000 // characters that they carry
	factsMax        = 10    // facts of a section
	factMax         = 1_900 // characters of a fact
	factLabelMax    = 100   // characters of a fact's label
	footerMax       = 300   // characters of what stands under a card
	mentionsMax     = 2_000 // characters of those who are mentioned
)

// elements makes what stands in a message for a button.
type elements func(chat.Button) []slackapi.BlockElement

// mrkdwnText is a text as mrkdwn that Slack is not to look for anything in.
func mrkdwnText(s string) *slackapi.TextBlockObject {
	return &slackapi.TextBlockObject{Type: slackapi.MarkdownType, Text: s, Verbatim: true}
}

func section(s string) *slackapi.SectionBlock {
	return slackapi.NewSectionBlock(mrkdwnText(s), nil, nil)
}

// layout collects blocks, up to so many of them with so many characters.
type layout struct {
	blocks []slackapi.Block
	most   int // blocks that still go
	left   int // characters that still go
}

// add puts blocks that say so many characters, if they still go.
func (l *layout) add(characters int, blocks ...slackapi.Block) bool {
	if len(blocks) > l.most || characters > l.left {
		return false
	}
	l.blocks = append(l.blocks, blocks...)
	l.most -= len(blocks)
	l.left -= characters
	return true
}

// text puts a text, as much of it as still goes.
func (l *layout) text(markdown string, most int) {
	if l.most <= 0 {
		return
	}
	parts := sections(markdown, min(most, l.left))
	if len(parts) > l.most { // many long code blocks
		parts = parts[:l.most]
	}
	for _, p := range parts {
		l.add(utf8.RuneCountInString(p), section(p))
	}
}

// rows are buttons in rows as wide as Slack takes them, and how many characters they say.
func rows(buttons []chat.Button, make elements) (out []slackapi.Block, characters int) {
	all := elementsOf(buttons, make)
	for len(all) > 0 {
		n := min(len(all), actionsMax)
		out = append(out, slackapi.NewActionBlock("", all[:n]...))
		all = all[n:]
	}
	for _, b := range out {
		characters += said(b)
	}
	return out, characters
}

// elementsOf are the elements of buttons, each once and no more than a message takes.
func elementsOf(buttons []chat.Button, make elements) []slackapi.BlockElement {
	var out []slackapi.BlockElement
	if make == nil {
		return nil
	}
	seen, long := map[string]bool{}, 0
	for _, b := range buttons {
		for _, e := range make(b) {
			id := actionID(e)
			if id != "" && seen[id] {
				continue
			}
			if long += carries(e); long > elementsLong || len(out) == elementsMax {
				return out
			}
			seen[id] = true
			out = append(out, e)
		}
	}
	return out
}

func actionID(e slackapi.BlockElement) string {
	switch v := e.(type) {
	case *slackapi.ButtonBlockElement:
		return v.ActionID
	case *slackapi.OverflowBlockElement:
		return v.ActionID
	}
	return ""
}

// said is how many characters a row of buttons carries.
func said(b slackapi.Block) int {
	row, ok := b.(*slackapi.ActionBlock)
	if !ok {
		return 0
	}
	n := 0
	for _, e := range row.Elements.ElementSet {
		n += carries(e)
	}
	return n
}

func carries(e slackapi.BlockElement) int {
	of := func(texts ...*slackapi.TextBlockObject) (n int) {
		for _, t := range texts {
			if t != nil {
				n += utf8.RuneCountInString(t.Text)
			}
		}
		return n
	}
	switch v := e.(type) {
	case *slackapi.ButtonBlockElement:
		n := of(v.Text) + len(v.Value) + len(v.ActionID)
		if v.Confirm != nil {
			n += of(v.Confirm.Title, v.Confirm.Text, v.Confirm.Confirm, v.Confirm.Deny)
		}
		return n
	case *slackapi.OverflowBlockElement:
		n := len(v.ActionID)
		for _, o := range v.Options {
			n += of(o.Text, o.Description) + len(o.Value)
		}
		return n
	}
	return 0
}

// labels is what the buttons say, for where nothing else is said.
func labels(buttons []chat.Button) string {
	var out []string
	for _, b := range buttons {
		if l := plain(b.Label, labelMax); l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, " · ")
}
