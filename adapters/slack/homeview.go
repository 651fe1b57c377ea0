package slack

import (
	"unicode/utf8"

	slackapi "github.com/slack-go/slack"

	"balie/internal/chat"
)

// homeTextMax is how many characters a text in the home has.
const homeTextMax = 3_000

// renderHome is a home as blocks. Where there is more than fits, posts are left out, from the last one of each section on.
func renderHome(h chat.Home, buttons func(chat.Button) []slackapi.BlockElement) []slackapi.Block {
	l := &layout{most: homeBlocks, left: 1 << 30}
	l.text(h.Text, homeTextMax)
	actions, long := rows(h.Buttons, buttons)
	l.add(long, actions...)
	heads, tails := make([][]slackapi.Block, len(h.Sections)), make([][]slackapi.Block, len(h.Sections))
	for i, s := range h.Sections {
		head := &layout{most: l.most, left: 1 << 30}
		if title := oneLine(s.Title, cardTitleMax); title != "" {
			head.add(utf8.RuneCountInString(title), slackapi.NewHeaderBlock(plainText(title)))
		}
		head.text(s.Text, homeTextMax)
		tail, _ := rows(s.Buttons, buttons)
		if n := len(head.blocks) + len(tail) + 1; n <= l.most {
			l.most -= n
			heads[i], tails[i] = append([]slackapi.Block{slackapi.NewDividerBlock()}, head.blocks...), tail
		}
	}
	for i, s := range h.Sections {
		if heads[i] == nil {
			continue
		}
		l.blocks = append(l.blocks, heads[i]...)
		for _, p := range s.Posts {
			if l.most <= 0 {
				break
			}
			one := &layout{most: l.most, left: cardMax}
			one.post(p.Card, p.Buttons, buttons)
			if !l.add(0, one.blocks...) {
				break
			}
		}
		l.blocks = append(l.blocks, tails[i]...)
	}
	return l.blocks
}
