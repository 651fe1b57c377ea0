package mongo

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
)

// What a MongoDB server answers to somebody who may not.
const (
	codeUnauthorized         = 13
	codeAuthenticationFailed = 18
	codeAtlasError           = 8000 // hosted clusters say both of the above with it
)

// server is what is known about the server, to say what is wrong with it.
type server struct {
	user     string
	database string
	seen     atomic.Pointer[event.TopologyDescription]
}

func (s *server) monitor() *event.ServerMonitor {
	return &event.ServerMonitor{TopologyDescriptionChanged: func(e *event.TopologyDescriptionChangedEvent) {
		s.seen.Store(&e.NewDescription)
	}}
}

// explain wraps an error of the driver's and says what an admin can do about it, where that is known.
func (s *server) explain(doing string, err error) error {
	who := "the user"
	if s.user != "" {
		who = fmt.Sprintf("the user %q", s.user)
	}
	var refused driver.ServerError
	if errors.As(err, &refused) {
		switch {
		case refused.HasErrorCode(codeUnauthorized):
			return fmt.Errorf("%s: %s may not do that in the database %q; grant the role readWrite on it: %w", doing, who, s.database, err)
		case refused.HasErrorCode(codeAtlasError):
			return fmt.Errorf("%s: the cluster refused %s; check the password, and the role readWrite on the database %q: %w", doing, who, s.database, err)
		}
	}
	if s.unauthenticated(err) {
		return fmt.Errorf("%s: MongoDB does not let %s in; check name, password and authSource: %w", doing, who, err)
	}
	if seen := s.seen.Load(); seen != nil {
		if seen.CompatibilityErr != nil {
			return fmt.Errorf("%s: the server is too old (or far too new), MongoDB 4.4 or later is needed: %w", doing, err)
		}
		if reached, primary := members(seen); reached > 0 && !primary {
			return fmt.Errorf("%s: the server is reached, but the replica set has no primary now, so that nothing can be written: %w", doing, err)
		}
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// unauthenticated says whether the log-in failed. The driver wraps that in different ways, depending on where it shows.
func (s *server) unauthenticated(err error) bool {
	var refused driver.ServerError
	return errors.As(err, &refused) && refused.HasErrorCode(codeAuthenticationFailed) ||
		strings.Contains(err.Error(), "unable to authenticate") || strings.Contains(err.Error(), "auth error")
}

// members counts the servers that answer, and says whether one of them takes writes.
func members(t *event.TopologyDescription) (reached int, primary bool) {
	for _, m := range t.Servers {
		switch m.Kind {
		case "", "Unknown":
		case "RSPrimary", "Standalone", "Mongos", "LoadBalancer":
			return reached + 1, true
		default:
			reached++
		}
	}
	return reached, false
}

// await returns when the server takes writes, or when waiting is of no use or took too long.
func (s *Store) await(ctx context.Context, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for said := ""; ; {
		err := s.client.Ping(ctx, readpref.Primary())
		if err == nil {
			return nil
		}
		seen := s.server.seen.Load()
		hopeless := s.server.unauthenticated(err) || seen != nil && seen.CompatibilityErr != nil
		err = s.server.explain("reach MongoDB", err)
		if hopeless {
			return err
		}
		if said == "" || ctx.Err() == nil {
			said = err.Error()
			s.log.WithError(err).Warn("MongoDB is not ready yet, waiting for it")
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (waited as long as allowed, at most %s)", err, wait)
		case <-time.After(200 * time.Millisecond): // the ping itself waits while no server is known
		}
	}
}

// checkURI refuses what the driver can't use, and gives the database named in it, or the default.
func checkURI(uri string) (database string, err error) {
	if !strings.HasPrefix(uri, "mongodb://") && !strings.HasPrefix(uri, "mongodb+srv://") {
		return "", errors.New(`the MongoDB URI has to start with "mongodb://" or "mongodb+srv://"`)
	}
	if err := options.Client().ApplyURI(uri).Validate(); err != nil {
		return "", fmt.Errorf("the MongoDB URI can't be used (special characters in user name and password have to be percent-encoded): %s",
			redact(uri, err.Error()))
	}
	if strings.HasPrefix(uri, "mongodb+srv://") {
		// Parsing it for real asks the name server once more; the path is all that is wanted.
		_, rest, _ := strings.Cut(uri, "://")
		rest, _, _ = strings.Cut(rest, "?")
		if _, path, ok := strings.Cut(rest, "/"); ok && path != "" {
			return path, nil
		}
		return DefaultDatabase, nil
	}
	c, err := connstring.Parse(uri)
	if err != nil {
		return "", fmt.Errorf("the MongoDB URI can't be used: %s", redact(uri, err.Error()))
	}
	if c.Database != "" {
		return c.Database, nil
	}
	return DefaultDatabase, nil
}

// redact takes everything out of text that may be secret in uri. A malformed URI may have its password in a place where
// the driver takes it for something else, so what could be one counts as one.
func redact(uri, text string) string {
	_, rest, _ := strings.Cut(uri, "://")
	rest, query, _ := strings.Cut(rest, "?")
	var secrets []string
	add := func(s string) {
		secrets = append(secrets, s)
		if plain, err := url.PathUnescape(s); err == nil {
			secrets = append(secrets, plain)
		}
	}
	hosts := rest
	if i := strings.LastIndex(rest, "@"); i >= 0 {
		hosts = rest[i+1:]
		add(rest[:i])
		_, password, _ := strings.Cut(rest[:i], ":")
		add(password)
		for part := range strings.FieldsFuncSeq(password, func(r rune) bool { return strings.ContainsRune("/@:?#%,", r) }) {
			add(part)
		}
	}
	hosts, _, _ = strings.Cut(hosts, "/")
	for host := range strings.SplitSeq(hosts, ",") {
		if _, port, ok := strings.Cut(host, ":"); ok && strings.Trim(port, "0123456789") != "" {
			add(port)
		}
	}
	for option := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(option, "=")
		if n := strings.ToLower(name); strings.Contains(n, "password") || strings.Contains(n, "properties") {
			add(value)
		}
	}
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "***")
		}
	}
	return text
}
