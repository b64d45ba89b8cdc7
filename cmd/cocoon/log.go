package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// newLogger logs for people on a terminal, and as JSON for machines; also to others.
func newLogger(o *options, w io.Writer, others ...io.Writer) (zerolog.Logger, error) {
	level, err := logLevel(o.verbose)
	if err != nil {
		return zerolog.Logger{}, err
	}
	if !o.logJSON {
		f, ok := w.(*os.File)
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.TimeOnly, NoColor: !ok || !isTerminal(f)}
	}
	return zerolog.New(zerolog.MultiLevelWriter(append([]io.Writer{w}, others...)...)).Level(level).With().Timestamp().Logger(), nil
}

// logLevel reads ComfyUI's names of levels.
func logLevel(name string) (zerolog.Level, error) {
	switch strings.ToUpper(name) {
	case "DEBUG":
		return zerolog.DebugLevel, nil
	case "INFO":
		return zerolog.InfoLevel, nil
	case "WARNING":
		return zerolog.WarnLevel, nil
	case "ERROR":
		return zerolog.ErrorLevel, nil
	case "CRITICAL":
		return zerolog.FatalLevel, nil
	}
	return 0, fmt.Errorf("--verbose is %q; it must be DEBUG, INFO, WARNING, ERROR or CRITICAL", name)
}

// isTerminal reports whether somebody looks at f.
func isTerminal(f *os.File) bool {
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}
