package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"balie/adapters/playground/client"
	"balie/adapters/playground/wire"
	"balie/deploy"
)

// binary is the program, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "balie-cli-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "balie")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// environment is one in which nothing of the developer's counts.
func environment(extra ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir(), "BALIE_ADDR=127.0.0.1:0"}, extra...)
}

// balie runs a command in a folder, to its end.
func balie(t *testing.T, dir string, env []string, args ...string) (code int, out, errs string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir, cmd.Env = dir, environment(env...)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() < 0) {
		t.Fatalf("balie %v: %v\n%s", args, err, e.String())
	}
	return cmd.ProcessState.ExitCode(), o.String(), e.String()
}

// folder has policies in it: a good one, one that changed and one with a mistake.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	good := string(deploy.DefaultPolicy)
	for name, text := range map[string]string{
		"helpdesk.yaml": good,
		"changed.yaml":  strings.Replace(good, "HD-#####", "SUP-####", 1),
		"public.yaml":   strings.Replace(good, "    thread: note", "    requests: {playground: help}\n    thread: note", 1),
		"broken.yaml":   strings.Replace(good, "phase: planned", "phase: plannd", 1),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestCommands(t *testing.T) {
	dir, empty := folder(t), t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, c := range []struct {
		args []string
		dir  string
		env  []string
		code int
		out  string // a part of standard output
		errs string // a part of standard error
	}{
		{args: []string{"--help"}, out: "migrate"},
		{args: []string{"demo", "--help"}, out: "--data"},
		{args: []string{"serve", "--help"}, out: "--playground"},
		{args: []string{"check", "--help"}, out: "--against"},
		{args: []string{"doctor", "--help"}, out: "balie doctor"},
		{args: []string{"export", "--help"}, out: "<file>"},
		{args: []string{"import", "--help"}, out: "<file>"},
		{args: []string{"migrate", "--help"}, out: "--from"},
		{args: []string{"version", "--help"}, out: "balie version"},
		{args: []string{"version"}, out: "balie "},
		{args: []string{"frob"}, code: 2, errs: "unexpected argument frob"},
		{args: []string{"demo", "--frob"}, code: 2, errs: "unknown flag --frob"},
		{args: []string{"demo", "--addr", "nonsense"}, code: 2, errs: "BALIE_ADDR: must be a host and a port"},
		{args: []string{"export"}, code: 2, errs: "expected \"<file>\""},
		{args: []string{"migrate", "--from", "x"}, code: 2, errs: "missing flags: --to=URI"},
		{args: []string{"check"}, out: "helpdesk.yaml is fine"},
		{args: []string{"check", "helpdesk.yaml", "--against", "helpdesk.yaml"}, out: "Nothing would change"},
		{args: []string{"check", "changed.yaml", "--against", "helpdesk.yaml"}, out: "- team ict: new tickets are numbered SUP-####"},
		{args: []string{"check", "public.yaml"}, out: "conversations for everybody to read in playground help, agents: "},
		{args: []string{"check", "broken.yaml"}, code: 1, errs: "broken.yaml:218:12: "},
		{args: []string{"check", "broken.yaml"}, code: 1, errs: "broken.yaml has 1 mistake\n"},
		{args: []string{"check"}, dir: empty, code: 1, errs: "there is no such file"},
		{args: []string{"check"}, env: []string{"BALIE_POLICY=broken.yaml"}, code: 1, errs: "did you mean planned"},
		{args: []string{"doctor"}, out: "ok       policy     helpdesk.yaml: 1 team, 5 categories"},
		{args: []string{"doctor"}, out: "will be made at the first start"},
		{args: []string{"doctor"}, dir: empty, code: 1, out: "problem  policy", errs: "there is 1 problem"},
		{args: []string{"doctor"}, env: []string{"BALIE_ADDR=" + l.Addr().String()}, code: 1, out: "another program listens on"},
		{args: []string{"doctor"}, env: []string{"BALIE_DATA_DIR=helpdesk.yaml"}, code: 1, out: "is not a folder"},
		{args: []string{"serve"}, code: 1, errs: "SLACK_BOT_TOKEN"},
		{args: []string{"serve"}, code: 1, errs: "balie serve --playground"},
		{args: []string{"serve"}, dir: empty, code: 1, errs: "there is no such file"},
		{args: []string{"serve", "--policy", "broken.yaml"}, code: 1, errs: "did you mean planned"},
		{args: []string{"serve", "--playground"}, env: []string{"BALIE_ADDR=" + l.Addr().String()}, code: 1, errs: "another program listens on"},
		{args: []string{"serve"}, env: []string{"LOG_LEVEL=loud"}, code: 1, errs: "LOG_LEVEL: must be one of"},
		{args: []string{"export", "x.gz"}, dir: empty, code: 1, errs: "there is no helpdesk at data"},
		{args: []string{"import", "nothing.gz"}, code: 1, errs: "no such file"},
		{args: []string{"import", "helpdesk.yaml"}, dir: dir, env: []string{"BALIE_DATA_DIR=" + t.TempDir()}, code: 1, errs: "balie: "},
		{args: []string{"migrate", "--from", "nowhere", "--to", "there"}, code: 1, errs: "there is no store at nowhere"},
		{args: []string{"migrate", "--from", "postgres://x/y", "--to", "there"}, code: 1, errs: "no kind of store called"},
	} {
		in := c.dir
		if in == "" {
			in = dir
		}
		code, out, errs := balie(t, in, c.env, c.args...)
		if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) {
			t.Errorf("balie %s: exit code %d, expected %d with %q and %q\n%s%s", strings.Join(c.args, " "), code, c.code, c.out, c.errs, out, errs)
		}
		if strings.Contains(errs, "Usage:") || strings.Contains(errs, "goroutine") {
			t.Errorf("balie %s: more than a sentence:\n%s", strings.Join(c.args, " "), errs)
		}
		if code == 0 && errs != "" {
			t.Errorf("balie %s: complains although it is fine: %s", strings.Join(c.args, " "), errs)
		}
	}
}

