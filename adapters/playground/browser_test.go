package playground_test

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"balie/adapters/playground/playgroundtest"
	"balie/internal/chat"
)

var shots = flag.String("shots", "", "folder for pictures of the page")

// browser is one window of a headless Chromium.
type browser struct {
	*testing.T
	ctx context.Context
}

// void is an action without a result.
type void = chromedp.Action[chromedp.Void]

// window opens the page as somebody. Whatever the page complains about fails the test, an answer that was refused apart.
func (w *world) window(parent context.Context, query string, with ...void) *browser {
	w.Helper()
	ctx, cancel := chromedp.NewContext(parent)
	b := &browser{T: w.T, ctx: ctx}
	messages := chromedp.Console(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.IsException() || m.Type == "error" && m.Source != "network" {
				w.Errorf("the page complained: %s", m)
			}
		}
	})
	w.Cleanup(func() { cancel(); watch.Wait() })
	b.do(with...)
	b.do(chromedp.Navigate(w.server.URL + "/playground/" + query))
	b.see("html[data-ready]")
	return b
}

func (b *browser) do(actions ...void) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	if err := playgroundtest.Do(ctx, actions...); err != nil {
		b.Fatalf("browser: %v\n%s", err, b.state())
	}
}

// state is what the page looks like when something went wrong.
func (b *browser) state() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	s, err := chromedp.Run(ctx, chromedp.Evaluate[string](`[location.href, document.body.className, document.activeElement.outerHTML.slice(0, 99), document.querySelector('#composer-text').value, document.body.innerText].join('\n')`))
	if err != nil {
		return "the page does not answer: " + err.Error()
	}
	return s
}

func (b *browser) see(selector string) {
	b.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(selector)))
}

func (b *browser) click(selectors ...string) {
	b.Helper()
	for _, s := range selectors {
		b.do(chromedp.Click(chromedp.CSS(s)))
	}
}

func (b *browser) keys(selector, keys string) {
	b.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(selector), keys))
}

// choose sets a select as a person would: focused, and with its event.
func (b *browser) choose(selector, value string) {
	b.Helper()
	b.eval(`(() => { const s = document.querySelector('` + selector + `'); s.focus(); s.value = '` + value +
		`'; s.dispatchEvent(new Event('change', {bubbles: true})); })()`)
}

func (b *browser) eval(js string) string {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	s, err := chromedp.Run(ctx, chromedp.Evaluate[string]("String("+js+")"))
	if err != nil {
		b.Fatalf("browser: %s: %v", js, err)
	}
	return s
}

// until waits until the expression is true in the page.
func (b *browser) until(js string) {
	b.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](js, chromedp.WithPollingTimeout(15*time.Second))); err != nil {
		b.Fatalf("browser: waited in vain: %s: %v", js, err)
	}
}

func (b *browser) shot(name string) {
	b.Helper()
	if *shots == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*shots, name+".png"), png, 0o600); err != nil {
		b.Fatal(err)
	}
}

