package bot

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"balie/internal/i18n"
	"balie/internal/ticket"
)

// TestTexts makes sure that everything the bot says has a text, and that no text is left over.
func TestTexts(t *testing.T) {
	used := saidIDs(t)
	for v := range verbs { // built from a verb
		used["button_"+v] = true
		if verbs[v].submit != nil && v != verbOpen {
			used["form_"+v] = true
		}
	}
	for _, v := range []string{verbReply, verbAsk, verbNote, verbResolve} {
		used["field_"+v], used["field_"+v+"_hint"] = true, true
	}
	for _, c := range ticket.Codes {
		used["problem_"+string(c)] = true
	}
	for _, list := range []string{listMine, listClosed, listQueue, "search"} {
		used["list_"+list], used["empty_"+list] = true, true
	}
	for _, kind := range []ticket.EntryKind{ticket.EntryPriority, ticket.EntryStatus, ticket.EntryResolved, ticket.EntryClosed,
		ticket.EntryFollowed, ticket.EntryUnfollowed} {
		used["line_"+string(kind)] = true
	}
	for _, id := range []string{"line_resolved_itself", "line_closed_itself", "line_followed_self", "line_unfollowed_self", "reply_head", "ask_head"} {
		used[id] = true
	}
	for _, month := range strings.Fields("january february march april may june july august september october november december") {
		used["month_"+month] = true
	}
	for _, word := range Commands().Words {
		used["word_"+word.Name], used["word_"+word.Name+"_about"] = true, true
	}
	for _, name := range strings.Fields("summary category state state_closed key words") {
		used["option_"+name] = true
		used["option_"+name+"_about"] = name != "state_closed"
	}
	used["shortcut_create"], used["command_about"] = true, true
	delete(used, "option_state_closed_about")
	delete(used, "button_list") // "Next" and the like
	delete(used, "button_home") // tabs and pages
	delete(used, "button_pick") // a menu, called after its question
	for id := range used {
		for _, lang := range i18n.Languages {
			if !i18n.In(lang).Has(id) {
				t.Errorf("%s: no text for %s", lang, id)
			}
		}
	}
	data, err := os.ReadFile("../internal/i18n/texts/en.yaml")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]any{}
	if err := yaml.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	for _, id := range slices.Sorted(maps.Keys(texts)) {
		if !used[id] {
			t.Errorf("nobody says %s", id)
		}
	}
}

// saidIDs are the ids that the package's code names.
func saidIDs(t *testing.T) map[string]bool {
	t.Helper()
	used := map[string]bool{}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			name := ""
			switch f := call.Fun.(type) {
			case *ast.SelectorExpr:
				name = f.Sel.Name
			case *ast.Ident:
				name = f.Name
			}
			if lit, ok := call.Args[0].(*ast.BasicLit); ok && (name == "Say" || name == "fact") {
				id, err := strconv.Unquote(lit.Value)
				if err == nil && !strings.HasSuffix(id, "_") {
					used[id] = true
				}
			}
			return true
		})
	}
	return used
}
