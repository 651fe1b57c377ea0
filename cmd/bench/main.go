// Command bench measures a Balie from outside, as people who use its chat: whole lives of tickets at once, how long the
// chat takes to answer and to show, the queue of a helpdesk with a million tickets, what it costs in memory and time to
// start, and the same people in Slack, on Discord and on a Mattermost server, each of which is then taken down under them. It
// prints each figure beside its target; a target that was missed is no error, a step that failed is one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// settings are what the flags say.
type settings struct {
	engine   string
	people   int
	warm     time.Duration
	measured time.Duration
	sizes    []int
	dir      string
	only     string
	profile  string
	outage   time.Duration
	think    time.Duration
	clicks   int    // interactions on Discord over which memory must not grow
	mongo    string // URI
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string) (settings, error) {
	s := settings{mongo: os.Getenv("MONGODB_URI"), clicks: 100_000}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&s.engine, "engine", "sqlite", "where tickets are kept: sqlite, or mongo on the server that MONGODB_URI names")
	f.IntVar(&s.people, "people", 64, "how many people act at once; half as many on a Mattermost server")
	f.DurationVar(&s.warm, "warm", 3*time.Second, "how long they act before it counts")
	f.DurationVar(&s.measured, "time", 20*time.Second, "how long they act then")
	f.StringVar(&s.dir, "dir", "", "folder for the data, on the disk to measure (default: a temporary one)")
	f.StringVar(&s.only, "only", "", "one part: lives, queue, slack, discord or mattermost (default: all; on mongo lives and queue)")
	f.DurationVar(&s.think, "think", time.Second, "what people in Slack, on Discord and on Mattermost take between two steps, on average; 0s for nothing")
	f.DurationVar(&s.outage, "outage", 10*time.Minute, "how long Slack, Discord's gateway and then the Mattermost server are down under them")
	f.StringVar(&s.profile, "cpuprofile", "", "write a CPU profile of a server within this process to the file, and measure nothing else")
	sizes := f.String("sizes", "", "how many tickets to view the queue with (default: 1000,10000,100000,1000000; on mongo up to 10000)")
	quick := f.Bool("quick", false, "less of everything, to see within minutes that it works")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	list := *sizes
	switch {
	case list != "":
	case s.engine == "mongo":
		list = "1000,10000"
	case *quick:
		list = "1000,10000,50000"
	default:
		list = "1000,10000,100000,1000000"
	}
	if *quick {
		s.warm, s.measured, s.outage, s.clicks = time.Second, min(s.measured, 5*time.Second), min(s.outage, 10*time.Second), 5_000
	}
	for size := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(size)
		if err != nil || n < 10*queueLength || len(s.sizes) > 0 && n <= s.sizes[len(s.sizes)-1] {
			return s, fmt.Errorf("-sizes: growing numbers of at least %d, not %q", 10*queueLength, list)
		}
		s.sizes = append(s.sizes, n)
	}
	switch {
	case s.engine != "sqlite" && s.engine != "mongo":
		return s, fmt.Errorf("-engine: sqlite or mongo, not %q", s.engine)
	case s.engine == "mongo" && s.mongo == "":
		return s, errors.New("-engine mongo: set MONGODB_URI")
	case s.people < 1 || s.people > 999:
		return s, errors.New("-people: 1 to 999")
	case !slices.Contains([]string{"", "lives", "queue", "slack", "discord", "mattermost"}, s.only):
		return s, fmt.Errorf("-only: lives, queue, slack, discord or mattermost, not %q", s.only)
	case s.outage < time.Second:
		return s, errors.New("-outage: a second or more")
	case f.NArg() > 0:
		return s, fmt.Errorf("unexpected %q", f.Arg(0))
	}
	return s, nil
}

// bench is a run of everything.
type bench struct {
	settings
	report
	program *program
}

func run(ctx context.Context, s settings) (err error) {
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "balie-bench-"); err != nil {
			return fmt.Errorf("make a folder: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(s.dir)) }()
	}
	b := &bench{settings: s, report: report{out: os.Stdout}}
	if s.profile != "" {
		return b.profileInside(ctx)
	}
	fmt.Fprintf(b.out, "Balie's benchmark: %s, %d people, %s; %d processors, %s\n", s.engine, s.people, s.measured, runtime.NumCPU(), runtime.Version())
	if b.program, err = build(ctx, s.dir); err != nil {
		return err
	}
	b.program.log = os.Stderr
	if s.engine == "mongo" {
		b.program.mongo = s.mongo
	}
	if err := b.binary(ctx); err != nil {
		return err
	}
	if s.only == "" || s.only == "lives" {
		if err := b.lives(ctx); err != nil {
			return err
		}
	}
	if s.only == "" || s.only == "queue" {
		if err := b.sizesOf(ctx); err != nil {
			return err
		}
	}
	if s.only == "" && s.engine == "sqlite" || s.only == "slack" {
		if err := b.slack(ctx); err != nil {
			return err
		}
	}
	if s.only == "" && s.engine == "sqlite" || s.only == "discord" {
		if err := b.discord(ctx); err != nil {
			return err
		}
	}
	if s.only == "" && s.engine == "sqlite" || s.only == "mattermost" {
		if err := b.mattermost(ctx); err != nil {
			return err
		}
	}
	if err := b.end(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(b.out, "\n%d targets reached, %d missed\n", b.pass, b.missed)
	return err
}

func (b *bench) binary(ctx context.Context) error {
	if err := b.program.inspect(ctx); err != nil {
		return err
	}
	b.begin("The binary", "what\tfigure\ttarget\t")
	b.judge("size", mb(b.program.size), "< 60 MB", b.program.size < 60<<20)
	b.judge("cgo", strconv.FormatBool(b.program.cgo), "false", !b.program.cgo)
	return b.end()
}

// place is a new place for a server's data.
func (b *bench) place(name string) (place, error) {
	dir, err := os.MkdirTemp(b.dir, name+"-")
	if err != nil {
		return place{}, fmt.Errorf("make a folder: %w", err)
	}
	return place{dir: dir, database: "balie_bench_" + filepath.Base(dir)}, nil
}
