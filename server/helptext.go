package server

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
)

// What a page of help may have in a line, so that no renderer goes deep or far.
const (
	maxHelpIndent = 64
	maxHelpRun    = 32 // of the same mark one behind the other, and of quotes in quotes
)

var (
	helpFence = regexp.MustCompile("^```[A-Za-z0-9_+-]{0,20}[ \t]*$")
	helpQuote = regexp.MustCompile(`^[ \t]*(>[ \t]*)+`)
	helpRuns  = regexp.MustCompile("\\[{33,}|\\*{33,}|_{33,}|~{33,}|`{33,}|\\({33,}|!{33,}|#{33,}")
	// helpTitle is the title of a link or a picture.
	helpTitle = regexp.MustCompile(`(\]\([^()\s"]+)[ \t]+"[^"\n]*"[ \t]*\)`)
	// helpPicture is a picture that lies beside the page.
	helpPicture = regexp.MustCompile(`!\[[^\[\]\n"]*\]\((?:\./)?[\pL\pN_-][\pL\pN_.-]*(?:/[\pL\pN_-][\pL\pN_.-]*)*\.(?i:png|jpe?g|webp|avif|gif|svg)\)`)
)

// apart keeps two characters from meaning something together. Nobody sees it.
const apart = "\u200b"

// inertMarkdown makes a page of help do nothing but be read, whatever stands in it. Clients render Markdown with HTML in it:
// elements that lie over the whole page, forms that go elsewhere, pictures that tell other servers who reads. What stays are
// the text, its marks, links that open in a tab, and pictures that lie beside the page.
//
// Compat: the official client writes the alternative texts, titles and addresses of pictures and links into attributes as they
// are, so that a quotation mark in one would start an attribute of its own: there are none left outside of code.
func inertMarkdown(page []byte) []byte {
	text := strings.ToValidUTF8(string(bytes.TrimPrefix(page, []byte("\ufeff"))), "\ufffd")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	text = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, text)
	var out strings.Builder
	state, before := inText, ""
	for line := range strings.SplitAfterSeq(text, "\n") {
		was := state
		if strings.Contains(line, "```") || strings.Contains(line, "~~~") {
			state = state.at(strings.TrimSuffix(line, "\n"), before)
		}
		switch {
		case was == inCode && state == inCode:
			out.WriteString(tagOpens.ReplaceAllStringFunc(line, func(tag string) string { return "<" + apart + tag[1:] }))
		case was != state && state != unsure:
			out.WriteString(line) // a fence
		default:
			out.WriteString(inertLine(line))
		}
		before = line
	}
	return []byte(out.String())
}

// helpState is where a line stands.
type helpState int

const (
	inText helpState = iota
	inCode
	unsure // whether it is code: for the rest of the page it is taken for text
)

// at gives the state behind a line with a fence. Only such fences count of which every renderer makes the same.
func (s helpState) at(line, before string) helpState {
	switch {
	case s == inText && helpFence.MatchString(line) && mayStart(before):
		return inCode
	case s == inCode && strings.TrimRight(line, " ") == "```":
		return inText
	}
	return unsure
}

// mayStart reports whether what follows a line at the margin belongs to nothing before it: an empty line, or plain text.
func mayStart(before string) bool {
	t := strings.TrimSpace(before)
	if t == "" {
		return true
	}
	c := []rune(before)[0]
	return unicode.IsLetter(c) || c == '#'
}

func inertLine(line string) string {
	body := strings.TrimLeft(line, " \t")
	if indent := len(line) - len(body); indent > maxHelpIndent {
		line = line[:maxHelpIndent] + body
	}
	if quotes := helpQuote.FindString(line); strings.Count(quotes, ">") > maxHelpRun {
		line = strings.Repeat("> ", maxHelpRun) + line[len(quotes):]
	}
	line = helpRuns.ReplaceAllStringFunc(line, func(run string) string { return run[:maxHelpRun] })
	line = helpTitle.ReplaceAllString(line, "$1)")
	line = pictureParts(line)
	line = strings.ReplaceAll(line, "]:", "]"+apart+":") // a title of a definition may go over many lines
	line = curled(line)
	return tagOpens.ReplaceAllStringFunc(line, func(tag string) string { return "&lt;" + tag[1:] })
}

// pictureParts lets pictures be links that do not lie beside the page.
func pictureParts(line string) string {
	var out strings.Builder
	at := 0
	for _, m := range helpPicture.FindAllStringIndex(line, -1) {
		out.WriteString(strings.ReplaceAll(line[at:m[0]], "![", "!"+apart+"["))
		out.WriteString(line[m[0]:m[1]])
		at = m[1]
	}
	out.WriteString(strings.ReplaceAll(line[at:], "![", "!"+apart+"["))
	return out.String()
}

// curled writes quotation marks as printers do.
func curled(line string) string {
	if !strings.Contains(line, `"`) {
		return line
	}
	var out strings.Builder
	opens := true
	for _, r := range line {
		switch {
		case r == '"' && opens:
			out.WriteRune('“')
		case r == '"':
			out.WriteRune('”')
		default:
			out.WriteRune(r)
		}
		opens = unicode.IsSpace(r) || strings.ContainsRune("([{`*_", r)
	}
	return out.String()
}
