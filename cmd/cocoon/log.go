package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// logFile is a file that gets the lines of a level and above.
type logFile struct {
	level zerolog.Level
	path  string
}

// logFiles are the values of --log-file: LEVEL:PATH.
type logFiles []logFile

// String implements flag.Value.
func (l *logFiles) String() string { return "" }

// Set implements flag.Value.
func (l *logFiles) Set(text string) error {
	name, path, ok := strings.Cut(text, ":")
	if !ok || path == "" {
		return fmt.Errorf("%q must be LEVEL:PATH", text)
	}
	level, err := logLevel(name)
	if err != nil {
		return err
	}
	*l = append(*l, logFile{level, path})
	return nil
}

// newLogger logs for people on a terminal, and as JSON for machines; also to others.
func newLogger(o *options, w io.Writer, others ...io.Writer) (zerolog.Logger, error) {
	return newLoggerWith(o, nil, w, others...)
}

// newLoggerWith is newLogger with files, which stay open as long as the process lives.
func newLoggerWith(o *options, files logFiles, w io.Writer, others ...io.Writer) (zerolog.Logger, error) {
	level, err := logLevel(o.verbose)
	if err != nil {
		return zerolog.Logger{}, err
	}
	least := level
	if !o.logJSON {
		f, ok := w.(*os.File)
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.TimeOnly, NoColor: !ok || !isTerminal(f), FormatPrepare: withUnits}
	}
	var all []io.Writer
	at := func(level zerolog.Level, w io.Writer) {
		all = append(all, &zerolog.FilteredLevelWriter{Writer: zerolog.LevelWriterAdapter{Writer: w}, Level: level})
		least = min(least, level)
	}
	for _, w := range append([]io.Writer{w}, others...) {
		at(level, w)
	}
	for _, file := range files {
		f, err := os.OpenFile(file.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			return zerolog.Logger{}, fmt.Errorf("the log file cannot be opened: %w", err)
		}
		at(file.level, zerolog.ConsoleWriter{Out: f, TimeFormat: time.DateTime, NoColor: true, FormatPrepare: withUnits})
	}
	return zerolog.New(zerolog.MultiLevelWriter(all...)).Level(least).With().Timestamp().Logger(), nil
}

// withUnits writes how long something took as people do: 1.2s.
func withUnits(event map[string]any) error {
	if n, ok := event["took"].(json.Number); ok {
		if ms, err := n.Float64(); err == nil {
			event["took"] = time.Duration(ms * float64(time.Millisecond)).Round(time.Millisecond).String()
		}
	}
	return nil
}

// logLevel reads ComfyUI's names of levels.
func logLevel(name string) (zerolog.Level, error) {
	switch strings.ToUpper(name) {
	case "DEBUG":
		return zerolog.DebugLevel, nil
	case "DETAIL", "INFO": // Compat: DETAIL stands between; nothing is logged there
		return zerolog.InfoLevel, nil
	case "WARNING":
		return zerolog.WarnLevel, nil
	case "ERROR":
		return zerolog.ErrorLevel, nil
	case "CRITICAL":
		return zerolog.FatalLevel, nil
	}
	return 0, fmt.Errorf("--verbose is %q; it must be DEBUG, DETAIL, INFO, WARNING, ERROR or CRITICAL", name)
}

// isTerminal reports whether somebody looks at f.
func isTerminal(f *os.File) bool {
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}
