package main

import (
	"errors"

	"balie/internal/app"
)

type serveCommand struct {
	Addr       string `help:"Where to listen, such as :8080 (instead of BALIE_ADDR)." placeholder:"HOST:PORT"`
	Policy     string `help:"The policy file (instead of BALIE_POLICY)." type:"path" placeholder:"FILE"`
	Playground bool   `help:"Serve a chat in the browser on your own policy and store, to try them out. Nobody logs in there: whoever reaches the address can be anybody."`
}

// Run serves until it is told to stop.
func (s *serveCommand) Run(with surroundings) error {
	c, log, err := with.load(settings("BALIE_ADDR", s.Addr, "BALIE_POLICY", s.Policy)...)
	if err != nil {
		return err
	}
	p, err := loadPolicy(c.Policy, with)
	if err != nil {
		return err
	}
	for _, n := range app.Networks(c) {
		if n.Asked {
			with.sayf("balie: warning: the settings of %s are there, but this version can't connect it yet", n.Name)
		}
	}
	if !s.Playground {
		with.sayf("balie: this version connects no chat network yet, so there is nothing to serve:")
		for _, n := range app.Networks(c) {
			with.sayf("  %-12s will be connected by %s", n.Name, n.By)
		}
		return errors.New("use balie serve --playground to try your policy in the browser, or balie demo to look around")
	}
	a, err := app.New(with.ctx, app.Options{Config: c, Policy: p, Playground: true, Log: log})
	if err != nil {
		return err
	}
	log.WithField("address", a.Addr().String()).Infof("the playground is at %s/", a.URL())
	return a.Run(with.ctx)
}
