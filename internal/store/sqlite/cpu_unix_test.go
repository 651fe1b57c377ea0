//go:build unix

package sqlite_test

import (
	"syscall"
	"testing"
	"time"
)

// cpu is the processor time used so far by this process.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
