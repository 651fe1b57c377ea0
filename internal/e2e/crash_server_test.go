package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// crashDir is where the program was built, if it was.
var crashDir string

// crashBuild builds the program once for all tests, and gives its path.
var crashBuild = sync.OnceValues(func() (path string, err error) {
	if crashDir, err = os.MkdirTemp("", "balie-crash-"); err != nil {
		return "", err
	}
	path = filepath.Join(crashDir, "balie")
	cmd := exec.Command("go", "build", "-o", path, "balie/cmd/balie")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

// crashServer is the program on kept data, to be killed and started again at one address.
type crashServer struct {
	t    testing.TB
	dir  string
	addr string
	args []string
	env  []string
	log  *crashLog

	cmd   *exec.Cmd
	ended chan error

	mu sync.Mutex
	up chan struct{} // closed while the server is up
}

// crashPeople is how many of the staff there are besides the demo's; there is an agent for each four.
const crashPeople = 8

// crashPatience is longer than the lease that a killed process leaves behind on a ticket's deliveries.
const crashPatience = 150 * time.Second

func crashNewServer(t testing.TB, env ...string) *crashServer {
	t.Helper()
	s := &crashServer{t: t, dir: t.TempDir(), addr: fmt.Sprint("127.0.0.1:", freePort(t)), env: env, log: &crashLog{}, up: make(chan struct{})}
	t.Cleanup(func() {
		if s.cmd != nil {
			s.end()
		}
	})
	return s
}

func (s *crashServer) url() string { return "http://" + s.addr }

// start starts the program and waits until it is ready.
func (s *crashServer) start() {
	s.t.Helper()
	program, err := crashBuild()
	if err != nil {
		s.t.Fatalf("build the program: %v", err)
	}
	s.cmd = exec.Command(program, append([]string{"demo", "--empty", "--addr", s.addr, "--crowd", strconv.Itoa(crashPeople)}, s.args...)...)
	// The tests' own environment does not count: it may name a database that others use.
	s.cmd.Env = append([]string{"TMPDIR=" + s.dir, "LOG_LEVEL=warn", "LOG_FORMAT=text", "BALIE_DATA_DIR=" + s.dir}, s.env...)
	s.cmd.Dir = s.dir
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.log.begin()
	if err := s.cmd.Start(); err != nil {
		s.t.Fatalf("start the program: %v", err)
	}
	s.ended = make(chan error, 1)
	go func(cmd *exec.Cmd, ended chan<- error) { ended <- cmd.Wait() }(s.cmd, s.ended)
	s.await("the program", func() bool { return crashAnswers(s.url() + "/readyz") })
	s.mu.Lock()
	close(s.up)
	s.mu.Unlock()
}

// await waits until done, and fails the test if the program ends before.
func (s *crashServer) await(what string, done func() bool) {
	s.t.Helper()
	limit := time.After(crashPatience)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !done() {
		select {
		case err := <-s.ended:
			s.cmd = nil
			s.t.Fatalf("%s: the program ended by itself: %v\n%s", what, err, s.log)
		case <-limit:
			s.t.Fatalf("%s: not within %s\n%s", what, crashPatience, s.log)
		case <-again.C:
		}
	}
}

// down takes note that the server is not up, so that nobody asks it.
func (s *crashServer) down() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.up = make(chan struct{})
}

// kill kills the program as a power cut would.
func (s *crashServer) kill() {
	s.t.Helper()
	s.down()
	s.end()
}

func (s *crashServer) end() {
	s.t.Helper()
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Errorf("kill the program: %v", err)
	}
	if err := <-s.ended; !crashKilled(err) {
		s.t.Errorf("the program ended by itself: %v\n%s", err, s.log)
	}
	s.cmd = nil
}

// crashKilled says whether that is how a killed program ends.
func crashKilled(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// stop ends the program gracefully.
func (s *crashServer) stop() {
	s.t.Helper()
	s.down()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatalf("stop the program: %v", err)
	}
	select {
	case err := <-s.ended:
		s.cmd = nil
		if err != nil {
			s.t.Fatalf("the program did not end well: %v\n%s", err, s.log)
		}
	case <-time.After(15 * time.Second):
		s.t.Fatalf("the program did not stop\n%s", s.log)
	}
}

// ready waits until the server is up, or ctx ends.
func (s *crashServer) ready(ctx context.Context) error {
	s.mu.Lock()
	up := s.up
	s.mu.Unlock()
	select {
	case <-up:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

var (
	crashUnheardLine = regexp.MustCompile(`(?m)^balie_playground_unheard 0$`)
	crashBacklogLine = regexp.MustCompile(`(?m)^balie_delivery_backlog_tickets 0$`)
)

// drained says whether everything that was said was heard, and everything that was decided has been delivered.
func (s *crashServer) drained() bool {
	return s.tells(crashUnheardLine) && s.tells(crashBacklogLine) // in this order: what is heard now is delivered later
}

// tells says whether the line is among the metrics.
func (s *crashServer) tells(line *regexp.Regexp) bool {
	body, err := crashGet(s.url() + "/metrics")
	return err == nil && line.Match(body)
}

func crashAnswers(url string) bool {
	_, err := crashGet(url)
	return err == nil
}

func crashGet(url string) ([]byte, error) {
	resp, err := http.Get(url) // an address of our own
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	return body, err
}

// crashLog keeps what the program wrote since its last start, and counts its errors since the first.
type crashLog struct {
	mu     sync.Mutex
	text   bytes.Buffer
	errors []string
	killed string // the address of what is killed under the program: that it is lost may be logged
}

func (l *crashLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(b) {
		lost := l.killed != "" && bytes.Contains(line, []byte(l.killed)) && bytes.Contains(line, []byte("connection"))
		if bytes.Contains(line, []byte("level=error")) && !lost || bytes.Contains(line, []byte("panic")) {
			l.errors = append(l.errors, string(line))
		}
	}
	return l.text.Write(b)
}

func (l *crashLog) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}

func (l *crashLog) failures() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.errors
}

func (l *crashLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
