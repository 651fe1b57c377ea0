package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"
)

// report prints figures as tables, each with its target, if it has one, and whether that was reached.
type report struct {
	out          io.Writer
	table        *tabwriter.Writer
	pass, missed int
}

// begin starts a table.
func (r *report) begin(title, columns string) {
	r.end()
	fmt.Fprintf(r.out, "\n%s\n", title)
	r.table = tabwriter.NewWriter(r.out, 0, 0, 2, ' ', tabwriter.DiscardEmptyColumns)
	r.row("  " + columns)
}

// row adds a line; columns are separated by tabs.
func (r *report) row(line string) { fmt.Fprintln(r.table, line) }

// figure adds a line with a figure that has no target.
func (r *report) figure(what, value string) { r.row("  " + what + "\t" + value) }

// judge adds a line with a figure and its target.
func (r *report) judge(what, value, target string, reached bool) {
	word := "PASS"
	if reached {
		r.pass++
	} else {
		word = "MISS"
		r.missed++
	}
	r.row("  " + what + "\t" + value + "\t" + target + "\t" + word)
}

// end prints the table.
func (r *report) end() error {
	if r.table == nil {
		return nil
	}
	err := r.table.Flush()
	r.table = nil
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// ms is a duration in milliseconds.
func ms(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 2, 64) + " ms"
}

// mb is a size in megabytes of 2^20 bytes.
func mb(bytes int64) string {
	return strconv.FormatFloat(float64(bytes)/(1<<20), 'f', 1, 64) + " MB"
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }
func ratio(v float64) string  { return strconv.FormatFloat(v, 'f', 2, 64) }
