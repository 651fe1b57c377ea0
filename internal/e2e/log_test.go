package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sirupsen/logrus"
)

// logLines collects what admins read in the log: warnings, and errors that nobody expected.
type logLines struct {
	mu               sync.Mutex
	warnings, errors []string
}

// Levels implements logrus.Hook.
func (l *logLines) Levels() []logrus.Level { return logrus.AllLevels[:logrus.WarnLevel+1] }

// Fire implements logrus.Hook.
func (l *logLines) Fire(entry *logrus.Entry) error {
	line, err := entry.String()
	l.mu.Lock()
	defer l.mu.Unlock()
	if entry.Level == logrus.WarnLevel {
		l.warnings = append(l.warnings, line)
	} else {
		l.errors = append(l.errors, line)
	}
	return err
}

// take gives the errors with all the parts, which nobody has to fear any more.
func (l *logLines) take(parts ...string) (taken []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.errors = slices.DeleteFunc(l.errors, func(line string) bool {
		if !contains(line, parts) {
			return false
		}
		taken = append(taken, line)
		return true
	})
	return taken
}

// warned are the warnings so far with all the parts.
func (l *logLines) warned(parts ...string) (all []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.warnings {
		if contains(line, parts) {
			all = append(all, line)
		}
	}
	return all
}

// warns waits, while time passes, until admins have read a warning with the parts, and fails if it was not exactly one.
func (w *world) warns(parts ...string) {
	w.Helper()
	w.hurried(func() error {
		if len(w.log.warned(parts...)) == 0 {
			return fmt.Errorf("nobody is warned of %q", parts)
		}
		return nil
	})
	w.warnedOnce(parts...)
}

// warnedOnce fails the test unless admins have read one warning with the parts.
func (w *world) warnedOnce(parts ...string) {
	w.Helper()
	if lines := w.log.warned(parts...); len(lines) != 1 {
		w.Errorf("%q is said %d times:\n%s", parts, len(lines), strings.Join(lines, ""))
	}
}

// times is an error unless there are so many lines.
func times(n int, lines []string) error {
	if len(lines) != n {
		return fmt.Errorf("%d lines, not %d: %q", len(lines), n, lines)
	}
	return nil
}
