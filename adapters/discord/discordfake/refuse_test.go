package discordfake_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"balie/adapters/discord/discordfake"
)

// reply is an answer of the REST API.
type reply struct {
	Status  int
	Header  http.Header
	Body    string
	ID      string          `json:"id"`
	Nonce   string          `json:"nonce"`
	Code    int             `json:"code"`
	Message json.RawMessage `json:"message"`
	Retry   float64         `json:"retry_after"`
	Global  bool            `json:"global"`
}

// send sends anything.
func send(t *testing.T, s *discordfake.Server, method, path, body string, files ...string) reply {
	t.Helper()
	r, err := try(s, method, path, body, files...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func try(s *discordfake.Server, method, path, body string, files ...string) (reply, error) {
	var b bytes.Buffer
	kind := "application/json"
	if len(files) == 0 {
		b.WriteString(body)
	} else {
		w := multipart.NewWriter(&b)
		kind = w.FormDataContentType()
		_ = w.WriteField("payload_json", body) // a buffer takes everything
		for i, f := range files {
			part, _ := w.CreateFormFile(fmt.Sprintf("files[%d]", i), fmt.Sprintf("f%d.txt", i))
			_, _ = part.Write([]byte(f))
		}
		_ = w.Close()
	}
	req, err := http.NewRequest(method, s.APIURL+path, &b)
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Authorization", "Bot "+s.Token)
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply{}, err
	}
	raw, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	out := reply{Status: resp.StatusCode, Header: resp.Header, Body: string(raw)}
	_ = json.Unmarshal(raw, &out) // lists have none of it
	return out, err
}

// rows are so many rows of these components.
func rows(n int, inside string) string {
	return `{"components":[` + strings.TrimSuffix(strings.Repeat(`{"type":1,"components":[`+inside+`]},`, n), ",") + `]}`
}

func button(id, more string) string {
	return `{"type":2,"style":1,"label":"x","custom_id":"` + id + `"` + more + `}`
}

func buttons(n int) string {
	var out []string
	for i := range n {
		out = append(out, button(fmt.Sprint("b", i), ""))
	}
	return strings.Join(out, ",")
}

func menu(options, more string) string {
	return rows(1, `{"type":3,"custom_id":"m","options":[`+options+`]`+more+`}`)
}

func choices(n int) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(`{"label":"l%d","value":"v%d"}`, i, i))
	}
	return strings.Join(out, ",")
}

func text(n int) string { return strings.Repeat("é", n) }

