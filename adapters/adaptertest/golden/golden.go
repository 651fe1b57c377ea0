// Package golden compares what an adapter sends with files that are kept, and has them checked by the validator of the
// platforms' own types and limits that stands beside the repository.
package golden

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Check compares what would be sent as JSON with testdata/<name>.json, and has the validator check that file as a payload of
// the kind, such as "mattermost-post". With -update it writes the file first.
func Check(t *testing.T, name, kind string, v any) {
	t.Helper()
	sent, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(json.RawMessage(readable.Replace(string(sent)))); err != nil {
		t.Fatal(err)
	}
	got := []byte(unseen.Replace(out.String()))
	file, err := filepath.Abs(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; go test -update writes it", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("not as in %s; go test -update writes it anew. Now it is:\n%s", file, got)
	}
	checks, err := validator()
	if err != nil {
		t.Logf("%s is NOT validated: %v", name, err)
		return
	}
	problems, err := checks.check(kind, file)
	if err != nil {
		t.Fatalf("validate %s: %v", file, err)
	}
	for _, p := range problems {
		t.Errorf("%s is not valid as %s: %s", file, kind, p)
	}
}

// readable undoes what JSON does for the sake of HTML.
var readable = strings.NewReplacer(`\\`, `\\`, `\u0026`, "&", `\u003c`, "<", `\u003e`, ">")

// unseen shows in a file what nobody sees.
var unseen = strings.NewReplacer("\u200a", `\u200a`, "\u200b", `\u200b`)

// repository is the folder that the module is in.
func repository() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, there := os.Stat(filepath.Join(dir, "go.mod")); there == nil {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("the tests run outside of the repository")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}

// validating is the validator as one process that takes a line for each file.
type validating struct {
	mu  sync.Mutex
	in  io.Writer
	out *bufio.Reader
}

const driver = `
import fs from 'node:fs'
import readline from 'node:readline'
const { validate, KINDS } = await import(process.env.VALIDATOR)
for await (const line of readline.createInterface({ input: process.stdin })) {
  const [kind, file] = JSON.parse(line)
  let problems
  if (!KINDS[kind]) problems = ['there is no such kind']
  else {
    const r = validate(kind, JSON.parse(fs.readFileSync(file, 'utf8')))
    problems = [...r.errors, ...r.warnings].map((p) => p.path + ': ' + p.msg)
  }
  console.log(JSON.stringify(problems))
}`

// validator is the one that stands beside the repository, the same for all tests. Without it, that is said once, loudly.
var validator = sync.OnceValues(func() (*validating, error) {
	v, err := startValidator()
	if err != nil {
		line := strings.Repeat("*", 72)
		if _, err := fmt.Fprintf(os.Stderr, "%s\n*** Golden files were NOT validated: %v\n%s\n", line, err, line); err != nil {
			return nil, err
		}
	}
	return v, err
})

func startValidator() (*validating, error) {
	root, err := repository()
	if err != nil {
		return nil, err
	}
	source := filepath.Join(filepath.Dir(root), "shared", "validate")
	if _, err := os.Stat(filepath.Join(source, "validate.mjs")); err != nil {
		return nil, errors.New("../shared/validate is not beside the repository")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, errors.New("there is no node on the PATH")
	}
	version, err := exec.Command(node, "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("node --version: %w", err)
	}
	if m := regexp.MustCompile(`^v(\d+)\.`).FindSubmatch(version); m == nil {
		return nil, fmt.Errorf("node is %q", version)
	} else if major, err := strconv.Atoi(string(m[1])); err != nil || major < 20 {
		return nil, fmt.Errorf("node is %s, 20 is needed", bytes.TrimSpace(version))
	}
	dir, err := installed(source)
	if err != nil {
		return nil, err
	}
	// It ends when the tests do: then nothing more can come.
	cmd := exec.Command(node, "--input-type=module", "--eval", driver)
	module := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(dir, "validate.mjs"))}
	cmd.Env = append(os.Environ(), "VALIDATOR="+module.String())
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the validator: %w", err)
	}
	return &validating{in: in, out: bufio.NewReader(out)}, nil
}

// installed is a copy of the validator with what it needs, kept for the next time.
func installed(source string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	sum := sha256.New()
	err = filepath.WalkDir(source, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && (d.Name() == "node_modules" || d.Name() == "good" || d.Name() == "bad") {
				return filepath.SkipDir
			}
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(sum, "%s %d\n%s", d.Name(), len(content), content)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read the validator: %w", err)
	}
	dir := filepath.Join(cache, "balie", fmt.Sprintf("validate-%x", sum.Sum(nil)[:8]))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return "", err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "validate-new-")
	if err != nil {
		return "", err
	}
	if err := os.CopyFS(filepath.Join(fresh, "validate"), os.DirFS(source)); err != nil {
		return "", fmt.Errorf("copy the validator: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "install", "--omit=dev", "--no-package-lock", "--no-audit", "--no-fund")
	npm.Dir = filepath.Join(fresh, "validate")
	npm.WaitDelay = time.Second
	if out, err := npm.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("npm install: %w\n%s", err, out), os.RemoveAll(fresh))
	}
	// Somebody else may have been faster.
	if err := os.Rename(filepath.Join(fresh, "validate"), dir); err != nil {
		if _, there := os.Stat(dir); there != nil {
			return "", err
		}
	}
	return dir, os.RemoveAll(fresh)
}

func (v *validating) check(kind, file string) ([]string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	ask, err := json.Marshal([]string{kind, file})
	if err != nil {
		return nil, err
	}
	if _, err := v.in.Write(append(ask, '\n')); err != nil {
		return nil, err
	}
	line, err := v.out.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("the validator broke: %w", err)
	}
	var problems []string
	return problems, json.Unmarshal(line, &problems)
}
