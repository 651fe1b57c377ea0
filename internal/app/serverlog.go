package app

import (
	"log"
	"strings"

	"github.com/sirupsen/logrus"
)

// newServerLog takes what the HTTP server has to say: nearly always clients that misbehave, so at the debug level.
func newServerLog(to *logrus.Logger) *log.Logger {
	return log.New(serverLog{to}, "", 0)
}

type serverLog struct{ to *logrus.Logger }

func (l serverLog) Write(line []byte) (int, error) {
	l.to.WithField("from", "http").Debug(strings.TrimSpace(string(line)))
	return len(line), nil
}