func TestBrowserLivesATicket(t *testing.T) {
	parent := playgroundtest.Chromium(t)
	w := newWorld(t, nil, nil)
	w.run()
	newDesk(w)
	ana := w.window(parent, "?as=ana")
	ana.shot("1-start")

	// The command, its hints, and the form that it opens.
	ana.keys("#composer-text", "/ti")
	ana.see("#composer-hints .hint-row")
	ana.shot("2-hints")
	ana.keys("#composer-text", "cket printer on floor 3 is broken"+kb.Enter)
	ana.see("dialog#form #field-summary")
	if got := ana.eval(`document.querySelector('#field-summary').value`); got != "printer on floor 3 is broken" {
		t.Errorf("summary = %q", got)
	}
	ana.keys("#field-description", "It smokes.")
	ana.choose("#field-category", "hardware")
	ana.see("#field-asset")
	if got := ana.eval(`document.querySelector('#field-description').value + '|' + document.activeElement.id`); got != "It smokes.|field-category" {
		t.Errorf("after the refresh: %q", got)
	}
	picture := filepath.Join(t.TempDir(), "screenshot.png")
	if err := os.WriteFile(picture, screenshot(), 0o600); err != nil {
		t.Fatal(err)
	}
	ana.do(chromedp.SetUploadFiles(chromedp.CSS("#field-shot"), []string{picture}))
	ana.see("[data-field=shot] .chips li:not(.busy)")
	ana.click("#form-submit")
	ana.see("#error-asset")
	if got := ana.eval(`document.activeElement.id + '|' + document.querySelector('#field-asset').getAttribute('aria-invalid')`); got != "field-asset|true" {
		t.Errorf("at the error: %q", got)
	}
	ana.shot("3-form-error")
	ana.keys("#field-asset", "P-3")
	ana.click("#form-submit")
	ana.see("[data-private]")
	if got := ana.eval(`document.querySelector('[data-private] .text').textContent`); got != "Thank you, your ticket is HD-00001." {
		t.Errorf("private reply = %q", got)
	}
	ana.see("#directs .count")
	ana.shot("4-private")

	// An agent in another window; the menu and the button.
	carla := w.window(parent, "?as=carla#ict-triage")
	carla.see(`button[data-button="Claim"]`)
	carla.click(`button[data-button="Assign"]`)
	carla.see(`[role=menuitem][data-option=Carla]`)
	carla.shot("5-menu")
	carla.do(chromedp.KeyEvent(kb.Escape))
	bram := w.window(parent, "?as=bram#ict-triage")
	bram.click(`button[data-button="Claim"]`)
	for _, agent := range []*browser{bram, carla} { // both without reloading
		agent.until(`document.querySelector('[data-fact="Assignee"] dd').textContent === 'Bram de Wit'`)
	}

	// Ana reads it in her conversation, and answers in the thread.
	ana.click(`#directs a`)
	ana.see("button[data-replies]")
	ana.click("button[data-replies]")
	ana.until(`document.querySelector('#thread-messages').textContent.includes('Bram de Wit took your ticket.')`)
	ana.keys("#thread-composer-text", "It **still** smokes <b>really</b> [x](javascript:alert(1))"+kb.Enter)
	bram.see("button[data-replies]")
	bram.click("button[data-replies]")
	bram.until(`document.querySelector('#thread-messages').textContent.includes('It still smokes <b>really</b> [x](javascript:alert(1))')`)
	ana.shot("6-ana-thread")
	bram.shot("7-bram-thread")

	// Editing, a reaction, deleting: everybody sees it.
	mine := `#thread-messages article[data-from=ana]`
	ana.click(mine + " [data-tool=more]")
	ana.click(`[role=menuitem][data-option=edit]`)
	ana.keys(mine+" textarea", " Again"+kb.Enter)
	ana.until(`document.querySelector('` + mine + `').textContent.includes('(edited)')`)
	ana.click(mine+" [data-tool=more]", `[role=menuitem][data-option=react]`, `[role=menuitem][data-option=eyes]`)
	ana.see(mine + " .reaction.mine")
	ana.click(mine + " [data-tool=more]")
	ana.click(`[role=menuitem][data-option=delete]`)
	ana.click("#confirm-yes")
	ana.do(chromedp.WaitNotPresent(chromedp.CSS(mine)))

	// The chat made to fail: everybody is told that it is.
	bram.click("#faults-open")
	bram.do(chromedp.SetValue(chromedp.CSS("#fault-next"), "3"))
	bram.shot("8-faults")
	bram.click("#faults-save")
	ana.see("#fault-sign")
	if got := w.Faults().FailNext; got != 3 {
		t.Errorf("faults: %d to fail, want 3", got)
	}
}

