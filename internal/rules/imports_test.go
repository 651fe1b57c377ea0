package rules

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "balie/"

// may says which of our packages each of our packages may import; what is not in a row is not allowed. A row ending in
// "/..." is for the package and all below it, and so is an import. Tests may import what they like.
var may = map[string][]string{
	"cmd/...":                  {"..."},
	"internal/app/...":         {"..."}, // puts the program together
	"internal/e2e/...":         {"..."},
	"bot":                      {"internal/chat", "internal/desk", "internal/ticket", "internal/policy", "internal/kb", "internal/store", "internal/i18n"},
	"adapters/adaptertest/...": {"internal/chat", "adapters/adaptertest/..."},
	"adapters/background":      {},
	"adapters/callback":        {},
	"adapters/doctor/...":      {"adapters/doctor/..."},
	"adapters/fakeserver":      {},
	"adapters/inbox":           {"internal/chat", "adapters/upstream"},
	"adapters/markup":          {"internal/chat"},
	"adapters/memo":            {},
	"adapters/upstream":        {},
	"adapters/slack/...":       {"internal/chat", "adapters/background", "adapters/callback", "adapters/doctor", "adapters/fakeserver", "adapters/markup", "adapters/memo", "adapters/upstream", "adapters/slack/..."},
	"adapters/discord/...":     {"internal/chat", "adapters/background", "adapters/callback", "adapters/doctor", "adapters/fakeserver", "adapters/inbox", "adapters/markup", "adapters/memo", "adapters/upstream", "adapters/discord/..."},
	"adapters/mattermost/...":  {"internal/chat", "adapters/callback", "adapters/doctor", "adapters/fakeserver", "adapters/inbox", "adapters/markup", "adapters/memo", "adapters/upstream", "adapters/mattermost/..."},
	"adapters/email/...":       {"internal/chat", "adapters/email/..."},
	"adapters/playground/...":  {"internal/chat", "adapters/playground/..."},
	"internal/chat":            {},
	"internal/calendar":        {},
	"internal/i18n":            {},
	"internal/spell":           {},
	"internal/config":          {"internal/spell"},
	"internal/ticket":          {"internal/chat", "internal/calendar"},
	"internal/policy":          {"internal/chat", "internal/ticket", "internal/calendar", "internal/spell"},
	"internal/kb":              {},
	"internal/store/...":       {"internal/chat", "internal/ticket", "internal/kb", "internal/store/..."},
	"internal/desk":            {"internal/chat", "internal/ticket", "internal/policy", "internal/store", "internal/kb"},
	"internal/web/...":         {"internal/desk", "internal/kb", "internal/policy", "internal/ticket", "internal/chat", "internal/i18n", "internal/web/..."},
	"internal/rules":           {},
	"deploy":                   {},
}

// listed is what go list tells of a package.
type listed struct {
	ImportPath string
	Name       string
	Doc        string
	GoFiles    []string
	Imports    []string
}

// packages are all packages of the module.
func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Name,Doc,GoFiles,Imports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		all = append(all, p)
	}
	if len(all) < 5 {
		t.Fatalf("go list names only %d packages", len(all))
	}
	return all
}

// covers says whether a row or an import of the table is about the package.
func covers(pattern, pkg string) bool {
	if pattern == "..." {
		return true
	}
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == below || strings.HasPrefix(pkg, below+"/")
	}
	return pkg == pattern
}

func TestImportsPointOneWay(t *testing.T) {
	for _, p := range packages(t) {
		pkg := strings.TrimPrefix(p.ImportPath, module)
		allowed, found := allowedFor(pkg)
		if !found {
			t.Errorf("package %s is in no row of the table above: say what it may import, and in the design why it is there", pkg)
			continue
		}
		for _, i := range p.Imports {
			ours, ok := strings.CutPrefix(i, module)
			if ok && !slices.ContainsFunc(allowed, func(a string) bool { return covers(a, ours) }) {
				t.Errorf("%s must not import %s: it may import %s", pkg, ours, strings.Join(allowed, ", "))
			}
		}
	}
}

func allowedFor(pkg string) ([]string, bool) {
	for row, allowed := range may {
		if covers(row, pkg) {
			return allowed, true
		}
	}
	return nil, false
}

func TestTheTableItselfCanFail(t *testing.T) {
	if covers("bot", "bot/x") || !covers("cmd/...", "cmd/balie") || !covers("cmd/...", "cmd") || covers("cmd/...", "cmdx") {
		t.Error("covers is wrong")
	}
	if _, ok := allowedFor("internal/elsewhere"); ok {
		t.Error("a package that nobody thought of is allowed")
	}
	if a, _ := allowedFor("adapters/slack/slackfake"); slices.ContainsFunc(a, func(p string) bool { return covers(p, "internal/ticket") }) {
		t.Error("an adapter may import ticket")
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	helpers := []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "lib", "base"}
	for _, p := range packages(t) {
		if len(p.GoFiles) == 0 {
			continue
		}
		if p.Doc == "" {
			t.Errorf("package %s has no package comment", p.ImportPath)
		}
		elements := strings.Split(p.ImportPath, "/")
		if slices.Contains(helpers, p.Name) || slices.Contains(helpers, elements[len(elements)-1]) {
			t.Errorf("package %s is named after nothing: name it after what it is about", p.ImportPath)
		}
	}
}
