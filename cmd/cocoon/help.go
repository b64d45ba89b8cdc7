package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// flagOutput is where a command's usage goes: help that was asked for to the standard output, and what corrects a mistake to the
// standard error.
type flagOutput struct {
	std    streams
	wanted bool
}

// Write writes to one of the two.
func (o *flagOutput) Write(b []byte) (int, error) {
	if o.wanted {
		return o.std.out.Write(b)
	}
	return o.std.err.Write(b)
}

// newFlags makes a flag set of a command. Its usage ends with the flags only where somebody asked for help.
func newFlags(name, usage string, std streams) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	out := &flagOutput{std: std}
	f.SetOutput(out)
	f.Usage = func() {
		fmt.Fprintln(out, usage)
		if out.wanted {
			printFlags(out, f)
		} else {
			fmt.Fprintf(out, "\n\"cocoon %s --help\" lists the flags.\n", name)
		}
	}
	return f
}

// askedFor reports whether arguments ask for help, and lets it go to the standard output then.
func askedFor(f *flag.FlagSet, args []string) {
	for _, a := range args {
		if a == "--" {
			return
		}
		if o, ok := f.Output().(*flagOutput); ok && slices.Contains([]string{"-h", "-help", "--help", "--h"}, a) {
			o.wanted = true
		}
	}
}

// themes are the headings of flags, in order, with the flags below each.
func themes() []struct{ title, flags string } {
	return []struct{ title, flags string }{
		{"Where to listen, and for whom", "listen port tls-certfile tls-keyfile allow-host enable-cors-header max-upload-size multi-user dont-print-server"},
		{"Tenants", "auth tenant-disk tenant-jobs tenant-sockets"},
		{"Folders", "base-directory models-directory extra-model-paths-config output-directory input-directory temp-directory user-directory"},
		{"Computing", "threads cpu cache-ram cache-lru cache-classic cache-none preview-method preview-size disable-metadata durability drain"},
		{"Extensions", "extensions-directory disable-extensions extension-isolation extension-keys allow-unsigned barred-extensions extension-secrets"},
		{"The page", "front-end-version front-end-root offline feature-flag list-feature-flags enable-compress-response-body"},
		{"The log", "verbose log-json log-stdout log-file"},
		{"Besides", "enable-assets enable-asset-hashing webhook"},
	}
}

// printFlags lists the flags of a set, under headings where there are many.
func printFlags(w io.Writer, f *flag.FlagSet) {
	left := map[string]*flag.Flag{}
	f.VisitAll(func(fl *flag.Flag) {
		if !strings.HasPrefix(fl.Usage, "hidden") {
			left[fl.Name] = fl
		}
	})
	list := func(title string, names []string) {
		if len(names) == 0 {
			return
		}
		fmt.Fprintf(w, "\n%s:\n", title)
		for _, n := range names {
			printFlag(w, left[n])
		}
	}
	const few = 12
	all := themes()
	if len(left) <= few {
		all = nil
	}
	themed := map[string]bool{}
	for _, t := range all {
		for _, n := range strings.Fields(t.flags) {
			themed[n] = true
		}
	}
	var own []string // those of the command alone come first
	for n := range left {
		if !themed[n] {
			own = append(own, n)
		}
	}
	slices.Sort(own)
	list("Flags", own)
	for _, t := range all {
		if computes(f.Name()) || t.title == "Folders" {
			list(t.title, slices.DeleteFunc(strings.Fields(t.flags), func(n string) bool { return left[n] == nil }))
		}
	}
}

// computes reports whether a command makes pictures: only there the flags that say how are of interest.
func computes(command string) bool { return command == "serve" || command == "run" }

// The columns of a list of flags.
const (
	flagColumn  = 36
	flagColumns = 116
)

// printFlag writes a flag and what it means, in two columns.
func printFlag(w io.Writer, fl *flag.Flag) {
	arg, text := flag.UnquoteUsage(fl)
	if d := fl.DefValue; d != "" && d != "false" && d != "0" && d != "true" && !strings.Contains(text, "default") {
		text += " (default " + d + ")"
	}
	head := strings.TrimRight("  --"+fl.Name+" "+cmp.Or(arg, ""), " ")
	if utf8.RuneCountInString(head) >= flagColumn {
		fmt.Fprintln(w, head)
		head = ""
	}
	for _, line := range wrapped(text, flagColumns-flagColumn) {
		fmt.Fprintf(w, "%-*s%s\n", flagColumn, head, line)
		head = ""
	}
}

// wrapped cuts a text into lines between words.
func wrapped(text string, columns int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > columns {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