func TestPayloadsThatBreakALimitAreRefused(t *testing.T) {
	v2 := func(inside string) string { return `{"flags":32768,"components":[` + inside + `]}` }
	displays := func(n int) string {
		return strings.TrimSuffix(strings.Repeat(`{"type":10,"content":"x"},`, n), ",")
	}
	embed := func(inside string) string { return `{"embeds":[{` + inside + `}]}` }
	for name, c := range map[string]struct {
		body string
		code int
		at   string // what is in the errors
	}{
		"nothing":                {`{}`, 50006, ""},
		"only spaces":            {`{"content":" \n"}`, 50006, ""},
		"no JSON":                {`{"content"`, 50109, ""},
		"a list":                 {`[]`, 50035, "MODEL_TYPE_CONVERT"},
		"content of a number":    {`{"content":1}`, 50035, `"content":{"_errors"`},
		"2000 characters":        {`{"content":"` + text(2000) + `"}`, 0, ""},
		"2001 characters":        {`{"content":"` + text(2001) + `"}`, 50035, "BASE_TYPE_MAX_LENGTH"},
		"an unknown field":       {`{"content":"x","file":1}`, 50035, "UNKNOWN_FIELD"},
		"a nonce of 26":          {`{"content":"x","nonce":"` + strings.Repeat("n", 26) + `"}`, 50035, `"nonce"`},
		"an ephemeral flag":      {`{"content":"x","flags":64}`, 50035, "MESSAGE_FLAGS_INVALID"},
		"11 embeds":              {`{"embeds":[` + strings.TrimSuffix(strings.Repeat(`{"title":"x"},`, 11), ",") + `]}`, 50035, `"embeds":{"_errors"`},
		"a title of 257":         {embed(`"title":"` + text(257) + `"`), 50035, `"embeds":{"0":{"title"`},
		"a description of 4097":  {embed(`"description":"` + text(4097) + `"`), 50035, `"description"`},
		"26 fields":              {embed(`"fields":[` + strings.TrimSuffix(strings.Repeat(`{"name":"n","value":"v"},`, 26), ",") + `]`), 50035, `"fields"`},
		"an empty field":         {embed(`"fields":[{"name":"n","value":""}]`), 50035, `"fields":{"0":{"value"`},
		"a field of 1025":        {embed(`"fields":[{"name":"n","value":"` + text(1025) + `"}]`), 50035, `"value"`},
		"a footer of 2049":       {embed(`"footer":{"text":"` + text(2049) + `"}`), 50035, `"footer":{"text"`},
		"an author of 257":       {embed(`"author":{"name":"` + text(257) + `"}`), 50035, `"author":{"name"`},
		"embeds of 6001":         {embed(`"description":"` + text(4096) + `","footer":{"text":"` + text(1905) + `"}`), 50035, "MAX_EMBED_SIZE_EXCEEDED"},
		"embeds of 6000":         {embed(`"description":"` + text(4096) + `","footer":{"text":"` + text(1904) + `"}`), 0, ""},
		"an address of a script": {embed(`"title":"x","url":"javascript:1"`), 50035, "URL_TYPE_INVALID_SCHEME"},
		"6 rows":                 {rows(6, buttons(1)), 50035, "BASE_TYPE_BAD_LENGTH"},
		"5 buttons":              {rows(1, buttons(5)), 0, ""},
		"6 buttons":              {rows(1, buttons(6)), 50035, `"components":{"0":{"components":{"_errors"`},
		"an empty row":           {rows(1, ""), 50035, "BASE_TYPE_BAD_LENGTH"},
		"a button and a menu":    {rows(1, buttons(1)+`,{"type":5,"custom_id":"u"}`), 50035, "COMPONENT_LAYOUT_WIDTH_EXCEEDED"},
		"a button without a row": {`{"components":[` + buttons(1) + `]}`, 50035, "UNION_TYPE_CHOICES"},
		"two of one id":          {rows(2, buttons(1)), 50035, "COMPONENT_CUSTOM_ID_DUPLICATED"},
		"a label of 81":          {rows(1, `{"type":2,"style":1,"custom_id":"x","label":"`+text(81)+`"}`), 50035, `"label"`},
		"no label":               {rows(1, `{"type":2,"style":1,"custom_id":"x"}`), 50035, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED"},
		"no custom id":           {rows(1, `{"type":2,"style":1,"label":"x"}`), 50035, `"custom_id"`},
		"a custom id of 101":     {rows(1, button(strings.Repeat("x", 101), "")), 50035, `"custom_id"`},
		"a link with an id":      {rows(1, `{"type":2,"style":5,"label":"x","url":"https://a.b","custom_id":"x"}`), 50035, "MUTUALLY_EXCLUSIVE"},
		"style 7":                {rows(1, `{"type":2,"style":7,"label":"x","custom_id":"x"}`), 50035, `"style"`},
		"a text field":           {rows(1, `{"type":4,"custom_id":"x","style":1,"label":"x"}`), 50035, "UNION_TYPE_CHOICES"},
		"25 options":             {menu(choices(25), ""), 0, ""},
		"26 options":             {menu(choices(26), ""), 50035, `"options"`},
		"no options":             {menu("", ""), 50035, `"options"`},
		"an option twice":        {menu(`{"label":"a","value":"v"},{"label":"b","value":"v"}`, ""), 50035, "OPTION_VALUE_DUPLICATED"},
		"an option of 101":       {menu(`{"label":"`+text(101)+`","value":"v"}`, ""), 50035, `"label"`},
		"a value of 101":         {menu(`{"label":"x","value":"`+text(101)+`"}`, ""), 50035, `"value"`},
		"a description of 101":   {menu(`{"label":"x","value":"v","description":"`+text(101)+`"}`, ""), 50035, `"description"`},
		"a placeholder of 151":   {menu(choices(1), `,"placeholder":"`+text(151)+`"`), 50035, `"placeholder"`},
		"more than there are":    {menu(choices(2), `,"max_values":3`), 50035, `"max_values"`},
		"min over max":           {menu(choices(3), `,"min_values":2,"max_values":1`), 50035, `"min_values"`},
		"a text without flag":    {`{"components":[{"type":10,"content":"x"}]}`, 50035, "UNION_TYPE_CHOICES"},
		"40 components":          {v2(displays(40)), 0, ""},
		"41 components":          {v2(displays(41)), 50035, "COMPONENT_MAX_TOTAL"},
		"components and content": {`{"flags":32768,"content":"x","components":[{"type":10,"content":"x"}]}`, 50035, "LEGACY_FIELDS"},
		"a section":              {v2(`{"type":9,"components":[{"type":10,"content":"x"}],"accessory":` + buttons(1) + `}`), 0, ""},
		"a bare section":         {v2(`{"type":9,"components":[{"type":10,"content":"x"}]}`), 50035, `"accessory"`},
		"a container":            {v2(`{"type":17,"components":[{"type":10,"content":"x"},{"type":14}]}`), 0, ""},
		"too long texts":         {v2(`{"type":10,"content":"` + text(4000) + `"},{"type":10,"content":"x"}`), 50035, "TEXT_SIZE_EXCEEDED"},
		"mentions of null":       {`{"content":"x","allowed_mentions":{"parse":null}}`, 50035, `"parse"`},
		"mentions twice":         {`{"content":"x","allowed_mentions":{"parse":["users"],"users":["123456789012345678"]}}`, 50035, "PARSE_EXCLUSIVE"},
		"an unknown attachment":  {`{"content":"x","attachments":[{"id":0,"filename":"x"}]}`, 50035, "ATTACHMENT_NOT_FOUND"},
		"a reply to nothing":     {`{"content":"x","message_reference":{"message_id":"123456789012345678"}}`, 50035, "REPLIES_UNKNOWN_MESSAGE"},
		"a reply if it is there": {`{"content":"x","message_reference":{"message_id":"123456789012345678","fail_if_not_exists":false}}`, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := discordfake.New(t, options())
			got := send(t, s, "POST", "/channels/"+s.Main().ChannelID("general")+"/messages", c.body)
			if got.Code != c.code || !strings.Contains(got.Body, c.at) || (c.code == 0) != (got.Status == 200) {
				t.Errorf("%d, code %d: %s", got.Status, got.Code, got.Body)
			}
			problems := s.Problems()
			if c.code == 50035 && c.at != "REPLIES_UNKNOWN_MESSAGE" && len(problems) != 1 || c.code == 0 && len(problems) != 0 {
				t.Errorf("problems: %q", problems)
			}
		})
	}
}