func TestBrowserKeepsWhatWasTyped(t *testing.T) {
	parent := playgroundtest.Chromium(t)
	w := newWorld(t, nil, nil)
	newDesk(w)
	ana := w.window(parent, "?as=ana#general")
	w.content.SetAway(errAway)
	ana.keys("#composer-text", "can you hear me?"+kb.Enter)
	ana.see("#composer-error")
	if got := ana.eval(`document.querySelector('#composer-text').value`); got != "can you hear me?" {
		t.Errorf("the text became %q", got)
	}
	w.content.SetAway(nil)
	ana.click("#composer-send")
	ana.see("#messages article[data-from=ana]")
	ana.until(`document.querySelector('#composer-text').value === ''`)
	if n := len(w.events()); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
}

func TestBrowserKeepsAFormThatWasLeft(t *testing.T) {
	parent := playgroundtest.Chromium(t)
	w := newWorld(t, nil, nil)
	newDesk(w)
	ana := w.window(parent, "?as=ana")
	closed := func() []chat.Event {
		return slices.DeleteFunc(w.events(), func(e chat.Event) bool { return e.Submit == nil || !e.Submit.Closed })
	}
	for n, leave := range []func(){
		func() { ana.do(chromedp.KeyEvent(kb.Escape)) },
		func() { ana.click("#form-close") },
		func() { ana.do(chromedp.Reload()) },
	} {
		ana.see("html[data-ready]")
		ana.keys("#composer-text", "/ticket it is broken"+kb.Enter)
		ana.see("#field-description")
		ana.keys("#field-description", "since Monday")
		leave()
		w.until("the form is closed", func() bool { return len(closed()) == n+1 })
		if v := closed()[n].Submit.Values; v.Get("summary") != "it is broken" || v.Get("description") != "since Monday" {
			t.Errorf("closed with %v", v)
		}
	}
}

func TestBrowserOnAPhoneAndInTheDark(t *testing.T) {
	parent := playgroundtest.Chromium(t)
	w := newWorld(t, nil, nil)
	newDesk(w)
	if _, err := w.client.As("ana").Say(t.Context(), "general", "", "Good morning!\n\n- one\n- **two**\n\n> quoted\n\n```\ncode\n```\nhttps://example.org/page"); err != nil {
		t.Fatal(err)
	}
	phone := w.window(parent, "?as=ana", chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2), chromedp.EmulateTouch))
	phone.shot("phone-1-channel")
	if wide := phone.eval(`document.documentElement.scrollWidth`); wide != "390" {
		t.Errorf("the page is %s wide, want 390", wide)
	}
	open := func() {
		phone.click("#sidebar-open")
		phone.until(`document.querySelector('#sidebar').getBoundingClientRect().left === 0`)
	}
	open()
	phone.shot("phone-2-drawer")
	phone.click("#channels a[data-channel=general]")
	phone.until(`!document.body.classList.contains('drawer')`)
	phone.keys("#composer-text", "/ticket printer"+kb.Enter)
	phone.see("#field-category")
	phone.choose("#field-category", "access")
	phone.see("#field-until")
	phone.shot("phone-3-form")
	phone.click("#form-submit")
	phone.see("[data-private]")
	open()
	phone.click("#directs a")
	phone.see("#messages .card")
	phone.shot("phone-4-direct")

	dark := w.window(parent, "?as=bram#ict-triage")
	dark.do(scheme("dark"))
	dark.see("#messages .card")
	dark.shot("dark-1-triage")
	dark.click("#persona-button")
	dark.see("#people a[data-person=carla]")
	dark.shot("dark-2-people")
	if low := strings.TrimSpace(dark.eval(contrastJS)); low != "" {
		t.Errorf("too little contrast in the dark: %s", low)
	}
	dark.do(scheme("light"))
	if low := strings.TrimSpace(dark.eval(contrastJS)); low != "" {
		t.Errorf("too little contrast in the light: %s", low)
	}
}

