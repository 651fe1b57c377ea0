package discord

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/bwmarrin/discordgo"

	"balie/internal/chat"
)

const rowMax = 5 // buttons beside each other

// rows are buttons and menus, the menus below the buttons. Where there are too many, buttons go before menus: what is rare
// stands in those, and there is no other way to it.
func rows(buttons []chat.Button, b *bag) []discordgo.MessageComponent {
	var clicks, menus []chat.Button
	selects := 0
	for _, one := range buttons {
		if len(one.Options) == 0 {
			clicks = append(clicks, one)
			continue
		}
		if one.Options = choosable(one.Options); len(one.Options) > 0 {
			menus = append(menus, one)
			selects += (len(one.Options) + optionsMax - 1) / optionsMax
		}
	}
	left := rowsMax
	if len(clicks) > 0 {
		left -= min(rowsMax-min(selects, rowsMax-1), (len(clicks)+rowMax-1)/rowMax)
	}
	out := clickRows(clicks, b, rowsMax-left)
	for _, m := range menus {
		made := selectRows(m, b, left)
		left -= len(made)
		out = append(out, made...)
	}
	return out
}

// clickRows are at most so many rows of buttons.
func clickRows(buttons []chat.Button, b *bag, most int) []discordgo.MessageComponent {
	var out []discordgo.MessageComponent
	for part := range slices.Chunk(buttons, rowMax) {
		if len(out) == most {
			break
		}
		row := discordgo.ActionsRow{}
		for _, one := range part {
			row.Components = append(row.Components, button(one, b))
		}
		out = append(out, row)
	}
	return out
}

var styles = map[chat.Style]discordgo.ButtonStyle{
	chat.Plain: discordgo.SecondaryButton, chat.Primary: discordgo.PrimaryButton, chat.Danger: discordgo.DangerButton,
}

func button(one chat.Button, b *bag) discordgo.Button {
	return discordgo.Button{
		Label: buttonLabel(one), Style: cmp.Or(styles[one.Style], discordgo.SecondaryButton), CustomID: b.id(one.Value, one.Confirm != ""),
	}
}

// buttonLabel is what a button says: something, since Discord takes no button that says nothing.
func buttonLabel(b chat.Button) string {
	return cmp.Or(inOneLine(b.Label, buttonMax), inOneLine(b.Value.Verb, buttonMax), "…")
}

// choosable are the options that a select can have: each once, with a value that fits.
func choosable(options []chat.Option) []chat.Option {
	var out []chat.Option
	seen := map[string]bool{}
	for _, o := range options {
		if o.Value != "" && units(o.Value) <= optionMax && !seen[o.Value] {
			seen[o.Value] = true
			out = append(out, o)
		}
	}
	return out
}

// selectRows are a menu as at most so many selects, each in a row of its own.
func selectRows(m chat.Button, b *bag, most int) []discordgo.MessageComponent {
	var out []discordgo.MessageComponent
	for options := range slices.Chunk(m.Options, optionsMax) {
		if len(out) == most {
			break
		}
		part := len(out)
		s := discordgo.SelectMenu{MenuType: discordgo.StringSelectMenu, CustomID: b.menuID(m.Value, part), Placeholder: inOneLine(buttonLabel(m), optionMax)}
		if len(m.Options) > optionsMax {
			s.Placeholder += fmt.Sprintf(" (%d)", part+1)
		}
		for _, o := range options {
			s.Options = append(s.Options, discordgo.SelectMenuOption{
				Label: cmp.Or(inOneLine(o.Label, optionMax), inOneLine(o.Value, optionMax), "…"), Value: o.Value, Description: inOneLine(o.Hint, optionMax),
			})
		}
		out = append(out, discordgo.ActionsRow{Components: []discordgo.MessageComponent{s}})
	}
	return out
}