func TestFilesHaveLimits(t *testing.T) {
	s := discordfake.New(t, options())
	path := "/channels/" + s.Main().ChannelID("general") + "/messages"
	if got := send(t, s, "POST", path, `{"attachments":[{"id":0,"filename":"other.txt","description":"d"}]}`, "x"); got.Status != 200 || !strings.Contains(got.Body, `"filename":"other.txt"`) {
		t.Errorf("a file: %d %s", got.Status, got.Body)
	}
	if got := send(t, s, "POST", path, `{}`, strings.Split(strings.Repeat("x,", 11), ",")[:11]...); got.Code != 50035 {
		t.Errorf("11 files: %d %s", got.Status, got.Body)
	}
	if got := send(t, s, "POST", path, `{}`, strings.Repeat("x", 10<<20+1)); got.Code != 40005 || got.Status != 413 {
		t.Errorf("a large file: %d %s", got.Status, got.Body)
	}
	if got := send(t, s, "POST", path, `{}`, strings.Repeat("x", 9<<20), strings.Repeat("x", 9<<20), strings.Repeat("x", 9<<20)); got.Code != 40005 {
		t.Errorf("a large request: %d %s", got.Status, got.Body)
	}
	s.Problems()
}

func TestEachPermissionIsNeeded(t *testing.T) {
	all := discordfake.DefaultPermissions
	type state struct{ general, team, forum, thread, message, theirs string }
	for name, c := range map[string]struct {
		lacks uint64
		call  func(state) (method, path, body string, files []string)
		code  int
	}{
		"send": {discordfake.SendMessages, func(x state) (string, string, string, []string) {
			return "POST", "/channels/" + x.general + "/messages", `{"content":"x"}`, nil
		}, 50013},
		"see": {discordfake.ViewChannel, func(x state) (string, string, string, []string) {
			return "POST", "/channels/" + x.general + "/messages", `{"content":"x"}`, nil
		}, 50001},
		"see, to look it up": {discordfake.ViewChannel, func(x state) (string, string, string, []string) {
			return "GET", "/channels/" + x.general, "", nil
		}, 50001},
		"send in threads": {discordfake.SendInThreads, func(x state) (string, string, string, []string) {
			return "POST", "/channels/" + x.thread + "/messages", `{"content":"x"}`, nil
		}, 50013},
		"send, in threads": {discordfake.SendMessages, func(x state) (string, string, string, []string) {
			return "POST", "/channels/" + x.thread + "/messages", `{"content":"x"}`, nil
		}, 0},
		"public threads": {discordfake.CreatePublicThreads, func(x state) (string, string, string, []string) {
			return "POST", "/channels/" + x.general + "/messages/" + x.message + "/threads", `{"name":"x"}`, nil
		}, 50013},
		"private threads": {discordfake.CreatePrivateThreads, func(x state) (string, string, string, []string) {
			return "POST", "/channels/" + x.general + "/threads", `{"name":"x","type":12}`, nil
		}, 50013},
		"manage threads, to lock": {discordfake.ManageThreads, func(x state) (string, string, string, []string) {
			return "PATCH", "/channels/" + x.thread, `{"locked":true}`, nil
		}, 50013},
		"manage threads, to archive its own": {discordfake.ManageThreads, func(x state) (string, string, string, []string) {
			return "PATCH", "/channels/" + x.thread, `{"archived":true}`, nil
		}, 0},
		"embeds alone": {discordfake.EmbedLinks, func(x state) (string, string, string, []string) {
			return "POST", "/channels/" + x.general + "/messages", `{"embeds":[{"title":"x"}]}`, nil
		}, 50013},
		"embeds with a text": {discordfake.EmbedLinks, func(x state) (string, string, string, []string) {
			return "POST", "/channels/" + x.general + "/messages", `{"content":"x","embeds":[{"title":"x"}]}`, nil
		}, 0},
		"files": {discordfake.AttachFiles, func(x state) (string, string, string, []string) {
			return "POST", "/channels/" + x.general + "/messages", `{}`, []string{"x"}
		}, 50013},
		"history, to reply": {discordfake.ReadMessageHistory, func(x state) (string, string, string, []string) {
			return "POST", "/channels/" + x.general + "/messages", `{"content":"x","message_reference":{"message_id":"` + x.message + `"}}`, nil
		}, 160002},
		"history, to look up": {discordfake.ReadMessageHistory, func(x state) (string, string, string, []string) {
			return "GET", "/channels/" + x.general + "/messages/" + x.message, "", nil
		}, 50013},
		"manage messages, to delete others'": {0, func(x state) (string, string, string, []string) {
			return "DELETE", "/channels/" + x.general + "/messages/" + x.theirs, "", nil
		}, 50013},
		"to edit others'": {0, func(x state) (string, string, string, []string) {
			return "PATCH", "/channels/" + x.general + "/messages/" + x.theirs, `{"content":"x"}`, nil
		}, 50005},
		"manage channels, for tags": {0, func(x state) (string, string, string, []string) {
			return "PATCH", "/channels/" + x.forum, `{"available_tags":[{"name":"x"}]}`, nil
		}, 50013},
		"send, for a forum": {discordfake.SendMessages, func(x state) (string, string, string, []string) {
			return "POST", "/channels/" + x.forum + "/threads", `{"name":"x","message":{"content":"x"}}`, nil
		}, 50013},
	} {
		t.Run(name, func(t *testing.T) {
			s := discordfake.New(t, options())
			g := s.Main()
			x := state{general: g.ChannelID("general"), team: g.ChannelID("team"), forum: g.ChannelID("queue")}
			x.message = send(t, s, "POST", "/channels/"+x.general+"/messages", `{"content":"x"}`).ID
			other := send(t, s, "POST", "/channels/"+x.general+"/messages", `{"content":"x"}`).ID
			x.thread = send(t, s, "POST", "/channels/"+x.general+"/messages/"+other+"/threads", `{"name":"x"}`).ID
			said, err := s.As("ann").Say(t.Context(), x.general, "hi")
			if err != nil || said.Refused != "" {
				t.Fatal(said, err)
			}
			x.theirs = said.Message.ID
			method, path, body, files := c.call(x)
			if c.lacks != 0 { // which was enough until now
				s.Deny(x.general, c.lacks)
				s.Deny(x.forum, c.lacks)
			}
			got := send(t, s, method, path, body, files...)
			if got.Code != c.code || (c.code == 0) != (got.Status < 300) {
				t.Errorf("without %s: %d %s", discordfake.PermissionNames(c.lacks), got.Status, got.Body)
			}
			g.SetRole("balie", all&^c.lacks)
		})
	}
}