// TestBrowserTextIsNeverMoreThanText renders hostile and ordinary texts with the page's own code.
func TestBrowserTextIsNeverMoreThanText(t *testing.T) {
	parent := playgroundtest.Chromium(t)
	b := newWorld(t, nil, nil).window(parent, "?as=ana")
	for text, want := range map[string]string{
		"**bold** *it* _it_ ~~no~~ `a*b*`":         "<p><strong>bold</strong> <em>it</em> <em>it</em> <s>no</s> <code>a*b*</code></p>",
		"2*3*4 snake_case_name a ** b":             "<p>2*3*4 snake_case_name a ** b</p>",
		"[x](javascript:alert(1))":                 "<p>[x](javascript:alert(1))</p>",
		"[x](JaVaScRiPt:alert(1)) [y](data:x,y)":   "<p>[x](JaVaScRiPt:alert(1)) [y](data:x,y)</p>",
		"<img src=x onerror=alert(1)> <!here>":     "<p>&lt;img src=x onerror=alert(1)&gt; &lt;!here&gt;</p>",
		"@channel @here":                           "<p>@channel @here</p>",
		"[**a**](https://example.org/?q=1&b=2)":    `<p><a href="https://example.org/?q=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow"><strong>a</strong></a></p>`,
		"see https://example.org/a.":               `<p>see <a href="https://example.org/a" target="_blank" rel="noopener noreferrer nofollow">https://example.org/a</a>.</p>`,
		"[https://good.org](https://example.org)":  `<p><a href="https://example.org/" target="_blank" rel="noopener noreferrer nofollow">https://good.org</a></p>`,
		"one\ntwo\n\n> q\n> r\n\n- a\n- b\n\n3. c": `<p>one<br>two</p><blockquote><p>q<br>r</p></blockquote><ul><li>a</li><li>b</li></ul><ol start="3"><li>c</li></ol>`,
		"```\n**x** <b>\n":                         "<pre><code>**x** &lt;b&gt;\n</code></pre>",
		`\*not it\* \[x\](y)`:                      "<p>*not it* [x](y)</p>",
		"":                                         "",
	} {
		if got := b.render(text); strings.ReplaceAll(got, ` dir="auto"`, "") != want {
			t.Errorf("%q\n got %s\nwant %s", text, got, want)
		}
	}
	// What is nearly Markdown, all over again, takes no time.
	for _, part := range []string{"**a ", "*a ", "[a](", "`a ", "~~a _b ", "https://", "> ", "\\"} {
		began := time.Now()
		b.render(strings.Repeat(part, 16_000/len(part)))
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%q many times took %s", part, took)
		}
	}
}

// render is the HTML that the page's Markdown makes of the text.
func (b *browser) render(text string) string {
	b.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		b.Fatal(err)
	}
	html, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`import('/playground/markdown.js').then(({ render }) => {
		const box = document.createElement('div'); box.append(...render(`+string(quoted)+`)); return box.innerHTML; })`, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("render %q: %v", text, err)
	}
	return html
}

func scheme(name string) void {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
		})
		return err
	})
}

// contrastJS lists the visible texts whose contrast with what is behind them is below 4.5.
const contrastJS = `(() => {
  const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return m.length > 3 ? m : [...m, 1]; };
  const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
  const lum = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
  const back = (n) => { const layers = []; for (; n; n = n.parentElement) layers.push(parse(getComputedStyle(n).backgroundColor)); return layers.reverse().reduce((under, c) => over(c, under), [255, 255, 255, 1]); };
  const bad = new Set();
  for (const n of document.querySelectorAll('body *')) {
    const own = [...n.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim());
    if (!own || !n.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || n.closest('.unseen, .skip, svg')) continue;
    const b = back(n), f = over(parse(getComputedStyle(n).color), b);
    const [hi, lo] = [lum(f), lum(b)].sort((x, y) => y - x);
    const ratio = (hi + .05) / (lo + .05);
    if (ratio < 4.5) bad.add(n.tagName + '.' + n.className + ' "' + n.textContent.trim().slice(0, 20) + '" ' + ratio.toFixed(2));
  }
  return [...bad].join('\n');
})()`
