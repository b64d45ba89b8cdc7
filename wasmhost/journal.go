package wasmhost

import (
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Line is a line of an extension's log.
type Line struct {
	At    time.Time `json:"at"`
	Level string    `json:"level"`
	Text  string    `json:"text"`
}

// journalLines is how many lines of an extension's log are kept.
const journalLines = 200

// lineBytes is the most of a line that is kept.
const lineBytes = 2000

// journal keeps the last lines that an extension wrote.
type journal struct {
	mu    sync.Mutex
	lines []Line
}

func (j *journal) add(level zerolog.Level, text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.lines) >= journalLines {
		j.lines = append(j.lines[:0], j.lines[1:]...)
	}
	j.lines = append(j.lines, Line{time.Now(), level.String(), seen(cut(text, lineBytes))})
}

func (j *journal) all() []Line {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]Line(nil), j.lines...)
}
