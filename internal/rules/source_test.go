package rules

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the repository, from here.
const root = "../.."

// files are the committed files with their contents.
func files(t *testing.T) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "-z")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("this is no git checkout: %v", err)
	}
	all := make(map[string]string)
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed, and not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(data)
	}
	return all
}

// neutral are the folders that know no platform: differences between platforms are data there. Packages for tests, such as
// storetest, are tests.
var neutral = []string{"bot/", "internal/chat/", "internal/desk/", "internal/ticket/", "internal/store/"}

var platformName = regexp.MustCompile(`(?i)slack|discord|mattermost|playground`)

// platformWords are where Go code names a platform in an identifier or a string. Comments may.
func platformWords(name, source string) ([]string, error) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		var word string
		switch n := n.(type) {
		case *ast.Ident:
			word = n.Name
		case *ast.BasicLit:
			word = n.Value
		default:
			return true
		}
		if platformName.MatchString(word) {
			out = append(out, set.Position(n.Pos()).String()+": "+word)
		}
		return true
	})
	return out, nil
}

func TestTheCoreKnowsNoPlatform(t *testing.T) {
	for name, source := range files(t) {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "test/") || !hasAnyPrefix(name, neutral) {
			continue
		}
		words, err := platformWords(name, source)
		if err != nil {
			t.Error(err)
		}
		for _, w := range words {
			t.Errorf("%s: platforms are data here (chat.Caps): the name belongs into adapters or cmd", w)
		}
	}
	words, err := platformWords("x.go", "package x\n\n// Slack is fine here.\nvar slackToken = `a` + \"Discord\"\n")
	if err != nil || len(words) != 2 {
		t.Errorf("the check itself finds %q, %v", words, err)
	}
}

func hasAnyPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

func TestFilesStaySmall(t *testing.T) {
	const good, most = 500, 600
	for name, source := range files(t) {
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		switch n := strings.Count(source, "\n"); {
		case n > most:
			t.Errorf("%s has %d lines: split it into files of one concern each", name, n)
		case n > good:
			t.Logf("%s has %d lines: time to split it", name, n)
		}
	}
}

// traces are what gives away a machine, or ties the project to a registry that users may not reach.
var traces = regexp.MustCompile(`(^|[^\w.$}-])/(work|root|farm|home|Users)/|` +
	`\b(proxy\.golang\.org|goproxy\.\w+|registry\.npmjs\.org|(index\.|registry-1\.)?docker\.io|ghcr\.io|gcr\.io|quay\.io|pypi\.org|crates\.io)\b`)

func TestNoMachineAndNoRegistryIsNamed(t *testing.T) {
	for name, source := range files(t) {
		if strings.HasPrefix(name, "internal/rules/") {
			continue
		}
		n := 0
		for line := range strings.Lines(source) {
			n++
			if m := traces.FindString(line); m != "" {
				t.Errorf("%s:%d names %q", name, n, strings.TrimSpace(m))
			}
		}
	}
	for _, bad := range []string{`"/wo` + `rk/main"`, "cd /ro" + "ot/x", "image: ghcr" + ".io/x", "GOPROXY=https://proxy.golang" + ".org"} {
		if !traces.MatchString(bad) {
			t.Errorf("the check itself lets %q through", bad)
		}
	}
}

func TestExportedNamesHaveAComment(t *testing.T) {
	for name, source := range files(t) {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, name, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, d := range f.Decls {
			for _, id := range bare(d) {
				t.Errorf("%s: %s has no comment: say in a sentence what it is", set.Position(id.Pos()), id.Name)
			}
		}
	}
}

// bare are the exported functions and types of a declaration without a comment of their own or of their group.
func bare(d ast.Decl) []*ast.Ident {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Doc == nil && d.Name.IsExported() {
			return []*ast.Ident{d.Name}
		}
	case *ast.GenDecl:
		if d.Doc != nil {
			return nil
		}
		var out []*ast.Ident
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && s.Doc == nil {
					out = append(out, s.Name)
				}
			case *ast.ValueSpec:
				if s.Names[0].IsExported() && s.Doc == nil && s.Comment == nil {
					out = append(out, s.Names[0])
				}
			}
		}
		return out
	}
	return nil
}
