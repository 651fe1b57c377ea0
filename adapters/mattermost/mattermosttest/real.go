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
	url, user, password := os.Getenv(EnvURL), os.Getenv(EnvAdmin), os.Getenv(EnvPassword)
	if url == "" {
		var err error
		if url, user, password, err = start(ctx); err != nil {
			return nil, err
		}
	}
	site, err := At(ctx, url, user, password)
	if err != nil {
		return nil, err
	}
	// Every test has connections of its own; these would stay open to the end.
	site.Close()
	return site, nil
})

// start runs the script that starts the test server; it does nothing if the server runs.
func start(ctx context.Context) (url, user, password string, err error) {
	script, err := beside()
	if err != nil {
		return "", "", "", err
	}
	cmd := exec.CommandContext(ctx, script)
	if flock, err := exec.LookPath("flock"); err == nil {
		// Several test processes come at once. The server must not inherit the lock: it would keep it as long as it runs.
		cmd = exec.CommandContext(ctx, flock, "--close", filepath.Join(os.TempDir(), "balie-mattermost.lock"), script)
	}
	var problem strings.Builder
	cmd.Stderr = &problem
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		text := problem.String()
		return "", "", "", fmt.Errorf("%s: %w\n%s", script, err, text[max(0, len(text)-2000):])
	}
	said := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		said[name] = value
	}
	if said["MATTERMOST_URL"] == "" {
		return "", "", "", fmt.Errorf("%s names no MATTERMOST_URL", script)
	}
	return said["MATTERMOST_URL"], said["ADMIN_USER"], said["ADMIN_PASSWORD"], nil
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
