package adaptertest

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"go.uber.org/goleak"

	"balie/internal/chat"
)

// Serve serves the platform's hooks until the test ends, and says where they are; empty if it has none.
func Serve(t *testing.T, p chat.Platform, h chat.Handler) (address string) {
	t.Helper()
	hooks := p.Hooks(h)
	if hooks == nil {
		return ""
	}
	prefix := "/hooks/" + p.Name()
	server := httptest.NewServer(http.StripPrefix(prefix, hooks))
	t.Cleanup(server.Close)
	return server.URL + prefix
}

// Connect lets the platform run until it is stopped, or else the test ends; it must not end by itself.
func Connect(t *testing.T, p chat.Platform, h chat.Handler) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx, h) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// patience is for how long something is waited for: far longer than it takes, on a busy machine too.
const patience = 60 * time.Second

// Until waits until something is done, and ends the test if it is in vain.
func Until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// leaving is how long what a test ended may take to be gone.
const leaving = 10 * time.Second

// NoLeaks checks, after all that is cleaned up from now on, that the test left no goroutine behind.
func NoLeaks(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		err := goleak.Find(before)
		for deadline := time.Now().Add(leaving); err != nil && time.Now().Before(deadline); {
			err = goleak.Find(before)
		}
		if err != nil {
			t.Errorf("left behind: %v", err)
		}
	})
}

// Log keeps what is logged. The zero value is empty.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Logger is one that logs into it, from the level on.
func (l *Log) Logger(level logrus.Level) *logrus.Logger {
	log := logrus.New()
	log.SetLevel(level)
	log.SetOutput(l)
	return log
}

// Write takes a line.
func (l *Log) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

// String is all that was logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Logged is how many lines of the level a hook has with the part in them.
func Logged(hook *logtest.Hook, level logrus.Level, part string) int {
	n := 0
	for _, e := range hook.AllEntries() {
		if e.Level == level && strings.Contains(e.Message, part) {
			n++
		}
	}
	return n
}