func TestABotWithoutAPermissionLacksItEverywhere(t *testing.T) {
	o := options()
	o.Guilds[0].BotPermissions = discordfake.DefaultPermissions &^ discordfake.AttachFiles
	s := discordfake.New(t, o)
	g := s.Main()
	if got := send(t, s, "POST", "/channels/"+g.ChannelID("general")+"/messages", `{}`, "x"); got.Code != 50013 {
		t.Errorf("the bot sends files: %d %s", got.Status, got.Body)
	}
	u := s.As("ann")
	id, refused := u.Upload(t.Context(), "x.txt", []byte("x"))
	if said, err := u.Say(t.Context(), g.ChannelID("general"), "look", id); err != nil || refused+said.Refused != "" {
		t.Errorf("people don't: %v %v %v", said, refused, err)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	s := discordfake.New(t, options())
	g := s.Main()
	const none = "123456789012345678"
	ch := g.ChannelID("general")
	dm := send(t, s, "POST", "/users/@me/channels", `{"recipient_id":"`+s.UserID("closed")+`"}`).ID
	stranger := send(t, s, "POST", "/users/@me/channels", `{"recipient_id":"`+s.UserID("stranger")+`"}`).ID
	for _, c := range []struct {
		method, path, body string
		status, code       int
	}{
		{"GET", "/channels/" + none, "", 404, 10003},
		{"GET", "/channels/abc", "", 400, 50035},
		{"GET", "/channels/" + g.ChannelID("hidden"), "", 403, 50001},
		{"GET", "/channels/" + ch + "/messages/" + none, "", 404, 10008},
		{"DELETE", "/channels/" + ch + "/messages/" + none, "", 404, 10008},
		{"GET", "/channels/" + ch + "/messages?limit=101", "", 400, 50035},
		{"GET", "/guilds/" + none, "", 404, 10004},
		{"GET", "/guilds/" + g.GuildID + "/members/" + s.UserID("stranger"), "", 404, 10007},
		{"GET", "/users/" + none, "", 404, 10013},
		{"POST", "/users/@me/channels", `{"recipient_id":"` + none + `"}`, 404, 10013},
		{"POST", "/channels/" + dm + "/messages", `{"content":"x"}`, 403, 50007},
		{"POST", "/channels/" + stranger + "/messages", `{"content":"x"}`, 403, 50007},
		{"PUT", "/applications/" + none + "/commands", `[]`, 404, 10002},
		{"POST", "/channels/" + ch + "/threads", `{"name":"","type":12}`, 400, 50035},
		{"POST", "/channels/" + ch + "/threads", `{"name":"x","type":12,"auto_archive_duration":5}`, 400, 50035},
		{"POST", "/channels/" + g.ChannelID("queue") + "/threads", `{"name":"x"}`, 400, 50035},
		{"POST", "/channels/" + g.ChannelID("queue") + "/threads", `{"name":"x","applied_tags":["` + none + `"],"message":{"content":"x"}}`, 404, 10087},
	} {
		if got := send(t, s, c.method, c.path, c.body); got.Status != c.status || got.Code != c.code {
			t.Errorf("%s %s: %d %s", c.method, c.path, got.Status, got.Body)
		}
	}
	s.Problems()
	s.RevokeToken()
	if got := send(t, s, "GET", "/users/@me", ""); got.Status != 401 || got.Code != 0 {
		t.Errorf("with a revoked token: %d %s", got.Status, got.Body)
	}
	s.Restore()
	g.RemoveBot()
	if got := send(t, s, "POST", "/channels/"+ch+"/messages", `{"content":"x"}`); got.Code != 50001 {
		t.Errorf("after the bot was removed: %d %s", got.Status, got.Body)
	}
	g.Invite()
	if got := send(t, s, "POST", "/channels/"+ch+"/messages", `{"content":"x"}`); got.Status != 200 {
		t.Errorf("after it was invited again: %d %s", got.Status, got.Body)
	}
	if got := send(t, s, "GET", "/nowhere", ""); got.Status != 404 {
		t.Errorf("an unknown route: %d", got.Status)
	}
	if p := s.Problems(); len(p) != 1 || !strings.Contains(p[0], "/nowhere") {
		t.Errorf("problems: %q", p)
	}
}

func TestThreadsAreRefused(t *testing.T) {
	o := options()
	o.MaxActiveThreads, o.MaxThreadMembers = 2, 2
	s := discordfake.New(t, o)
	g := s.Main()
	ch := g.ChannelID("general")
	message := func() string { return send(t, s, "POST", "/channels/"+ch+"/messages", `{"content":"x"}`).ID }
	start := func(m string) reply {
		return send(t, s, "POST", "/channels/"+ch+"/messages/"+m+"/threads", `{"name":"x"}`)
	}
	expect := func(what string, got reply, code int) {
		t.Helper()
		if got.Code != code || (code == 0) != (got.Status < 300) {
			t.Errorf("%s: %d %s", what, got.Status, got.Body)
		}
	}
	m := message()
	expect("a thread", start(m), 0)
	expect("a thread twice", start(m), 160004)
	expect("a second one", start(message()), 0)
	expect("one too many", start(message()), 160006)
	in := "/channels/" + m
	member := func(name string) reply { return send(t, s, "PUT", in+"/thread-members/"+s.UserID(name), "") }
	expect("a member", member("ann"), 0)
	expect("a member who is in it", member("ann"), 0)
	expect("one member too many", member("bob"), 30033)
	expect("somebody from elsewhere", member("stranger"), 10007)
	inside := send(t, s, "POST", in+"/messages", `{"content":"x"}`).ID
	s.Archive(m, false)
	expect("an edit in an archived thread", send(t, s, "PATCH", in+"/messages/"+inside, `{"content":"y"}`), 50083)
	expect("a deletion in an archived thread", send(t, s, "DELETE", in+"/messages/"+inside, ""), 50083)
	expect("a new name for an archived thread", send(t, s, "PATCH", in, `{"name":"y"}`), 50083)
	expect("a member of an archived thread", member("ann"), 50083)
	expect("a thread in place of the archived one", start(message()), 0)
	expect("an archived thread too many", send(t, s, "POST", in+"/messages", `{"content":"x"}`), 160006)
	expect("an archived thread opened too many", send(t, s, "PATCH", in, `{"archived":false}`), 160006)
	g.MaxThreads(10)
	expect("a message that opens a thread", send(t, s, "POST", in+"/messages", `{"content":"x"}`), 0)
	if s.Thread(m).Archived {
		t.Error("it is still archived")
	}
	s.Archive(m, true)
	s.Deny(ch, discordfake.ManageThreads)
	expect("a locked thread", send(t, s, "POST", in+"/messages", `{"content":"x"}`), 160005)
	expect("a locked thread to open", send(t, s, "PATCH", in, `{"archived":false}`), 50013)
	s.Allow(ch, discordfake.ManageThreads)
	expect("to open and rename", send(t, s, "PATCH", in, `{"archived":false,"locked":false,"name":"a"}`), 0)
	expect("a second name", send(t, s, "PATCH", in, `{"name":"b"}`), 0)
	if got := send(t, s, "PATCH", in, `{"name":"c"}`); got.Status != 429 || got.Retry < 500 {
		t.Errorf("a third name: %d %s", got.Status, got.Body)
	}
	s.Advance(11 * time.Minute)
	expect("a third name later", send(t, s, "PATCH", in, `{"name":"c"}`), 0)
	s.DeleteChannel(m)
	expect("a thread that is gone", send(t, s, "GET", in, ""), 10003)
	expect("a thread again below the message", start(m), 0)
}

func TestOldMessagesAreEditedSeldom(t *testing.T) {
	s := discordfake.New(t, options())
	ch := s.Main().ChannelID("general")
	at := "/channels/" + ch + "/messages/" + send(t, s, "POST", "/channels/"+ch+"/messages", `{"content":"x"}`).ID
	s.Advance(2 * time.Hour)
	for range 5 {
		if got := send(t, s, "PATCH", at, `{"content":"y"}`); got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
	}
	if got := send(t, s, "PATCH", at, `{"content":"y"}`); got.Code != 30046 || got.Status != 429 {
		t.Errorf("one edit too many: %d %s", got.Status, got.Body)
	}
	s.Advance(time.Hour)
	if got := send(t, s, "PATCH", at, `{"content":"y"}`); got.Status != 200 {
		t.Errorf("later: %d %s", got.Status, got.Body)
	}
}

func TestWithoutIntents(t *testing.T) {
	o := options()
	o.NoContent, o.NoMembers = true, true
	s := discordfake.New(t, o)
	g := s.Main()
	ch := g.ChannelID("general")
	if got := send(t, s, "GET", "/guilds/"+g.GuildID+"/members?limit=10", ""); got.Status != 403 || got.Code != 50001 {
		t.Errorf("members: %d %s", got.Status, got.Body)
	}
	if got := send(t, s, "GET", "/applications/@me", ""); !strings.Contains(got.Body, `"flags":0`) {
		t.Errorf("the application: %s", got.Body)
	}
	said, err := s.As("ann").Say(t.Context(), ch, "secret")
	if err != nil {
		t.Fatal(err)
	}
	if got := send(t, s, "GET", "/channels/"+ch+"/messages/"+said.Message.ID, ""); strings.Contains(got.Body, "secret") || got.Status != 200 {
		t.Errorf("content is read without the intent: %s", got.Body)
	}
	said, err = s.As("ann").Say(t.Context(), ch, "public @balie")
	if err != nil {
		t.Fatal(err)
	}
	if got := send(t, s, "GET", "/channels/"+ch+"/messages/"+said.Message.ID, ""); !strings.Contains(got.Body, "public") {
		t.Errorf("what mentions the bot is not read: %s", got.Body)
	}
}
