package models

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// section is a named list of keys with text.
type section struct {
	name  string
	pairs []pair
}

type pair struct{ key, value string }

func (s *section) get(key string) (string, bool) {
	i := slices.IndexFunc(s.pairs, func(p pair) bool { return p.key == key })
	if i < 0 {
		return "", false
	}
	return s.pairs[i].value, true
}

// set adds a key; a later one of the same name takes an earlier one's place.
func (s *section) set(key, value string) {
	if i := slices.IndexFunc(s.pairs, func(p pair) bool { return p.key == key }); i >= 0 {
		s.pairs[i].value = value
		return
	}
	s.pairs = append(s.pairs, pair{key, value})
}

// parseSections reads the part of YAML that files of model paths use: two levels of keys, texts plain, quoted or as blocks (| and >),
// comments. Everything else is an error that names the line, so that nothing is misread in silence.
func parseSections(text string) ([]section, error) {
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
	p := yamlReader{lines: strings.Split(text, "\n")}
	for p.at < len(p.lines) {
		if err := p.line(); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.at+1, err)
		}
	}
	return p.sections, nil
}

type yamlReader struct {
	lines    []string
	at       int
	sections []section
	open     int // index of the section whose keys follow, from 1; 0 for none
	indent   int // of its keys; 0 until the first
}

// line reads one line and, where it begins a block, the block.
func (p *yamlReader) line() error {
	line := p.lines[p.at]
	body := strings.TrimLeft(line, " ")
	indent := len(line) - len(body)
	body = strings.TrimRight(body, " \t")
	switch {
	case body == "" || body[0] == '#' || indent == 0 && (body == "---" || body == "..."):
		p.at++
		return nil
	case body[0] == '\t':
		return fmt.Errorf("a tab indents it; YAML wants spaces")
	case strings.ContainsRune("-?&*!%@`{}[]|>", rune(body[0])):
		return fmt.Errorf("%q begins something else than a key", body[:1])
	}
	key, rest, err := splitKey(body)
	if err != nil {
		return err
	}
	if indent == 0 {
		return p.begin(key, rest)
	}
	if p.open == 0 || p.indent != 0 && indent != p.indent {
		return fmt.Errorf("%q is indented unlike the keys around it", key)
	}
	p.indent = indent
	value, err := p.value(rest, indent)
	if err != nil {
		return err
	}
	p.sections[p.open-1].set(key, value)
	return nil
}

// begin starts a section; one that stands there twice starts anew.
func (p *yamlReader) begin(key, rest string) error {
	if rest, _, _ = strings.Cut(rest, "#"); !slices.Contains([]string{"", "~", "null"}, strings.TrimSpace(rest)) {
		return fmt.Errorf("%q should be followed by indented folder keys, not by a text", key)
	}
	p.at++
	p.indent = 0
	if i := slices.IndexFunc(p.sections, func(s section) bool { return s.name == key }); i >= 0 {
		p.sections[i].pairs = nil
		p.open = i + 1
		return nil
	}
	p.sections = append(p.sections, section{name: key})
	p.open = len(p.sections)
	return nil
}

// splitKey cuts "key: rest" and takes the comment off rest.
func splitKey(body string) (key, rest string, err error) {
	if body[0] == '"' || body[0] == '\'' {
		end := strings.IndexByte(body[1:], body[0])
		if end < 0 || !strings.HasPrefix(body[end+2:], ":") {
			return "", "", fmt.Errorf("a quoted key without its end and a colon")
		}
		key, rest = body[1:end+1], body[end+3:]
	} else {
		i := strings.Index(body+" ", ": ")
		if i < 0 {
			return "", "", fmt.Errorf("%q is no key with a colon and a space behind it", body)
		}
		key, rest = strings.TrimRight(body[:i], " "), body[min(i+1, len(body)):]
	}
	if rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return "", "", fmt.Errorf("no space behind the colon of %q", key)
	}
	return key, strings.Trim(rest, " \t"), nil
}

// value reads what stands behind a key's colon.
func (p *yamlReader) value(rest string, indent int) (string, error) {
	switch {
	case rest == "" || rest[0] == '#':
		p.at++
		return "", nil
	case rest[0] == '|' || rest[0] == '>':
		return p.block(rest, indent)
	case rest[0] == '"' || rest[0] == '\'':
		v, err := quoted(rest)
		if err == nil {
			p.at++
		}
		return v, err
	case strings.ContainsRune("&*!%@`{}[]", rune(rest[0])):
		return "", fmt.Errorf("%q begins something else than a path; quote it", rest[:1])
	}
	if i := strings.Index(rest, " #"); i >= 0 {
		rest = strings.TrimRight(rest[:i], " \t")
	}
	p.at++
	if rest == "~" || rest == "null" {
		return "", nil
	}
	return rest, nil
}

func quoted(rest string) (string, error) {
	q := rest[0]
	for i := 1; i < len(rest); i++ {
		switch {
		case q == '"' && rest[i] == '\\':
			i++
		case rest[i] == q && q == '\'' && i+1 < len(rest) && rest[i+1] == q:
			i++
		case rest[i] == q:
			tail := strings.TrimLeft(rest[i+1:], " \t")
			if tail != "" && tail[0] != '#' {
				return "", fmt.Errorf("%q follows a quoted text", tail)
			}
			if q == '\'' {
				return strings.ReplaceAll(rest[1:i], "''", "'"), nil
			}
			v, err := strconv.Unquote(rest[:i+1])
			if err != nil {
				return "", fmt.Errorf("%s has an escape that is not known; write \\\\ for a backslash, or use single quotes", rest[:i+1])
			}
			return v, nil
		}
	}
	return "", fmt.Errorf("a quoted text without its end")
}

// block reads the lines below a key that are indented more than it. A literal block (|) keeps their ends, a folded one (>)
// makes spaces of them. Ends of the last lines are of no use to a list of paths and are dropped.
func (p *yamlReader) block(head string, indent int) (string, error) {
	mode, _, _ := strings.Cut(head, " #")
	if mode = strings.TrimSpace(mode); len(mode) > 2 || len(mode) == 2 && mode[1] != '-' && mode[1] != '+' {
		return "", fmt.Errorf("%q is no head of a block that is known", mode)
	}
	p.at++
	var out []string
	own := 0
	for ; p.at < len(p.lines); p.at++ {
		line := p.lines[p.at]
		body := strings.TrimLeft(line, " ")
		if body == "" {
			out = append(out, "")
			continue
		}
		depth := len(line) - len(body)
		if depth <= indent {
			break
		}
		if own == 0 {
			own = depth
		}
		if depth < own {
			return "", fmt.Errorf("indented less than the first line of its block")
		}
		out = append(out, line[own:])
	}
	sep := "\n"
	if mode[0] == '>' {
		sep = " "
	}
	return strings.TrimRight(strings.Join(out, sep), sep), nil
}
