package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"balie/deploy"
	"balie/internal/app"
	"balie/internal/config"
	"balie/internal/policy"
	"balie/internal/ticket"
)

type demoCommand struct {
	Addr   string `help:"Where to listen, such as 127.0.0.1:8080 (instead of BALIE_ADDR)." placeholder:"HOST:PORT"`
	Data   string `help:"Keep the embedded store in this folder, so that the next start goes on where this one ended." type:"path" placeholder:"DIR"`
	Policy string `help:"A policy file to try (instead of BALIE_POLICY)." type:"path" placeholder:"FILE"`
	Empty  bool   `help:"Start without sample tickets."`
	Crowd  int    `help:"So many further people, for benchmarks." hidden:""`
}

// demoSuffix makes the name of the demo's own database out of the configured one.
const demoSuffix = "_demo"

// Run runs the demo until it is told to stop.
func (d *demoCommand) Run(with surroundings) (err error) {
	c, log, err := with.load(settings("BALIE_ADDR", d.Addr, "BALIE_POLICY", d.Policy, "BALIE_DATA_DIR", d.Data)...)
	if err != nil {
		return err
	}
	p, err := demoPolicy(c, with)
	if err != nil {
		return err
	}
	if !strings.HasSuffix(c.Mongo.Database, demoSuffix) {
		c.Mongo.Database += demoSuffix
	}
	if d.Data == "" && !c.Mongo.URI.IsSet() {
		if c.DataDir, err = os.MkdirTemp("", "balie-demo-"); err != nil {
			return fmt.Errorf("make a temporary folder: %w", err)
		}
		defer func() {
			if removeErr := os.RemoveAll(c.DataDir); removeErr != nil {
				err = errors.Join(err, fmt.Errorf("remove the temporary folder: %w", removeErr))
			}
		}()
	}
	asked := c.Addr
	a, err := app.New(with.ctx, app.Options{
		Config: c, Policy: p, Playground: true, Sample: !d.Empty, Crowd: d.Crowd, AnyPort: asked == defaultOf("BALIE_ADDR"), Log: log,
	})
	if err != nil {
		return err
	}
	if tell := greet(with, a, asked); tell != nil {
		return errors.Join(tell, a.Close())
	}
	return a.Run(with.ctx)
}

func greet(with surroundings, a *app.App, asked string) error {
	moved := ""
	if !strings.HasSuffix(a.Addr().String(), asked[strings.LastIndex(asked, ":"):]) && !strings.HasSuffix(asked, ":0") {
		moved = fmt.Sprintf("Something else listens on %s, so this is another address.\n", asked)
	}
	return with.printf("%s\n  Balie's demo is at  %s/\n\n"+
		"  You are Ana: type /ticket printer on floor 3 is broken\n"+
		"  Then open a second window, become Bram, and answer her in #ict-triage. Ctrl-C ends it.\n", moved, a.URL())
}

// demoPolicy is the policy that somebody chose, else the one that Balie comes with.
func demoPolicy(c config.Config, with surroundings) (*ticket.Policy, error) {
	if c.Policy != defaultOf("BALIE_POLICY") {
		return loadPolicy(c.Policy, with)
	}
	p, err := policy.Parse("helpdesk.yaml", deploy.DefaultPolicy)
	if err != nil {
		return nil, fmt.Errorf("the policy that Balie comes with: %w", err)
	}
	return p, nil
}

// settings are pairs of names and values as an environment has them, the empty ones left out.
func settings(pairs ...string) []string {
	var out []string
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			out = append(out, pair[0]+"="+pair[1])
		}
	}
	return out
}

func defaultOf(name string) string {
	for _, v := range config.Variables() {
		if v.Name == name {
			return v.Default
		}
	}
	return ""
}
