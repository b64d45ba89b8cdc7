package main

import (
	"bytes"
	"testing"

	"github.com/rs/zerolog"
)

// What the library logs has the form of our log, and scans of the port are for those alone who look closely.
func TestHTTPLog(t *testing.T) {
	for _, row := range []struct {
		name, text string
		level      zerolog.Level // of the log
		want       string
	}{
		{"a failing accept", "http: Accept error: too many open files; retrying in 5ms", zerolog.InfoLevel,
			`{"level":"warn","reason":"Accept error: too many open files; retrying in 5ms","message":"a connection failed"}` + "\n"},
		{"a scan", "http: TLS handshake error from 1.2.3.4:5: EOF", zerolog.InfoLevel, ""},
		{"a scan, looked at closely", "http: TLS handshake error from 1.2.3.4:5: EOF", zerolog.DebugLevel,
			`{"level":"debug","reason":"TLS handshake error from 1.2.3.4:5: EOF","message":"a connection failed"}` + "\n"},
	} {
		var out bytes.Buffer
		log := zerolog.New(&out).Level(row.level)
		newHTTPLog(&log).Print(row.text)
		if out.String() != row.want {
			t.Errorf("%s: %q, want %q", row.name, out.String(), row.want)
		}
	}
}
