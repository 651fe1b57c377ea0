package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"balie/internal/app"
	"balie/internal/store"
	"balie/internal/store/mongo"
	"balie/internal/store/mongo/mongotest"
	"balie/internal/store/sqlite"
)

var (
	crashKills = flag.Int("crash.kills", 0, "how often the crash test kills the program (default: 100, 10 with -short)")
	crashSeed  = flag.Uint64("crash.seed", 0, "what the crash test's people do and when it kills follows from it (default: another one each time)")
)

// crashControl names a program that starts a MongoDB at MONGO_PORT with "start", ends it with "kill", and forgets it with
// "wipe".
const crashControl = "BALIE_MONGO_CONTROL"

// TestMain takes away what the tests built.
func TestMain(m *testing.M) {
	code := m.Run()
	if err := os.RemoveAll(crashDir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// crashRun is one crash test on one engine.
type crashRun struct {
	server        *crashServer
	open          func(ctx context.Context) (store.Store, error) // opens the store while no server has it
	breakDatabase func(t *testing.T)                             // kills the database and starts it again; nil without one
}

// TestCrash kills the program at random moments while people use it. Whatever they were told must then have happened
// exactly once, on both sides and in order; what they were not told, at most once.
func TestCrash(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		s := crashNewServer(t)
		s.args = []string{"--data", s.dir}
		crashRun{server: s, open: func(ctx context.Context) (store.Store, error) {
			return sqlite.Open(ctx, filepath.Join(s.dir, app.StoreFile))
		}}.run(t)
	})
	t.Run("mongodb", func(t *testing.T) {
		var uri string
		var breakDatabase func(*testing.T)
		if control := os.Getenv(crashControl); control != "" {
			d := crashStartDatabase(t, control)
			uri, breakDatabase = d.uri(), d.restart
		} else {
			uri = mongotest.URI(t)
		}
		database := mongotest.Database(t, uri)
		s := crashNewServer(t, "MONGODB_URI="+uri, "MONGODB_DATABASE="+database)
		if breakDatabase != nil {
			s.log.killed = strings.Trim(strings.TrimPrefix(uri, "mongodb://"), "/")
		}
		database += "_demo" // as the demo calls its own
		t.Cleanup(func() { crashDrop(t, uri, database) })
		crashRun{server: s, breakDatabase: breakDatabase, open: func(ctx context.Context) (store.Store, error) {
			return mongo.Open(ctx, uri, database, mongo.Options{})
		}}.run(t)
	})
}

func crashDrop(t *testing.T, uri, database string) {
	client, err := driver.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Errorf("drop the database: %v", err)
		return
	}
	if err := errors.Join(client.Database(database).Drop(context.Background()), client.Disconnect(context.Background())); err != nil {
		t.Errorf("drop the database: %v", err)
	}
}

func (r crashRun) run(t *testing.T) {
	kills, seed := *crashKills, *crashSeed
	if kills == 0 {
		if kills = 100; testing.Short() {
			kills = 10
		}
	}
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("again with -crash.kills=%d -crash.seed=%d", kills, seed)
	check := &crashCheck{t: t}
	crowd := crashNewCrowd(r.server, seed)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var acting sync.WaitGroup
	acting.Go(func() { crowd.act(ctx) })

	rnd := rand.New(rand.NewPCG(seed, 0))
	for range kills {
		r.server.start()
		crashLive(t, rnd)
		if r.breakDatabase != nil && rnd.IntN(4) == 0 {
			r.breakDatabase(t)
			check.databaseKills++
			crashLive(t, rnd)
		}
		r.server.kill()
		check.kills++
	}

	// Once more without a kill: what is under way is finished, and nobody begins anything new.
	r.server.start()
	stop()
	acting.Wait()
	check.kept = r.settled(t)
	for _, err := range crowd.wrong {
		t.Error(err)
	}
	for _, line := range r.server.log.failures() {
		t.Errorf("the program logged: %s", line)
	}
	check.all(crowd)
	if check.kept.dead > 0 {
		t.Errorf("%d deliveries were given up", check.kept.dead)
	}
	if check.tickets < kills/2 || check.deeds < kills {
		t.Errorf("too little happened to show anything: %s", check.crashFigures)
	}
	if _, err := fmt.Fprintf(os.Stderr, "%s: %s\n", t.Name(), check.crashFigures); err != nil {
		t.Error(err)
	}
}

// crashLive lets the program live for a random while: the moment of a kill is what is tried here.
func crashLive(t *testing.T, rnd *rand.Rand) {
	const shortest, further = 300 * time.Millisecond, 700 * time.Millisecond
	timer := time.NewTimer(shortest + time.Duration(rnd.Int64N(int64(further))))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}

// settled waits until all is heard and delivered, ends the program, and reads what it kept. What was heard but could not
// be forgotten is told again after a start, so there may be another one.
func (r crashRun) settled(t *testing.T) *crashKept {
	t.Helper()
	const starts = 5
	for range starts {
		r.server.await("everything heard and delivered", r.server.drained)
		r.server.stop()
		s, err := r.open(t.Context())
		if err != nil {
			t.Fatalf("open the store: %v", err)
		}
		kept := crashReadStore(t, s)
		n, _, err := s.Backlog(t.Context())
		if err != nil {
			t.Errorf("ask for the backlog: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
		if n == 0 && kept.unheard == 0 {
			return kept
		}
		r.server.start()
	}
	t.Fatalf("after %d starts not everything was delivered", starts)
	return nil
}
