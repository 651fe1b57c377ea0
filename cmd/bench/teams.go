package main

import (
	"fmt"
	"strings"

	"balie/deploy"
)

// The names of an agent who helps one person alone, and of a team.
func ownAgent(i int) string { return fmt.Sprintf("h%03d", i) }
func teamName(n int) string { return fmt.Sprintf("team%02d", n) }

// teamPolicy is the policy that the program comes with, with a team and a category of its own for every channel where a
// network shows cards. A channel is what the policy has there, with further lines of its team perhaps.
func teamPolicy(network string, triage []string, category func(n int) string) string {
	text := helpdesk(network, triage[0])
	const types, hardware, software = "\n# What kind of request it is.", "  hardware:\n    label: Hardware\n", "  software:\n"
	from, to := strings.Index(string(deploy.DefaultPolicy), hardware), strings.Index(string(deploy.DefaultPolicy), software)
	if from < 0 || to < from || !strings.Contains(text, types) {
		panic("the default policy is not as it was")
	}
	questions := string(deploy.DefaultPolicy)[from+len(hardware) : to]
	var teams, categories strings.Builder
	for n := 1; n < len(triage); n++ {
		name := teamName(n)
		fmt.Fprintf(&teams, "  %s:\n    label: ICT %d\n    number: \"HD-#####\"\n    channels:\n      %s: %s\n", name, n, network, triage[n])
		fmt.Fprintf(&categories, "  %s:\n    label: Hardware %d\n%s", category(n), n, strings.Replace(questions, "team: ict", "team: "+name, 1))
	}
	text = strings.Replace(text, types, teams.String()+types, 1)
	return strings.Replace(text, software, categories.String()+software, 1)
}
