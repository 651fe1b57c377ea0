package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"
)

// crashDatabase is a MongoDB server of this test's own, to be killed and started again through the program that
// BALIE_MONGO_CONTROL names.
type crashDatabase struct {
	control string
	port    int
}

// crashStartDatabase starts one; it is gone at the end of the test.
func crashStartDatabase(t *testing.T, control string) crashDatabase {
	t.Helper()
	d := crashDatabase{control: control, port: freePort(t)}
	t.Cleanup(func() {
		d.kill(t)
		if out, err := d.command("wipe"); err != nil {
			t.Errorf("%s wipe: %v\n%s", control, err, out)
		}
	})
	d.start(t)
	return d
}

func (d crashDatabase) uri() string { return fmt.Sprintf("mongodb://127.0.0.1:%d/", d.port) }

func (d crashDatabase) command(verb string) ([]byte, error) {
	cmd := exec.Command(d.control, verb)
	cmd.Env = append(os.Environ(), fmt.Sprint("MONGO_PORT=", d.port))
	return cmd.CombinedOutput()
}

// restart kills the database, as a power cut would, and starts it again.
func (d crashDatabase) restart(t *testing.T) {
	t.Helper()
	d.kill(t)
	d.start(t)
}

func (d crashDatabase) kill(t *testing.T) {
	t.Helper()
	if out, err := d.command("kill"); err != nil {
		t.Fatalf("%s kill: %v\n%s", d.control, err, out)
	}
	ended := func() bool { return !crashListens(d.port) }
	if !d.within(3*time.Second, ended) { // the control lost sight of it
		out, err := exec.Command("pkill", "-KILL", "-f", "--", fmt.Sprintf("--port %d ", d.port)).CombinedOutput()
		if err != nil && !ended() {
			t.Fatalf("kill the database on port %d: %v\n%s", d.port, err, out)
		}
	}
	if !d.within(30*time.Second, ended) {
		t.Fatalf("the database on port %d does not end", d.port)
	}
}

// start counts on what can be seen, a database that answers, and not on what the control says of it.
func (d crashDatabase) start(t *testing.T) {
	t.Helper()
	out, err := d.command("start")
	if err != nil {
		t.Logf("%s start: %v\n%s", d.control, err, out)
	}
	if !d.within(30*time.Second, func() bool { return crashListens(d.port) }) {
		t.Fatalf("the database on port %d does not answer", d.port)
	}
}

// within says whether done became true in time.
func (d crashDatabase) within(limit time.Duration, done func() bool) bool {
	late := time.NewTimer(limit)
	defer late.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !done() {
		select {
		case <-late.C:
			return false
		case <-again.C:
		}
	}
	return true
}

func crashListens(port int) bool {
	c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
	if err != nil {
		return false
	}
	return c.Close() == nil
}
