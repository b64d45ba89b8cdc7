package main

import (
	stdlog "log"
	"strings"

	"github.com/rs/zerolog"
)

// httpLog puts what the library's server has to say into the log. What a client did wrong before it sent a request is no news: ports
// are scanned all day.
type httpLog struct{ log zerolog.Logger }

// Write is one line.
func (h httpLog) Write(b []byte) (int, error) {
	text := strings.TrimPrefix(strings.TrimSpace(string(b)), "http: ")
	level := zerolog.WarnLevel
	if strings.HasPrefix(text, "TLS handshake error") {
		level = zerolog.DebugLevel
	}
	h.log.WithLevel(level).Str("reason", text).Msg("a connection failed")
	return len(b), nil
}

// newHTTPLog is the logger that the library's server takes.
func newHTTPLog(log *zerolog.Logger) *stdlog.Logger { return stdlog.New(httpLog{*log}, "", 0) }
