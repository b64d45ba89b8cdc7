package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestLogTellsTimesWithUnits: people read 1.234s; machines get the number of milliseconds.
func TestLogTellsTimesWithUnits(t *testing.T) {
	for _, x := range []struct {
		json bool
		want string
	}{{false, "prompt done took=1.234s\n"}, {true, `"took":1234,`}} {
		var b bytes.Buffer
		log, err := newLogger(&options{verbose: "INFO", logJSON: x.json}, &b)
		if err != nil {
			t.Fatal(err)
		}
		log.Info().Dur("took", 1234*time.Millisecond).Msg("prompt done")
		if !strings.Contains(b.String(), x.want) {
			t.Errorf("%q, want %q", b.String(), x.want)
		}
	}
}