// demo is a running demo.
type demo struct {
	*testing.T
	cmd   *exec.Cmd
	url   string
	errs  *bytes.Buffer
	ended chan error
}

var address = regexp.MustCompile(`http://[0-9.:]+`)

// start starts a server and waits until it says where it is.
func start(t *testing.T, dir string, env []string, args ...string) *demo {
	t.Helper()
	d := &demo{T: t, cmd: exec.Command(binary, args...), errs: &bytes.Buffer{}, ended: make(chan error, 1)}
	d.cmd.Dir, d.cmd.Env, d.cmd.Stderr = dir, environment(env...), d.errs
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.stop(syscall.SIGKILL) })
	lines := bufio.NewScanner(out)
	for d.url == "" && lines.Scan() {
		d.url = address.FindString(lines.Text())
	}
	go func() {
		_, copyErr := io.Copy(io.Discard, out) // to the end before Wait, as exec asks
		d.ended <- errors.Join(d.cmd.Wait(), copyErr)
	}()
	if d.url == "" {
		t.Fatalf("it ended without saying where it is: %v\n%s", <-d.ended, d.errs)
	}
	return d
}

// stop sends the signal and waits for the end.
func (d *demo) stop(sig os.Signal) (took time.Duration, err error) {
	began := time.Now()
	if err := d.cmd.Process.Signal(sig); err != nil {
		return 0, err
	}
	select {
	case err = <-d.ended:
	case <-time.After(30 * time.Second):
		d.Fatal("it did not end")
	}
	return time.Since(began), err
}

func TestDemoNeedsNothingAndLeavesNothing(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		tmp := t.TempDir()
		d := start(t, t.TempDir(), []string{"TMPDIR=" + tmp}, "demo")
		if made, err := os.ReadDir(tmp); err != nil || len(made) != 1 {
			t.Errorf("temporary folders: %v, %v", made, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		c := client.New(d.url, nil)
		up, gone := make(chan struct{}, 10), make(chan error, 1)
		go func() {
			gone <- c.As("ana").Listen(ctx, func(e wire.Event) {
				if e.Kind == wire.KindHello {
					up <- struct{}{}
				}
			})
		}()
		<-up
		took, err := d.stop(sig)
		if err != nil || took > 10*time.Second {
			t.Errorf("%s: it ended after %s with %v\n%s", sig, took, err, d.errs)
		}
		if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
			t.Errorf("%s: it leaves %v, %v", sig, left, err)
		}
		cancel()
		if err := <-gone; err != nil {
			t.Error(err)
		}
		c.CloseIdle()
	}
}

