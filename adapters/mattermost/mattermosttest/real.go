package mattermosttest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The environment variables that name a real server for tests, and its admin.
const (
	EnvURL      = "BALIE_MATTERMOST_URL"
	EnvAdmin    = "BALIE_MATTERMOST_ADMIN"
	EnvPassword = "BALIE_MATTERMOST_PASSWORD"
	// EnvControl names the script that starts a server of one's own: see Control.
	EnvControl = "BALIE_MATTERMOST_CONTROL"
)

// Real is a real Mattermost server: the one that the environment names, else the test server beside the repository, which
// is started if it does not run. Without either, the test is skipped, and says loudly what was not exercised.
func Real(t testing.TB) *Site {
	t.Helper()
	shared, err := found()
	if err != nil && os.Getenv(EnvURL) != "" {
		t.Fatal(err)
	}
	if err != nil {
		line := strings.Repeat("*", 72)
		notice := fmt.Sprintf("%s\n*** Mattermost was NOT exercised: %v\n%s", line, err, line)
		// A skipped test is silent without -v.
		if _, err := fmt.Fprintln(os.Stderr, notice); err != nil {
			t.Error(err)
		}
		t.Skip(notice)
	}
	site := shared.Behind(shared.URL)
	t.Cleanup(site.Close)
	return site
}

// found is the server that all tests of a process share; finding it may take minutes the first time, while it is built.
var found = sync.OnceValues(func() (*Site, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	site, err := Find(ctx)
	if err != nil {
		return nil, err
	}
	// Every test has connections of its own; these would stay open to the end.
	site.Close()
	return site, nil
})

// Find is the server of Real, for what is no test. Close ends its connections.
func Find(ctx context.Context) (*Site, error) {
	if url := os.Getenv(EnvURL); url != "" {
		return At(ctx, url, os.Getenv(EnvAdmin), os.Getenv(EnvPassword))
	}
	said, err := Control(ctx, nil)
	if err != nil {
		return nil, err
	}
	return At(ctx, said["MATTERMOST_URL"], said["ADMIN_USER"], said["ADMIN_PASSWORD"])
}

// Control runs the script that starts a server, or with "stop" stops it, and gives what it says in lines NAME=value, of the
// server's address and admin among others. It does nothing if the server runs. Further environment says which server that
// is: MM_DIR is where it keeps everything, MM_PORT and PG_PORT are the ports of it and its database.
func Control(ctx context.Context, env []string, args ...string) (said map[string]string, err error) {
	script := os.Getenv(EnvControl)
	if script == "" {
		if script, err = beside(); err != nil {
			return nil, err
		}
	}
	line := append([]string{script}, args...)
	if nice, err := exec.LookPath("nice"); err == nil && env != nil {
		// It runs on the same machine as what is tried with it, which in life it does not.
		line = append([]string{nice, "-n", "15"}, line...)
	}
	if flock, err := exec.LookPath("flock"); err == nil && env == nil {
		// Several test processes come at once. The server must not inherit the lock: it would keep it as long as it runs.
		line = append([]string{flock, "--close", filepath.Join(os.TempDir(), "balie-mattermost.lock")}, line...)
	}
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.Env = append(os.Environ(), env...)
	var problem strings.Builder
	cmd.Stderr = &problem
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		text := problem.String()
		return nil, fmt.Errorf("%s: %w\n%s", script, err, text[max(0, len(text)-2000):])
	}
	said = map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		said[name] = value
	}
	if said["MATTERMOST_URL"] == "" && len(args) == 0 {
		return nil, fmt.Errorf("%s names no MATTERMOST_URL", script)
	}
	return said, nil
}

// beside is the script that starts a server for tests, where the machine offers one beside the repository.
func beside() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("look for the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("this is no Go module")
		}
		dir = filepath.Dir(dir)
	}
	script := filepath.Join(filepath.Dir(dir), "shared", "mattermost", "start.sh")
	if _, err := os.Stat(script); err != nil {
		return "", fmt.Errorf("set %s, %s and %s", EnvURL, EnvAdmin, EnvPassword)
	}
	return script, nil
}
