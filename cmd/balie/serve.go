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
	connected := 0
	for _, n := range app.Networks(c) {
		switch {
		case n.Asked && n.Ready:
			connected++
		case n.Asked:
			with.sayf("balie: warning: the settings of %s are there, but this version can't connect it yet", n.Name)
		}
	}
	if !s.Playground && connected == 0 {
		with.sayf("balie: no chat network is set up, so there is nothing to serve:")
		for _, n := range app.Networks(c) {
			how := "is connected by"
			if !n.Ready {
				how = "will be connected by"
			}
			with.sayf("  %-12s %s %s", n.Name, how, n.By)
		}
		return errors.New("set one up, or use balie serve --playground to try your policy in the browser, or balie demo to look around")
	}
	a, err := app.New(with.ctx, app.Options{Config: c, Policy: p, Playground: s.Playground, Log: log})
	if err != nil {
		return err
	}
	entry := log.WithField("address", a.Addr().String())
	if s.Playground {
		entry.Infof("the playground is at %s/", a.URL())
	} else {
		entry.Infof("networks reach Balie at %s/", a.URL())
	}
	return a.Run(with.ctx)
}
