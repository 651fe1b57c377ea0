package background_test

import (
	"testing"
	"testing/synctest"
	"time"

	"balie/adapters/background"
)

func TestGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g background.Group
		began, done := time.Now(), 0
		for n := range 3 {
			g.Do(func() { time.Sleep(time.Duration(n+1) * time.Minute) })
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("somebody waited %s for what goes on by itself", took)
		}
		g.Wait()
		if took := time.Since(began); took != 3*time.Minute {
			t.Errorf("it was over after %s", took)
		}
		g.Do(func() {
			time.Sleep(time.Minute)
			done++
		})
		if done != 1 {
			t.Error("what comes afterwards is not done before Do returns")
		}
		g.Wait()
	})
}
