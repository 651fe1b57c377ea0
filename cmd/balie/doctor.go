package main

import (
	"errors"
	"fmt"

	"balie/internal/app"
	"balie/internal/policy"
)

type doctorCommand struct{}

// Run looks at everything that serving needs. One line each: ok or problem, and what to do.
func (doctorCommand) Run(with surroundings) error {
	c, log, err := with.load()
	if err != nil {
		return err
	}
	problems := 0
	tell := func(f app.Finding) error {
		if f.Problem == "" {
			return with.printf("ok       %-10s %s", f.About, f.Fine)
		}
		problems++
		return with.printf("problem  %-10s %s", f.About, f.Problem)
	}
	findings := []app.Finding{{About: "settings", Fine: "they can be read"}, lookAtPolicy(c.Policy)}
	for _, f := range append(findings, app.Examine(with.ctx, c, log)...) {
		if err := tell(f); err != nil {
			return err
		}
	}
	switch problems {
	case 0:
		return nil
	case 1:
		return errors.New("there is 1 problem")
	}
	return fmt.Errorf("there are %d problems", problems)
}

func lookAtPolicy(file string) app.Finding {
	f := app.Finding{About: "policy"}
	p, err := policy.Load(file)
	wrong, ok := errors.AsType[policy.Errors](err)
	switch {
	case ok:
		f.Problem = fmt.Sprintf("%s has mistakes, the first is %v; see all with: balie check %s", file, wrong[0], file)
	case err != nil:
		f.Problem = err.Error()
	default:
		f.Fine = fmt.Sprintf("%s: %s, %s", file, count(len(p.Teams), "team", "teams"), count(len(p.Categories), "category", "categories"))
		if w := policy.Warnings(p); len(w) > 0 {
			f.Fine += fmt.Sprintf(", %s; see balie check", count(len(w), "warning", "warnings"))
		}
	}
	return f
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