func TestDemoGoesOnWhereItEnded(t *testing.T) {
	dir := t.TempDir()
	d := start(t, dir, nil, "demo", "--data", "kept")
	code, _, errs := balie(t, dir, nil, "demo", "--data", "kept")
	if code != 1 || !strings.Contains(errs, "in use by another Balie") || strings.Count(errs, "\n") != 1 {
		t.Errorf("a second one on the same folder: exit code %d, %s", code, errs)
	}
	before := triage(t, d.url)
	if _, err := d.stop(syscall.SIGTERM); err != nil {
		t.Fatalf("%v\n%s", err, d.errs)
	}
	d = start(t, dir, nil, "demo", "--data", "kept")
	c := client.New(d.url, nil)
	defer c.CloseIdle()
	after := triage(t, d.url)
	if len(before) < 40 || len(after) != len(before) {
		t.Fatalf("there were %d cards, now %d", len(before), len(after))
	}
	answer, err := c.As("carla").Click(t.Context(), after[len(after)-1].Buttons, "Claim")
	if err != nil || len(answer.Private) == 0 || !strings.Contains(answer.Private[0].Text, "is yours") {
		t.Errorf("a button from before: %+v, %v", answer, err)
	}
	if _, err := d.stop(syscall.SIGTERM); err != nil {
		t.Fatalf("%v\n%s", err, d.errs)
	}
	backUp(t, dir)
}

// backUp takes the stopped demo in the folder "kept" through export, import and migrate.
func backUp(t *testing.T, dir string) {
	t.Helper()
	run := func(env string, says string, args ...string) {
		t.Helper()
		code, out, errs := balie(t, dir, []string{env}, args...)
		if code != 0 || !strings.Contains(out, says) {
			t.Errorf("balie %v: exit code %d, %s%s", args, code, out, errs)
		}
	}
	run("BALIE_DATA_DIR=kept", "exported ", "export", "helpdesk.gz")
	run("BALIE_DATA_DIR=brought", "imported ", "import", "helpdesk.gz")
	run("BALIE_DATA_DIR=none", "copied and verified ", "migrate", "--from", "brought", "--to", "sqlite:moved")
	if code, _, errs := balie(t, dir, []string{"BALIE_DATA_DIR=moved"}, "import", "helpdesk.gz"); code != 1 || !strings.Contains(errs, "not empty") {
		t.Errorf("import into what is not empty: exit code %d, %s", code, errs)
	}
	d := start(t, dir, nil, "demo", "--data", "moved")
	if cards := triage(t, d.url); len(cards) < 40 {
		t.Errorf("%d cards after export, import and migrate", len(cards))
	}
}

// triage waits until the sample is delivered and gives the cards of the triage channel.
func triage(t *testing.T, url string) []wire.Message {
	t.Helper()
	c := client.New(url, nil)
	defer c.CloseIdle()
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		page, err := c.As("bram").Messages(t.Context(), "ict-triage", "", 200)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Messages) >= 45 {
			return page.Messages
		}
		if time.Since(began) > 20*time.Second {
			t.Fatalf("only %d cards came", len(page.Messages))
		}
	}
}

func TestEmptyDemo(t *testing.T) {
	d := start(t, t.TempDir(), nil, "demo", "--empty")
	c := client.New(d.url, nil)
	defer c.CloseIdle()
	answer, err := c.As("bram").Command(t.Context(), "ict-triage", "ticket", "queue")
	if err != nil || len(answer.Private) != 1 || !strings.Contains(answer.Private[0].Text, "leeg") {
		t.Errorf("the queue: %+v, %v", answer, err)
	}
}

func TestASecondSignalStopsAtOnce(t *testing.T) {
	d := start(t, t.TempDir(), nil, "demo", "--empty")
	// A request whose body never comes keeps the graceful stop waiting.
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /playground/api/send HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n")
	if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil { // it reads now
		t.Fatal(err)
	}
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	// The first signal has arrived when nobody listens any more.
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(5 * time.Millisecond) {
		probe, err := net.Dial("tcp", conn.RemoteAddr().String())
		if err != nil {
			break
		}
		if err := probe.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// One that comes before the first was quite heeded is lost. However late it is, the signal ends the program, and not
	// the program itself.
	for {
		if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		select {
		case err := <-d.ended:
			exit, ok := errors.AsType[*exec.ExitError](err)
			if !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
				t.Errorf("it ended with %v", err)
			}
			return
		case <-time.After(100 * time.Millisecond): // between two signals
		}
	}
}
