package main

import (
	"errors"
	"fmt"
	"strings"

	"balie/internal/policy"
	"balie/internal/ticket"
)

type checkCommand struct {
	File    string `arg:"" optional:"" help:"The policy file; BALIE_POLICY's if left out." type:"path"`
	Against string `help:"An older policy file: say what would change." type:"path" placeholder:"OLD"`
}

// Run checks a policy and says what is in it.
func (k *checkCommand) Run(with surroundings) error {
	file := k.File
	if file == "" {
		c, _, err := with.load()
		if err != nil {
			return err
		}
		file = c.Policy
	}
	p, err := loadPolicy(file, with)
	if err != nil {
		return err
	}
	for _, w := range policy.Warnings(p) {
		with.sayf("warning: %s", w)
	}
	if err := with.printf("%s is fine.\n%s", file, summary(p)); err != nil || k.Against == "" {
		return err
	}
	old, err := loadPolicy(k.Against, with)
	if err != nil {
		return err
	}
	changes := policy.Diff(old, p)
	if len(changes) == 0 {
		return with.printf("\nNothing would change against %s.", k.Against)
	}
	return with.printf("\nAgainst %s:\n- %s", k.Against, strings.Join(changes, "\n- "))
}

// loadPolicy reads a policy. Its mistakes are told here, one a line, each as file:line:column: what is wrong.
func loadPolicy(file string, with surroundings) (*ticket.Policy, error) {
	p, err := policy.Load(file)
	wrong, ok := errors.AsType[policy.Errors](err)
	if !ok {
		return p, err
	}
	with.sayf("%v", wrong)
	what := "1 mistake"
	if len(wrong) != 1 {
		what = fmt.Sprintf("%d mistakes", len(wrong))
	}
	return nil, fmt.Errorf("%s has %s", file, what)
}

// summary is what a policy says, in a few lines.
func summary(p *ticket.Policy) string {
	var b strings.Builder
	lang := p.DefaultLanguage()
	label := func(t ticket.Text) string { return t.In(lang, p.Languages...) }
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-11s %s\n", name, fmt.Sprintf(format, args...))
	}
	line("languages", "%s", strings.Join(p.Languages, ", "))
	for _, t := range p.Teams {
		places := func(list []ticket.Channel) string {
			var names []string
			for _, c := range list {
				names = append(names, c.Platform+" "+c.ID)
			}
			return strings.Join(names, " and ")
		}
		talk := ""
		if len(t.Requests) > 0 {
			talk = ", conversations for everybody to read in " + places(t.Requests)
		}
		who := "whoever is in the channel"
		if len(t.Agents) > 0 {
			who = fmt.Sprintf("%d named", len(t.Agents))
		}
		line("team", "%s (%s), tickets %s, cards in %s%s, agents: %s", label(t.Label), t.ID, t.Number, places(t.Triage), talk, who)
	}
	for _, c := range p.Categories {
		line("category", "%s (%s), %d questions, to %s", label(c.Label), c.ID, len(c.Fields), c.Team)
	}
	list := func(name string, n int, label func(i int) string) {
		names := make([]string, n)
		for i := range names {
			names[i] = label(i)
		}
		if n > 0 {
			line(name, "%s", strings.Join(names, ", "))
		}
	}
	list("types", len(p.Types), func(i int) string { return label(p.Types[i].Label) })
	list("programs", len(p.Programs), func(i int) string { return label(p.Programs[i].Label) })
	list("priorities", len(p.Priorities), func(i int) string { return label(p.Priorities[i].Label) })
	list("statuses", len(p.Statuses), func(i int) string { return label(p.Statuses[i].Label) })
	return strings.TrimSuffix(b.String(), "\n")
}
