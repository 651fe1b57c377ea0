package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"balie/adapters/mattermost/mattermosttest"
)

// ownServer is a Mattermost server of the benchmark's own, which can be stopped and started again with what it has.
type ownServer struct {
	site *mattermosttest.Site
	dir  string
	env  []string
}

// startMattermost starts a new server with an empty database.
func startMattermost(ctx context.Context) (s *ownServer, err error) {
	common, err := mattermosttest.Control(ctx, nil) // so that it is built
	if err != nil {
		return nil, err
	}
	s = &ownServer{}
	// Not in the benchmark's folder: the database may run as somebody who must reach it.
	if s.dir, err = os.MkdirTemp("", "balie-bench-mattermost-"); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close(ctx))
		}
	}()
	socket, _, _ := strings.Cut(common["LOCAL_SOCKET"], " ")
	built := filepath.Join(filepath.Dir(filepath.Dir(socket)), "build")
	if _, err := os.Stat(built); err == nil { // else it is built again, which takes minutes
		if err := os.Symlink(built, filepath.Join(s.dir, "build")); err != nil {
			return s, fmt.Errorf("use the server that is built: %w", err)
		}
	}
	port, database := lowPort(), lowPort()
	s.env = []string{"MM_DIR=" + s.dir, fmt.Sprint("MM_PORT=", port), fmt.Sprint("PG_PORT=", database)}
	said, err := s.start(ctx)
	if err != nil {
		return s, err
	}
	s.site, err = mattermosttest.At(ctx, said["MATTERMOST_URL"], said["ADMIN_USER"], said["ADMIN_PASSWORD"])
	return s, err
}

// lowPort is a port that nobody listens on, below those that the system takes for outgoing connections: nobody else takes
// it while the server is down.
func lowPort() int {
	for {
		port := 20_000 + rand.IntN(10_000)
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", port))
		if err == nil && l.Close() == nil {
			return port
		}
	}
}

// startMax is how long a start or a stop may take, once everything is built.
const startMax = 5 * time.Minute

func (s *ownServer) start(ctx context.Context) (map[string]string, error) {
	// Half a start would be hard to clean up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startMax)
	defer cancel()
	said, err := mattermosttest.Control(ctx, s.env)
	if err != nil {
		return nil, fmt.Errorf("start a Mattermost server: %w", err)
	}
	return said, nil
}

// answers tells when the server answers again.
func (s *ownServer) answers(ctx context.Context) <-chan time.Time {
	when := make(chan time.Time, 1)
	go func() {
		const between = 20 * time.Millisecond
		for {
			if _, _, err := s.site.Admin.GetPing(ctx); err == nil || pause(ctx, between) != nil {
				when <- time.Now()
				return
			}
		}
	}()
	return when
}

// stop stops the server and its database. What they acknowledged is there when they start again.
func (s *ownServer) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startMax)
	defer cancel()
	if _, err := mattermosttest.Control(ctx, s.env, "stop"); err != nil {
		return fmt.Errorf("stop the Mattermost server: %w", err)
	}
	return nil
}

// close stops the server and removes everything of it.
func (s *ownServer) close(ctx context.Context) error {
	var err error
	if s.site != nil {
		s.site.Close()
	}
	if s.env != nil {
		err = s.stop(ctx)
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}
