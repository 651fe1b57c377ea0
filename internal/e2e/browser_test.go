package e2e

import (
	"bytes"
	"context"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"balie/adapters/playground/playgroundtest"
)

var pictures = flag.String("browser.pictures", "", "folder for pictures of the story")

// window is one person's window of a headless Chromium.
type window struct {
	*testing.T
	ctx context.Context
}

// open opens the page as somebody, at a channel.
func open(t *testing.T, browser context.Context, url, person, channel string) window {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	w := window{t, ctx}
	if err := chromedp.Do(ctx); err != nil { // the window lives as long as the context that it is made with
		t.Fatalf("open a window: %v", err)
	}
	w.do(chromedp.Navigate(url + "/playground/?as=" + person + "#" + channel))
	w.sees(`html[data-ready]`)
	return w
}

func (w window) do(actions ...chromedp.Action[chromedp.Void]) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 30*time.Second)
	defer cancel()
	if err := playgroundtest.Do(ctx, actions...); err != nil {
		w.picture("failed")
		w.Fatalf("in the browser: %v", err)
	}
}

func (w window) sees(selector string) {
	w.Helper()
	w.do(chromedp.WaitVisible(chromedp.CSS(selector)))
}

func (w window) clicks(selectors ...string) {
	w.Helper()
	for _, s := range selectors {
		w.do(chromedp.Click(chromedp.CSS(s)))
	}
}

func (w window) types(selector, keys string) {
	w.Helper()
	w.do(chromedp.SendKeys(chromedp.CSS(selector), keys))
}

// picks waits until a select offers the value, and chooses it, at once as a person does: the form may be shown anew meanwhile.
func (w window) picks(field, value string) {
	w.Helper()
	w.until(`(() => {
		const select = document.querySelector('#field-` + field + `');
		if (![...(select?.options ?? [])].some((o) => o.value === '` + value + `')) return false;
		select.value = '` + value + `';
		select.dispatchEvent(new Event('change', {bubbles: true}));
		return true;
	})()`)
}

// until waits until the expression is true in the page.
func (w window) until(js string) {
	w.Helper()
	if _, err := chromedp.Run(w.ctx, chromedp.Poll[bool](js, chromedp.WithPollingTimeout(30*time.Second))); err != nil {
		w.picture("failed")
		w.Fatalf("in the browser, waited in vain for %s: %v", js, err)
	}
}

// reads waits until what stands at the selector has the text.
func (w window) reads(selector, text string) {
	w.Helper()
	w.until(`[...document.querySelectorAll(` + strconv.Quote(selector) + `)].some((n) => n.textContent.includes(` + strconv.Quote(text) + `))`)
}

func (w window) picture(name string) {
	w.Helper()
	if *pictures == "" {
		return
	}
	ctx, cancel := context.WithTimeout(w.ctx, 10*time.Second)
	defer cancel()
	shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(*pictures, name+".png"), shot, 0o600)
	}
	if err != nil {
		w.Error(err)
	}
}

// TestBrowserStory lives the main part of a ticket's life in a browser, against the built program.
func TestBrowserStory(t *testing.T) {
	browser := playgroundtest.Chromium(t)
	s := crashNewServer(t)
	s.start()
	ana := open(t, browser, s.url(), "ana", "general")

	// Ana asks, forgets a field, and does not have to type anything twice.
	ana.types("#composer-text", "/ticket printer on floor 3 is broken"+kb.Enter)
	ana.until(`document.querySelector('#field-summary')?.value === 'printer on floor 3 is broken'`)
	ana.types("#field-description", "It eats paper.")
	ana.picks("type", "incident")
	ana.picks("category", "hardware")
	ana.sees("#field-device")
	ana.picks("device", "printer")
	ana.picks("problem", "jam")
	ana.picks("priority", "high")
	shot := filepath.Join(t.TempDir(), "screenshot.png")
	if err := os.WriteFile(shot, pictureFile(t), 0o600); err != nil {
		t.Fatal(err)
	}
	ana.do(chromedp.SetUploadFiles(chromedp.CSS("#field-files"), []string{shot}))
	ana.sees("[data-field=files] .chips li:not(.busy)")
	ana.clicks("#form-submit")
	ana.reads("#error-location", "Please fill this in.")
	ana.until(`document.querySelector('#field-description').value === 'It eats paper.' && document.activeElement.id === 'field-location'`)
	ana.picture("1-error")
	ana.types("#field-location", "Room 3.14")
	ana.clicks("#form-submit")
	ana.reads("[data-private]", "HD-00001")
	ana.picture("2-number")

	// Bram and Carla claim it; one of them wins, both see who.
	bram, carla := open(t, browser, s.url(), "bram", "ict-triage"), open(t, browser, s.url(), "carla", "ict-triage")
	for _, w := range []window{bram, carla} {
		w.reads(".card", "HD-00001 · printer on floor 3 is broken")
	}
	bram.clicks(`button[data-button="Claim"]`)
	for _, w := range []window{bram, carla} {
		w.reads(`[data-fact="Assignee"] dd`, "Bram de Wit")
	}

	// They talk: Reply reaches Ana, her answer reaches the card's thread, notes stay there.
	bram.clicks(`button[data-button="Reply"]`)
	bram.sees("#field-text")
	bram.types("#field-text", "Which tray?")
	bram.clicks("#form-submit")
	ana.clicks("#directs a")
	ana.sees("button[data-replies]")
	ana.clicks("button[data-replies]")
	ana.reads("#thread-messages", "Bram de Wit took this ticket.")
	ana.reads("#thread-messages", "Which tray?")
	ana.types("#thread-composer-text", "The lower one"+kb.Enter)
	bram.clicks("button[data-replies]")
	bram.reads("#thread-messages", "The lower one")
	bram.until(`document.querySelector('#thread-messages img[src*="files"]') !== null`)
	bram.types("#thread-composer-text", "She always says that"+kb.Enter)
	carla.clicks("button[data-replies]")
	carla.reads("#thread-messages", "She always says that")
	bram.picture("3-triage")

	// Resolved with a text, reopened by a reply, closed by Ana.
	carla.clicks(`#messages button[data-button="Resolve"]`)
	carla.sees("#field-text")
	carla.types("#field-text", "New rollers.")
	carla.clicks("#form-submit")
	ana.reads("#thread-messages", "New rollers.")
	ana.sees(`#thread-messages button[data-button="Reopen"]`)
	ana.picture("4-resolved")
	ana.types("#thread-composer-text", "It jams again"+kb.Enter)
	bram.reads("#thread-messages", "reopened this ticket")
	bram.reads(`#messages [data-fact="Status"] dd`, "In progress")
	ana.reads(`#messages [data-fact="Status"] dd`, "In progress")
	ana.clicks(`#messages button[data-button="Close"]`)
	ana.sees("#field-text")
	ana.clicks("#form-submit")
	for _, w := range []window{ana, bram, carla} {
		w.reads(`#messages [data-fact="Status"] dd`, "Closed")
	}
	ana.until(`!document.body.textContent.includes('She always says that')`)
	ana.picture("5-closed")

	if lines := s.log.failures(); len(lines) > 0 {
		t.Errorf("logged as errors:\n%s", strings.Join(lines, "\n"))
	}
}

// pictureFile is a small picture.
func pictureFile(t *testing.T) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 64, 40))
	for i := range 64 * 40 {
		img.Set(i%64, i/64, color.RGBA{R: uint8(4 * (i % 64)), G: uint8(6 * (i / 64)), B: 160, A: 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
