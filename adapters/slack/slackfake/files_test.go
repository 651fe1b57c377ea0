package slackfake_test

import (
	"bytes"
	"strings"
	"testing"

	slackapi "github.com/slack-go/slack"
)

func TestFilesOut(t *testing.T) {
	s, api := start(t, office())
	ctx := t.Context()
	help := s.ChannelID("help")
	ts := say(t, api, help, text("root"))
	f, err := api.UploadFileContext(ctx, slackapi.UploadFileParameters{
		Reader: strings.NewReader("a picture"), FileSize: 9, Filename: "a.png", Title: "A", Channel: help, ThreadTimestamp: ts,
		InitialComment: "look",
	})
	done(t, err)
	thread := s.As("ana").Thread(help, ts)
	if len(thread) != 2 || thread[1].Subtype != "file_share" || thread[1].Files[0].ID != f.ID || thread[1].Text != "look" ||
		thread[1].Files[0].Mimetype != "image/png" {
		t.Fatalf("the thread is %+v", thread)
	}
	info, _, _, err := api.GetFileInfoContext(ctx, f.ID, 0, 0)
	done(t, err)
	if info.Size != 9 || info.Title != "A" || info.Shares.Public[help][0].Ts != thread[1].TS {
		t.Errorf("the file is %+v", info)
	}
	var got bytes.Buffer
	done(t, api.GetFileContext(ctx, info.URLPrivateDownload, &got))
	if got.String() != "a picture" {
		t.Errorf("the file holds %q", got.String())
	}
	if err := client(s, "xoxb-other").GetFileContext(ctx, info.URLPrivateDownload, &got); err == nil ||
		!strings.Contains(err.Error(), "sign-in") {
		t.Errorf("another token's download gave %v", err)
	}

	_, err = api.UploadFileContext(ctx, slackapi.UploadFileParameters{Content: "abc", FileSize: 4, Filename: "a.txt", Channel: help})
	if err == nil || !strings.Contains(err.Error(), "400") {
		t.Errorf("an upload of another length gave %v", err)
	}
	s.Problems()
	up, err := api.GetUploadURLExternalContext(ctx, slackapi.GetUploadURLExternalParameters{FileName: "b.txt", FileSize: 1})
	done(t, err)
	finish := func(channel string) error {
		_, err := api.CompleteUploadExternalContext(ctx, slackapi.CompleteUploadExternalParameters{
			Files: []slackapi.FileSummary{{ID: up.FileID}}, Channel: channel,
		})
		return err
	}
	refused(t, finish(help), "file_not_found") // it has no content
	done(t, api.UploadToURL(ctx, slackapi.UploadToURLParameters{UploadURL: up.UploadURL, Content: "b", Filename: "b.txt"}))
	refused(t, finish(s.ChannelID("elsewhere")), "not_in_channel")
	done(t, finish(help))
	refused(t, finish(help), "file_not_found") // it was done
}

func TestFilesIn(t *testing.T) {
	s, api := start(t, office())
	ctx := t.Context()
	ana := s.As("ana")
	id, _ := ana.Upload(ctx, "log.txt", []byte("line"))
	_, _, _, err := api.GetFileInfoContext(ctx, id, 0, 0)
	refused(t, err, "file_not_found") // nobody showed it to the app
	_, _, err = ana.Say(ctx, s.ChannelID("help"), "", "see", id)
	done(t, err)
	info, _, _, err := api.GetFileInfoContext(ctx, id, 0, 0)
	done(t, err)
	var got bytes.Buffer
	done(t, api.GetFileContext(ctx, info.URLPrivateDownload, &got))
	if got.String() != "line" {
		t.Errorf("the file holds %q", got.String())
	}
}
