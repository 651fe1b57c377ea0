package slackfake_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	slackapi "github.com/slack-go/slack"
)

const form = `{"type":"modal","callback_id":"balie","title":{"type":"plain_text","text":"New ticket"},
	"submit":{"type":"plain_text","text":"Send"},"private_metadata":"{}","notify_on_close":true,"external_id":"",
	"blocks":[
		{"type":"input","block_id":"title","label":{"type":"plain_text","text":"Title"},"dispatch_action":true,
			"element":{"type":"plain_text_input","action_id":"answer","max_length":100,
				"dispatch_action_config":{"trigger_actions_on":["on_character_entered"]}}},
		{"type":"input","block_id":"program","optional":true,"label":{"type":"plain_text","text":"Program"},
			"element":{"type":"external_select","action_id":"answer","min_query_length":0}},
		{"type":"input","block_id":"files","label":{"type":"plain_text","text":"Files"},
			"element":{"type":"file_input","action_id":"answer","max_files":10}},
		{"type":"input","block_id":"urgent","label":{"type":"plain_text","text":"Urgent"},
			"element":{"type":"checkboxes","action_id":"answer",
				"options":[{"text":{"type":"mrkdwn","text":"*Yes*"},"value":"true"}],
				"initial_options":[{"text":{"type":"mrkdwn","text":"*Yes*"},"value":"true"}]}},
		{"type":"input","block_id":"when","label":{"type":"plain_text","text":"When"},
			"element":{"type":"datepicker","action_id":"answer","initial_date":"2026-05-01"}}]}`

func modal(t *testing.T, from string) slackapi.ModalViewRequest {
	t.Helper()
	var v slackapi.ModalViewRequest
	done(t, json.Unmarshal([]byte(from), &v))
	return v
}

func TestViews(t *testing.T) {
	s, api := start(t, office())
	ctx := t.Context()
	id := s.Trigger("ana")
	v, err := api.OpenViewContext(ctx, id, modal(t, form))
	done(t, err)
	if v.ID == "" || v.Hash == "" || v.RootViewID != v.ID || v.CallbackID != "balie" || len(v.Blocks.BlockSet) != 5 || v.BotID != s.BotID {
		t.Errorf("the view is %+v", v)
	}
	_, err = api.OpenViewContext(ctx, id, modal(t, form))
	refused(t, err, "exchanged_trigger_id")
	_, err = api.OpenViewContext(ctx, "1.2.x", modal(t, form))
	refused(t, err, "invalid_trigger_id")
	late := s.Trigger("ana")
	s.Advance(3100 * time.Millisecond)
	_, err = api.OpenViewContext(ctx, late, modal(t, form))
	refused(t, err, "expired_trigger_id")

	next, err := api.UpdateViewContext(ctx, modal(t, form), "", v.Hash, v.ID)
	done(t, err)
	if next.ID != v.ID || next.Hash == v.Hash {
		t.Errorf("the update is %+v", next)
	}
	_, err = api.UpdateViewContext(ctx, modal(t, form), "", v.Hash, v.ID)
	refused(t, err, "hash_conflict")
	_, err = api.UpdateViewContext(ctx, modal(t, form), "", "", "V0")
	refused(t, err, "not_found")

	named := modal(t, form)
	named.ExternalID = "ana-1"
	_, err = api.UpdateViewContext(ctx, named, "", "", v.ID)
	done(t, err)
	_, err = api.UpdateViewContext(ctx, named, "ana-1", "", "")
	done(t, err)
	_, err = api.PushViewContext(ctx, s.Trigger("ana"), modal(t, form))
	refused(t, err, "invalid_trigger_id") // it came from no view
	for range 2 {
		_, err = api.PushViewContext(ctx, s.TriggerIn("ana", v.ID), modal(t, form))
		done(t, err)
	}
	_, err = api.PushViewContext(ctx, s.TriggerIn("ana", v.ID), modal(t, form))
	refused(t, err, "push_limit_reached")
	_, err = api.OpenViewContext(ctx, s.Trigger("ana"), modal(t, form))
	done(t, err)
	_, err = api.UpdateViewContext(ctx, named, "ana-1", "", "")
	refused(t, err, "not_found") // another form took its place
}

func TestViewsThatAreRefused(t *testing.T) {
	s, api := start(t, office())
	for what, change := range map[string]func(*slackapi.ModalViewRequest){
		"/view/title/text":       func(v *slackapi.ModalViewRequest) { v.Title.Text = strings.Repeat("x", 25) },
		"missing required field": func(v *slackapi.ModalViewRequest) { v.Submit = nil },
		"/view/private_metadata": func(v *slackapi.ModalViewRequest) { v.PrivateMetadata = strings.Repeat("x", 3001) },
		"/view/callback_id":      func(v *slackapi.ModalViewRequest) { v.CallbackID = strings.Repeat("x", 256) },
		"no more than 100 items": func(v *slackapi.ModalViewRequest) {
			for range 100 {
				v.Blocks.BlockSet = append(v.Blocks.BlockSet, slackapi.NewDividerBlock())
			}
		},
		"initial option": func(v *slackapi.ModalViewRequest) {
			v.Blocks.BlockSet[3].(*slackapi.InputBlock).Element.(*slackapi.CheckboxGroupsBlockElement).InitialOptions[0].Value = "no"
		},
	} {
		v := modal(t, form)
		change(&v)
		_, err := api.OpenViewContext(t.Context(), s.Trigger("ana"), v)
		if e := refused(t, err, "invalid_arguments"); !strings.Contains(strings.Join(e.ResponseMetadata.Messages, "\n"), what) {
			t.Errorf("%s: the messages are %q", what, e.ResponseMetadata.Messages)
		}
	}
	large := modal(t, form)
	large.Blocks.BlockSet = nil
	for range 95 {
		large.Blocks.BlockSet = append(large.Blocks.BlockSet, section(strings.Repeat("x", 2900)))
	}
	_, err := api.OpenViewContext(t.Context(), s.Trigger("ana"), large)
	refused(t, err, "view_too_large")
	if len(s.Problems()) < 6 {
		t.Error("what Slack refuses is no problem of the test's")
	}
}

func TestHome(t *testing.T) {
	s, api := start(t, office())
	ctx := t.Context()
	publish := func(hash *string) (*slackapi.ViewResponse, error) {
		return api.PublishViewContext(ctx, slackapi.PublishViewContextRequest{
			UserID: s.UserID("ana"), Hash: hash,
			View: slackapi.HomeTabViewRequest{Type: "home", Blocks: slackapi.Blocks{BlockSet: []slackapi.Block{section("hi")}}},
		})
	}
	first, err := publish(nil)
	done(t, err)
	second, err := publish(&first.Hash)
	done(t, err)
	if second.ID != first.ID || second.Hash == first.Hash {
		t.Errorf("the second is %+v", second.View)
	}
	_, err = publish(&first.Hash)
	refused(t, err, "hash_conflict")
	if home := s.As("ana").HomeView(); home == nil || home.Hash != second.Hash {
		t.Errorf("the home is %+v", home)
	}
}
