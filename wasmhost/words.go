package wasmhost

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// words are what a call has written: lines that are not at their end yet, and what is to be told of its own account if it traps.
type words struct {
	line  []byte   // behind the last newline
	last  string   // the last line of level error
	dying []string // what a Go runtime wrote from the line on that says why it ends

	refused string // why the host last refused something
	at      int    // how many calls of the host there were then
	noted   string // the last refusal that is in the log
}

// Bounds of words.
const (
	maxLineBytes  = 2000
	maxDyingLines = 64
)

// print takes what a guest writes to its standard output or error, in pieces of any size, and logs it line by line.
func (c *call) print(b []byte) {
	b = b[:min(len(b), abi.MaxLogBytes-c.logBytes)]
	c.logBytes += len(b)
	for len(b) > 0 {
		w := &c.words
		i := bytes.IndexByte(b, '\n')
		n := min(len(b), maxLineBytes-len(w.line))
		if i >= 0 && i <= n {
			w.line, b = append(w.line, b[:i]...), b[i+1:]
		} else if w.line, b = append(w.line, b[:n]...), b[n:]; len(w.line) < maxLineBytes {
			return
		}
		c.endLine()
	}
}

// endLine logs what was printed since the last newline.
func (c *call) endLine() {
	line := seen(strings.ToValidUTF8(string(c.words.line), "\uFFFD"))
	if c.words.line = c.words.line[:0]; line == "" {
		return
	}
	level := zerolog.InfoLevel
	if len(c.words.dying) > 0 || strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
		if level = zerolog.ErrorLevel; len(c.words.dying) < maxDyingLines {
			c.words.dying = append(c.words.dying, line)
		}
	}
	c.write(level, line)
}

// write adds a line to the extension's log and to the server's.
func (c *call) write(at zerolog.Level, line string) {
	c.ext.journal.add(at, line)
	zerolog.Ctx(c).WithLevel(at).Str("extension", c.ext.Manifest.ID).Str("node_id", c.run.NodeID).Str("text", line).Msg("extension log")
}

// trapped is the error of a call that the engine ended: in the guest's own words where it left some, and with the names of the
// functions it was in where the module has them.
func (c *call) trapped(err error) error {
	text, stack := stackOf(err.Error())
	reason := text
	if own := c.words.reason(); own != "" {
		reason = own
	}
	var more strings.Builder
	if stack = withoutAbort(stack); len(stack) > 0 {
		if own := c.words.reason(); own == "" || strings.Contains(own, " at ~lib/") { // the place is not the author's
			fmt.Fprintf(&more, "\nin %s", strings.Join(stack[:min(len(stack), 3)], ", called by "))
		}
		c.ext.journal.add(zerolog.ErrorLevel, fmt.Sprintf("%s\nin %s", text, strings.Join(stack, "\ncalled by ")))
	}
	if c.slot != nil {
		if has, most := len(c.slot.Memory()), c.limits.MemoryPages*(mib/pagesPerMiB); has > most/8*7 {
			fmt.Fprintf(&more, "\nIt had %d MiB of the %d MiB of memory that it may have.%s", has/mib, most/mib, c.askFor("memory_mib"))
		}
	}
	return fault.New(fault.ExtensionFailed, "the extension trapped: %s%s", reason, more.String())
}

// askFor says how an author gets more for a node.
func (c *call) askFor(field string) string {
	if c.schema == nil {
		return ""
	}
	return fmt.Sprintf(" For more, its author writes limits.%s into manifest.json.", field)
}

// because adds to a guest's failure with an errno of the host's what the host has just said of it.
func (w *words) because(code int32, text string, hostCalls int) string {
	const near = 3 // calls of the host, with that of the failure
	if code > -3 || w.refused == "" || hostCalls-w.at > near || strings.Contains(text, w.refused) {
		return text
	}
	if text == "" {
		return w.refused
	}
	return text + "\n" + w.refused
}

