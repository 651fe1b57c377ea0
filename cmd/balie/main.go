// Command balie is the helpdesk: the server, and what admins need around it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	_ "time/tzdata" // the image has no time zones of its own

	"github.com/alecthomas/kong"
	"github.com/sirupsen/logrus"

	"balie/internal/config"
)

// The exit codes of failures and of commands that can't be understood.
const (
	exitFailure = 1
	exitUsage   = 2
)

type commands struct {
	Demo    demoCommand    `cmd:"" help:"Try Balie in the browser. Needs nothing: no settings, no database, no chat network."`
	Serve   serveCommand   `cmd:"" help:"Run the helpdesk, as the environment and the policy say."`
	Check   checkCommand   `cmd:"" help:"Check a policy file: every mistake with its place, warnings, and what it says."`
	Doctor  doctorCommand  `cmd:"" help:"Look whether everything is in place to serve, and say what to do about what is not."`
	Export  exportCommand  `cmd:"" help:"Write the whole helpdesk into one file: the backup."`
	Import  importCommand  `cmd:"" help:"Put an exported helpdesk into an empty store."`
	Migrate migrateCommand `cmd:"" help:"Copy the helpdesk from one store into another, empty one."`
	Version versionCommand `cmd:"" help:"Print the version."`

	Discord    discordCommand    `cmd:"" help:"Print the link that adds the bot to a Discord server: balie discord invite."`
	Mattermost mattermostCommand `cmd:"" help:"Prepare a Mattermost server for Balie: balie mattermost setup."`
	Slack      slackCommand      `cmd:"" help:"Print what Slack makes Balie's app from: balie slack manifest."`
}

// surroundings are what a command may use of the process.
type surroundings struct {
	ctx     context.Context // ends when the process is told to stop
	environ []string
	out     io.Writer
	err     io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal stops gracefully; then they have their usual effect again, so that a second one stops at once.
	context.AfterFunc(ctx, stop)
	code := run(os.Args[1:], surroundings{ctx: ctx, environ: os.Environ(), out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}

// run does what the arguments say and gives the exit code. With --help it prints and exits by itself.
func run(args []string, with surroundings) int {
	var c commands
	parser, err := kong.New(&c, kong.Name("balie"), kong.Writers(with.out, with.err),
		kong.Description("Balie is a helpdesk that lives in team chat."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}))
	if err != nil {
		panic(err) // the grammar is part of the program
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		with.sayf("balie: %v; see balie --help", err)
		return exitUsage
	}
	err = parsed.Run(with)
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		with.sayf("balie: %v; see %s --help", err, parsed.Selected().FullPath())
		return exitUsage
	}
	with.sayf("balie: %v", err)
	return exitFailure
}

// usageError is a wrong combination of arguments.
type usageError struct{ error }

// sayf prints a line for people on standard error. There is nobody left to tell if that fails.
func (s surroundings) sayf(format string, args ...any) {
	_, _ = fmt.Fprintf(s.err, format+"\n", args...)
}

// printf prints a line of the command's result.
func (s surroundings) printf(format string, args ...any) error {
	if _, err := fmt.Fprintf(s.out, format+"\n", args...); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// envFile holds settings that the process's own environment does not have.
const envFile = ".env"

// load reads the environment, with the settings given over it, and makes the log that it asks for.
func (s surroundings) load(over ...string) (config.Config, *logrus.Logger, error) {
	c, warnings, err := config.Load(append(s.environ[:len(s.environ):len(s.environ)], over...), envFile)
	for _, w := range warnings {
		s.sayf("balie: warning: %s", w)
	}
	if err == nil {
		return c, newLog(c, s.err), nil
	}
	if wrong, ok := errors.AsType[*config.Error](err); ok && wrong.Error() == err.Error() {
		fromFlag := func(kv string) bool { return strings.HasPrefix(kv, wrong.Name+"=") }
		if slices.ContainsFunc(over, fromFlag) {
			return c, nil, usageError{err}
		}
		return c, nil, err
	}
	return c, nil, fmt.Errorf("the settings can't be used:\n%w", err) // several lines, one a mistake
}
