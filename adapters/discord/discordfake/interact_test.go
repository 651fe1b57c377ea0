package discordfake

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestAnswersAndFollowUps(t *testing.T) {
	a := newApp(t, town())
	ana, open := a.s.As("ana"), a.s.Main().ChannelID("open")
	done := make(chan struct{})
	a.does(func(packet) string {
		go func() {
			defer close(done)
			for status := 0; status != 200; {
				status, _ = a.call("PATCH", a.about()+"/messages/@original", `{"content":"Now I know."}`)
			}
		}()
		return `{"type":5,"data":{"flags":64}}`
	})
	ask := func() Answer {
		t.Helper()
		return must(t)(ana.Command(t.Context(), open, "ticket", "new", map[string]string{"summary": "x"}))
	}
	got := ask()
	if len(got.Private) != 1 || got.Private[0].Content != "Now I know." || got.Private[0].Loading || got.Private[0].Edited {
		t.Errorf("after a while: %+v", got)
	}
	<-done
	a.always(`{"type":4,"data":{"content":"Again.","flags":64}}`)
	if status, more := a.call("POST", a.about(), `{"content":"One more.","flags":64}`); status != 200 || more["content"] != "One more." {
		t.Errorf("a follow-up: %d %v", status, more)
	}
	if now := ana.Look(got); len(now.Private) != 2 || len(ana.Private()) != 2 {
		t.Errorf("with more: %+v", now)
	}
	if status, _ := a.call("DELETE", a.about()+"/messages/@original", ""); status != 204 || len(ana.Private()) != 1 {
		t.Errorf("deleted: %d", status)
	}
	if status, no := a.call("GET", a.about()+"/messages/@original", ""); status != 404 || no["code"] != 10008.0 {
		t.Errorf("what is gone: %d %v", status, no)
	}
	in := a.last()
	callback := fmt.Sprintf("/interactions/%v/%v/callback", in.at(t, "id"), in.at(t, "token"))
	if status, no := a.call("POST", callback, `{"type":4,"data":{"content":"x"}}`); status != 400 || no["code"] != 40060.0 {
		t.Errorf("answered twice: %d %v", status, no)
	}
	a.s.Advance(16 * time.Minute)
	if status, no := a.call("POST", a.about(), `{"content":"x"}`); status != 401 || no["code"] != 50027.0 {
		t.Errorf("too late: %d %v", status, no)
	}
	if status, no := a.call("POST", "/webhooks/"+a.s.ApplicationID+"/x", `{"content":"x"}`); status != 404 || no["code"] != 10015.0 {
		t.Errorf("an invented token: %d %v", status, no)
	}
	if status, no := a.call("POST", strings.Replace(callback, "aW50", "x", 1), `{"type":4}`); status != 404 || no["code"] != 10062.0 {
		t.Errorf("an invented interaction: %d %v", status, no)
	}
	again := must(t)(ana.Repeat(t.Context(), got))
	if again.Refused != "" || string(a.last().Data) != string(in.Data) {
		t.Errorf("repeated: %+v", again)
	}
}
