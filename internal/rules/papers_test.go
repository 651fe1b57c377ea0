package rules

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"balie/internal/config"
)

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestEnvExampleIsComplete holds .env.example against the table that the program reads: every name in the same order,
// with its default and its meaning.
func TestEnvExampleIsComplete(t *testing.T) {
	type row struct{ name, value, meaning string }
	var got []row
	comment := ""
	for line := range strings.Lines(read(t, ".env.example")) {
		line = strings.TrimRight(line, "\n")
		name, value, ok := strings.Cut(line, "=")
		switch {
		case strings.HasPrefix(line, "#"):
			comment = strings.TrimPrefix(line, "# ")
		case ok:
			got = append(got, row{name, value, comment})
			comment = ""
		}
	}
	want := config.Variables()
	for i, v := range want {
		if i >= len(got) {
			t.Fatalf(".env.example lacks %s", v.Name)
		}
		if w := (row{v.Name, v.Default, v.Meaning}); got[i] != w {
			t.Errorf(".env.example says %q where the table says %q", got[i], w)
		}
	}
	if len(got) > len(want) {
		t.Errorf(".env.example has more than the table: %q", got[len(want):])
	}
}

func TestChangelog(t *testing.T) {
	text := read(t, "CHANGELOG.md")
	if !strings.Contains(text, "\n## Unreleased\n") {
		t.Error("CHANGELOG.md has no heading Unreleased")
	}
	entry := regexp.MustCompile(`^- \[(CHANGE|FEATURE|ENHANCEMENT|BUGFIX)\] \S.*\.$`)
	joined := strings.ReplaceAll(text, "\n  ", " ")
	for line := range strings.Lines(joined) {
		if line = strings.TrimRight(line, "\n"); strings.HasPrefix(line, "- ") && !entry.MatchString(line) {
			t.Errorf("an entry is %q: begin it with [CHANGE], [FEATURE], [ENHANCEMENT] or [BUGFIX] and end it with a full stop", line)
		}
	}
}

func TestThePapersAreThere(t *testing.T) {
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "LICENSE", "Makefile", ".ci/run", "deploy/README.md"} {
		if strings.TrimSpace(read(t, name)) == "" {
			t.Errorf("%s is empty", name)
		}
	}
	info, err := os.Stat(filepath.Join(root, ".ci", "run"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode()&0o111 == 0 {
		t.Error(".ci/run can't be executed")
	}
}

func TestEveryCommandOfTheMakefileIsExplained(t *testing.T) {
	target := regexp.MustCompile(`(?m)^([a-z]+):[^=]*$`)
	for _, m := range target.FindAllStringSubmatch(read(t, "Makefile"), -1) {
		if !strings.Contains(m[0], "## ") {
			t.Errorf("make %s has no explanation for make help", m[1])
		}
	}
}
