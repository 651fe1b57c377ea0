package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// busy is for how long the machine's processors worked since it started, all together.
func busy() (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, fmt.Errorf("read what the machine does: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line)
	const idle, waiting, last, tick = 4, 5, 8, 10 * time.Millisecond // behind the first field, which says cpu
	var total time.Duration
	for i := 1; i <= last && i < len(fields); i++ {
		if i == idle || i == waiting {
			continue
		}
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read what the machine does: %w", err)
		}
		total += time.Duration(n) * tick
	}
	return total, nil
}
