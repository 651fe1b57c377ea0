package adaptertest

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"

	"balie/internal/chat"
)

func filesIn(b *probe) {
	fetcher, ok := b.p.(chat.Fetcher)
	if !ok {
		b.Skip("files don't come with events here")
	}
	content := append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte("picture"), 1000)...)
	for _, names := range [][2]string{
		{"plain.png", "plain.png"}, {"Überweisung größer.pdf", "Überweisung größer.pdf"}, {"../../x", "x"}, {`..\..\boot.ini`, "boot.ini"},
		{"/etc/passwd", "passwd"}, {"a\x00b\r\nc.txt", "abc.txt"}, {"..", "file"}, // which some servers do not survive, so it is the last
	} {
		given, want := names[0], names[1]
		before := len(b.Told())
		seen := b.try(Act{Kind: Say, As: b.places.Requester, In: b.open(), Text: "here", Files: []Upload{{Name: given, Type: "image/png", Content: content}}})
		if seen.Refused {
			if given == want || strings.Join(seen.Texts, "") == "" {
				b.Errorf("%q was refused: %q", given, seen.Texts)
			}
			continue // the network itself keeps such names away
		}
		files := b.next(before).Message.Files
		if len(files) != 1 || files[0].Name != want || files[0].Size != int64(len(content)) && files[0].Size != -1 {
			b.Errorf("%q came as %+v, want the name %q", given, files, want)
			continue
		}
		open, err := fetcher.Fetch(b.Context(), files[0])
		if err != nil {
			b.Errorf("Fetch: %v", err)
			continue
		}
		got, err := io.ReadAll(open)
		if closeErr := open.Close(); err != nil || closeErr != nil || !bytes.Equal(got, content) {
			b.Errorf("%q has %d bytes, want %d (%v, %v)", given, len(got), len(content), err, closeErr)
		}
	}
	if _, err := fetcher.Fetch(b.Context(), chat.File{ID: "no-such-file", Name: "x"}); err == nil {
		b.Error("a file that is not there could be fetched")
	}
	before := len(b.Told())
	for name, size := range map[string]int64{"empty": 0, "too large": b.p.Caps().FileMax + 1} {
		if size > 0 && b.p.Caps().FileMax == 0 {
			continue
		}
		seen := b.try(Act{Kind: Say, As: b.places.Requester, In: b.open(), Text: name, Files: []Upload{{Name: "f.bin", Content: make([]byte, size)}}})
		if !seen.Refused || strings.Join(seen.Texts, "") == "" {
			b.Errorf("a file that is %s: %+v, want to be told", name, seen)
		}
	}
	if n := len(b.Told()) - before; n != 0 {
		b.Errorf("%d events from files that were refused", n)
	}
}

func filesOut(b *probe) {
	content := []byte("the log of the printer")
	opened := 0
	file := chat.OutFile{Name: "../printer.log", Type: "text/plain", Size: int64(len(content)), Open: func(context.Context) (io.ReadCloser, error) {
		opened++
		return io.NopCloser(bytes.NewReader(content)), nil
	}}
	post := chat.Post{Key: "file", To: b.to(b.places.Open), Text: "see this", Files: []chat.OutFile{file}}
	ref := b.send(post)
	if again := b.send(post); again != ref {
		b.Errorf("sent again it is %+v, first %+v", again, ref)
	}
	all := b.shown(b.places.Agent, b.open())
	i := slices.IndexFunc(all, func(m Shown) bool { return m.Ref == ref })
	if i < 0 || !slices.Equal(all[i].Files, []string{"printer.log"}) {
		b.Errorf("shown %+v", all)
	}
	if opened == 0 {
		b.Error("the file was never read")
	}
	broken := file
	broken.Open = func(context.Context) (io.ReadCloser, error) { return nil, io.ErrUnexpectedEOF }
	_, err := b.p.Send(b.Context(), chat.Post{Key: "broken", To: b.to(b.places.Open), Text: "broken", Files: []chat.OutFile{broken}})
	if e := b.sendError(err); e.Gone || e.Refused != "" {
		b.Errorf("a file that can't be read now: %v, want to try again", e)
	}
}