// reason is why a guest ended itself: what a Go program's panic says, with its first place outside of the language and the SDK,
// or the last error that was logged, which is what the other SDKs do with theirs.
func (w *words) reason() string {
	if len(w.dying) == 0 {
		return w.last
	}
	text := w.dying[0]
	for i := 1; i+1 < len(w.dying); i++ {
		at, place := w.dying[i], strings.TrimSpace(w.dying[i+1])
		if w.dying[i+1] == place || !strings.Contains(at, "(") { // a place stands behind a tab
			continue
		}
		if f := at[:strings.LastIndexByte(at, '(')]; !ofRuntime(f) {
			place, _, _ = strings.Cut(place, " +0x")
			return fmt.Sprintf("%s (%s, %s)", text, f, place)
		}
	}
	return text
}

// ofRuntime reports whether a Go function is none of the extension's own.
func ofRuntime(f string) bool {
	return f == "panic" || strings.HasPrefix(f, "runtime.") || strings.HasPrefix(f, "github.com/cocoonhq/cocoon/sdk-wasm/")
}

// withoutAbort leaves out the functions with which AssemblyScript's library says that it ends.
func withoutAbort(stack []string) []string {
	for len(stack) > 1 && (strings.HasPrefix(stack[0], "~lib/") || strings.HasSuffix(stack[0], "/aborted")) {
		stack = stack[1:]
	}
	return stack
}

// stackOf takes an error of the engine apart: what happened, and the names of the functions in which it did, the innermost
// first. Functions without a name are left out.
func stackOf(text string) (what string, stack []string) {
	what, rest, _ := strings.Cut(text, "\nwasm stack trace:\n")
	for line := range strings.Lines(rest) {
		name, _, ok := strings.Cut(strings.TrimSpace(line), "(")
		if name = plainName(strings.TrimPrefix(seen(name), ".")); ok && name != "" && name[0] != '$' {
			stack = append(stack, name)
		}
	}
	return what, stack
}

// plainName is a function's name as its source has it: of Rust's older mangling the path without the hash, and of the newer one,
// which the standard library has, nothing.
func plainName(name string) string {
	rest, ok := strings.CutPrefix(name, "_ZN")
	if !ok {
		if strings.HasPrefix(name, "_R") {
			return ""
		}
		return name
	}
	var parts []string
	for rest != "" && rest[0] >= '0' && rest[0] <= '9' {
		n := 0
		for ; rest != "" && rest[0] >= '0' && rest[0] <= '9' && n < 1000; rest = rest[1:] {
			n = n*10 + int(rest[0]-'0')
		}
		if n == 0 || n > len(rest) {
			break
		}
		parts, rest = append(parts, rest[:n]), rest[n:]
	}
	if n := len(parts); n > 1 && len(parts[n-1]) == 17 && parts[n-1][0] == 'h' {
		parts = parts[:n-1]
	}
	return strings.Join(parts, "::")
}

// errnoWords says what an errno of the contract means; others stay numbers.
func errnoWords(code int32) string {
	words := map[int32]string{
		abi.EPERM: "EPERM: it was not granted", abi.ELIMIT: "ELIMIT: a budget or a quota is spent", abi.ETOOBIG: "ETOOBIG: a value is too big",
		abi.ENOENT: "ENOENT: there is no such thing", abi.ECONFLICT: "ECONFLICT: it was changed meanwhile", abi.ECANCEL: "ECANCEL: it was cancelled",
		abi.ETIMEOUT: "ETIMEOUT: nothing came in time", abi.EUNSUP: "EUNSUP: this server does not do that", abi.EIO: "EIO: the outside world failed",
		abi.EAGAIN: "EAGAIN: not now", abi.ENOMEM: "ENOMEM: there is no room in the memory",
	}[code]
	if words == "" {
		return strconv.Itoa(int(code))
	}
	return words
}
