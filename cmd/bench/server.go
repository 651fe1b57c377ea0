package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"balie/deploy"
)

// program is the binary under test.
type program struct {
	path  string
	size  int64 // bytes
	cgo   bool
	log   io.Writer // takes what its servers write
	mongo string    // URI of the server that they keep their tickets on; empty for the embedded store
}

// build builds the program as it is shipped, into the folder.
func build(ctx context.Context, dir string) (*program, error) {
	p := &program{path: filepath.Join(dir, "balie")}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", p.path, "./cmd/balie")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return p, nil
}

// inspect learns how large the binary is, and whether it was built with cgo.
func (p *program) inspect(ctx context.Context) error {
	info, err := os.Stat(p.path)
	if err != nil {
		return fmt.Errorf("look at the binary: %w", err)
	}
	p.size = info.Size()
	out, err := exec.CommandContext(ctx, "go", "version", "-m", p.path).Output()
	if err != nil {
		return fmt.Errorf("look at the binary's build settings: %w", err)
	}
	p.cgo = !strings.Contains(string(out), "CGO_ENABLED=0")
	return nil
}

// place is where a server keeps its data.
type place struct {
	dir      string // of the embedded store, and of what else there is
	database string // on MongoDB
}

// server is a running demo.
type server struct {
	cmd     *exec.Cmd
	url     string
	started time.Duration // from the start of the process until it was ready
	ended   chan error
}

// start starts the demo, empty, with so many further people in it, and waits until it is ready.
func (p *program) start(ctx context.Context, at place, crowd int) (*server, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	return p.launch(ctx, at, addr, p.log, nil, "demo", "--empty", "--data", at.dir, "--addr", addr, "--crowd", strconv.Itoa(crowd))
}

// launch starts the program with further environment and arguments that have it listen on the address, and waits until it
// is ready.
func (p *program) launch(ctx context.Context, at place, addr string, log io.Writer, env []string, args ...string) (*server, error) {
	cmd := exec.Command(p.path, args...)
	cmd.Env = append(os.Environ(), "LOG_LEVEL=warn", "MONGODB_URI="+p.mongo, "MONGODB_DATABASE="+at.database)
	cmd.Env = append(cmd.Env, env...)
	cmd.Dir = at.dir // so that no .env of a developer's counts
	cmd.Stderr = log
	s := &server{cmd: cmd, url: "http://" + addr, ended: make(chan error, 1)}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	go func() { s.ended <- cmd.Wait() }()
	if err := s.await(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	s.started = time.Since(began)
	return s, nil
}

// freeAddr is an address that nobody listens on.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("look for a free port: %w", err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return "", fmt.Errorf("look for a free port: %w", err)
	}
	return addr, nil
}

// await waits until the server says that it is ready.
func (s *server) await(ctx context.Context) error {
	const limit, between = 2 * time.Minute, 2 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	again := time.NewTicker(between)
	defer again.Stop()
	for {
		if ready(ctx, s.url) {
			return nil
		}
		select {
		case err := <-s.ended:
			s.ended <- err
			return fmt.Errorf("the server ended before it was ready: %w", errors.Join(err, errEnded))
		case <-ctx.Done():
			return fmt.Errorf("wait for the server: %w", ctx.Err())
		case <-again.C:
		}
	}
}

var errEnded = errors.New("see its log above")

// ready says whether the server takes work. That it does not answer yet is no error.
func ready(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return errors.Join(err, resp.Body.Close()) == nil && resp.StatusCode == http.StatusOK
}

// stop ends the server gracefully.
func (s *server) stop() error {
	const limit = 15 * time.Second
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the server: %w", err)
	}
	select {
	case err := <-s.ended:
		if err != nil {
			return fmt.Errorf("the server did not end well: %w", err)
		}
		return nil
	case <-time.After(limit):
		return errors.Join(fmt.Errorf("the server did not stop within %s", limit), s.cmd.Process.Kill())
	}
}

// memory is what the process holds in memory now, and the most that it ever held, in bytes.
func (s *server) memory() (now, most int64, err error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, 0, fmt.Errorf("read the server's memory: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		if name != "VmRSS" && name != "VmHWM" {
			continue
		}
		kb, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("read the server's memory: %w", err)
		}
		if name == "VmRSS" {
			now = kb << 10
		} else {
			most = kb << 10
		}
	}
	if err := lines.Err(); err != nil {
		return 0, 0, fmt.Errorf("read the server's memory: %w", err)
	}
	return now, most, nil
}

// used is the processor time that the process has taken.
func (s *server) used() (time.Duration, error) { return usedBy(s.cmd.Process.Pid) }

func usedBy(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read a process's processor time: %w", err)
	}
	// The fields count from behind the command's name, which is in brackets.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	const user, system, tick = 11, 12, 10 * time.Millisecond
	var total time.Duration
	for _, i := range []int{user, system} {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read a process's processor time: %w", err)
		}
		total += time.Duration(n) * tick
	}
	return total, nil
}

// helpdesk is the policy that the program comes with, with a triage channel on a network.
func helpdesk(network, triage string) string {
	const demo = "      playground: ict-triage\n"
	before, after, ok := strings.Cut(string(deploy.DefaultPolicy), demo)
	if !ok {
		panic("the default policy has no triage channel to replace")
	}
	return before + "      " + network + ": " + triage + "\n" + after
}

// serve starts the program as a helpdesk with the policy and further environment.
func (p *program) serve(ctx context.Context, at place, addr, policy string, env []string) (s *server, err error) {
	file := filepath.Join(at.dir, "helpdesk.yaml")
	if err := os.WriteFile(file, []byte(policy), 0o600); err != nil {
		return nil, fmt.Errorf("write the policy: %w", err)
	}
	f, err := os.Create(logOf(at))
	if err != nil {
		return nil, fmt.Errorf("write the program's log: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	env = append(env, "BALIE_ADDR="+addr, "BALIE_POLICY="+file, "BALIE_DATA_DIR="+at.dir)
	return p.launch(ctx, at, addr, f, env, "serve")
}

// logOf is where a helpdesk's log is.
func logOf(at place) string { return filepath.Join(at.dir, "balie.log") }

// tail shows the end of a log, when something failed.
func tail(log string) error {
	text, err := os.ReadFile(log)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the program's log: %w", err)
	}
	const most = 6000
	_, err = os.Stderr.Write(text[max(0, len(text)-most):])
	return err
}
