package main

import (
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/sirupsen/logrus"

	"balie/internal/config"
)

// newLog writes to w: text for people at a terminal, JSON for programs, unless LOG_FORMAT says which.
func newLog(c config.Config, w io.Writer) *logrus.Logger {
	log := logrus.New()
	log.SetOutput(w)
	if level, err := logrus.ParseLevel(c.LogLevel); err == nil { // config has checked it
		log.SetLevel(level)
	}
	text := c.LogFormat == "text"
	if f, ok := w.(*os.File); ok && c.LogFormat == "" {
		text = isatty.IsTerminal(f.Fd())
	}
	if text {
		log.SetFormatter(&logrus.TextFormatter{FullTimestamp: true, TimestampFormat: time.TimeOnly})
	} else {
		log.SetFormatter(&logrus.JSONFormatter{TimestampFormat: time.RFC3339Nano})
	}
	return log
}
