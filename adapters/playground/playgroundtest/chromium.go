package playgroundtest

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// Do is chromedp.Do, with each action on an element done again if the page put another element in its place meanwhile.
func Do(ctx context.Context, actions ...chromedp.Action[chromedp.Void]) error {
	for _, a := range actions {
		err := chromedp.Do(ctx, a)
		for err != nil && ctx.Err() == nil && strings.Contains(err.Error(), "ode with given id") {
			err = chromedp.Do(ctx, a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Chromium starts a headless Chromium, which ends with the test. Each window is a context made of the one that it gives
// by chromedp.NewContext. Without a Chromium on the PATH the test is skipped, and says what was not tested.
func Chromium(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("NOT TESTED: there is no Chromium on the PATH, so nobody looked at the page")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1280, 850))
	alloc, cancelAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Logf("end the browser: %v", err)
		}
		cancel()
		cancelAlloc()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	return ctx
}
