package manifest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	slackapi "github.com/slack-go/slack"

	"balie/adapters/slack/manifest"
)

var (
	reading   = []string{"channels:read", "groups:read", "im:read", "mpim:read"}
	histories = []string{"channels:history", "groups:history", "im:history", "mpim:history"}
)

// needs says which of the bot's permissions each method of the library asks for. https://docs.slack.dev/reference/methods
var needs = map[string][]string{
	"AuthTestContext":                {},
	"SendAuthRevokeContext":          {},
	"OpenViewContext":                {},
	"UpdateViewContext":              {},
	"PushViewContext":                {},
	"PublishViewContext":             {},
	"ListTeamsContext":               {},
	"GetPermalinkContext":            {},
	"StartSocketModeContext":         {}, // the app's token has connections:write
	"GetOAuthV2ResponseContext":      {},
	"PostMessageContext":             {"chat:write"},
	"MsgOptionUsername":              {"chat:write.customize"},
	"UpdateMessageContext":           {"chat:write"},
	"DeleteMessageContext":           {"chat:write"},
	"PostEphemeralContext":           {"chat:write"},
	"SendMessageContext":             {"chat:write"},
	"GetConversationInfoContext":     reading,
	"GetUsersInConversationContext":  reading,
	"GetConversationsForUserContext": reading,
	"GetConversationHistoryContext":  histories,
	"GetConversationRepliesContext":  histories,
	"OpenConversationContext":        {"im:write"},
	"GetUserInfoContext":             {"users:read", "users:read.email"},
	"GetBotInfoContext":              {"users:read"},
	"GetUserGroupMembersContext":     {"usergroups:read"},
	"GetFileInfoContext":             {"files:read"},
	"GetFileContext":                 {"files:read"},
	"GetUploadURLExternalContext":    {"files:write"},
	"CompleteUploadExternalContext":  {"files:write"},
	"GetReactionsContext":            {"reactions:read"},
}

// hears says which each event asks for. https://docs.slack.dev/reference/events
var hears = map[string][]string{
	"message.channels": {"channels:history"},
	"message.groups":   {"groups:history"},
	"message.im":       {"im:history"},
	"message.mpim":     {"mpim:history"},
	"reaction_added":   {"reactions:read"},
	"reaction_removed": {"reactions:read"},
	"user_change":      {"users:read"},
	"app_home_opened":  {},
	"app_uninstalled":  {},
	"tokens_revoked":   {},
}

// features are the slash command and the shortcuts.
var features = []string{"commands"}

func TestNoPermissionTooManyOrTooFew(t *testing.T) {
	needed := map[string]bool{}
	add := func(scopes []string) {
		for _, s := range scopes {
			needed[s] = true
		}
	}
	add(features)
	for _, event := range manifest.BotEvents {
		scopes, ok := hears[event]
		if !ok {
			t.Errorf("event %s: say above which permission it asks for", event)
		}
		add(scopes)
	}
	for method := range calls(t) {
		scopes, ok := needs[method]
		if !ok {
			t.Errorf("%s is called: say above which permission it asks for", method)
		}
		add(scopes)
	}
	want := slices.Sorted(maps.Keys(needed))
	got := slices.Sorted(slices.Values(manifest.BotScopes))
	for _, s := range want {
		if !slices.Contains(got, s) {
			t.Errorf("%s is needed, and not in the manifest", s)
		}
	}
	for _, s := range got {
		if !slices.Contains(want, s) {
			t.Errorf("%s is in the manifest, and nothing needs it", s)
		}
	}
}

// calls are the methods of the library's client that the adapter calls, and its functions that reach for Slack.
func calls(t *testing.T) map[string]bool {
	t.Helper()
	client := reflect.TypeFor[*slackapi.Client]()
	found := map[string]bool{}
	var sources []string
	for _, folder := range []string{"..", "../examine"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, files...)
	}
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			_, known := needs[s.Sel.Name]
			_, method := client.MethodByName(s.Sel.Name)
			pkg, ok := s.X.(*ast.Ident)
			if function := ok && pkg.Name == "slackapi"; (known || strings.HasSuffix(s.Sel.Name, "Context")) && (method || function) {
				found[s.Sel.Name] = true
			}
			return true
		})
	}
	return found
}
