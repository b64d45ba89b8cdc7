package spec

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
)

// Op is what an operation takes and gives, in lines. What stands behind # explains a line.
type Op struct {
	Path    string // name: T, where T is not string
	Query   string // name: T or name?: T
	Headers string // the same
	Body    string // a media type and what it holds: json T, form T, bytes
	Answers string // a status, then a media type and what it holds, or neither
}

// media are the media types by their short names.
var media = map[string]string{
	"json": "application/json", "form": "multipart/form-data", "bytes": "application/octet-stream", "text": "text/plain",
	"html": "text/html", "events": "text/event-stream", "image": "image/*", "file": "*/*",
}

// lines splits notation into lines, each with its explanation. A line whose brackets are open goes on in the next.
func lines(text string, each func(line, words string) error) error {
	whole := ""
	for line := range strings.SplitSeq(text, "\n") {
		line, words, _ := strings.Cut(line, "#")
		whole = strings.TrimSpace(whole + " " + strings.TrimSpace(line))
		if whole == "" || strings.Count(whole, "{")+strings.Count(whole, "[") > strings.Count(whole, "}")+strings.Count(whole, "]") {
			continue
		}
		if err := each(whole, strings.TrimSpace(words)); err != nil {
			return err
		}
		whole = ""
	}
	if whole != "" {
		return fmt.Errorf("%q has an open bracket", whole)
	}
	return nil
}

// Write adds the operation to an OpenAPI operation object. names are the parameters of its path.
func (o Op) Write(to *doc.Object, names []string) error {
	parameters, err := o.parameters(names)
	if err != nil {
		return err
	}
	to.Set("parameters", parameters)
	content := &doc.Object{}
	err = lines(o.Body, func(line, words string) error {
		kind, m, err := holding(line, words)
		content.Set(kind, m)
		return err
	})
	if err != nil {
		return err
	}
	if content.Len() > 0 {
		to.Set("requestBody", doc.Of("content", content, "required", true))
	}
	answers := &doc.Object{}
	err = lines(o.Answers, func(line, words string) error { return addAnswer(answers, line, words) })
	to.Set("responses", answers)
	return err
}

func (o Op) parameters(names []string) ([]any, error) {
	list := []any{}
	types := map[string]any{}
	err := lines(o.Path, func(line, words string) error {
		name, s, _, err := parameter(line)
		types[name] = s
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		s, ok := types[n]
		if !ok {
			s = doc.Of("type", "string")
		}
		list = append(list, doc.Of("name", n, "in", "path", "required", true, "schema", s))
	}
	for _, place := range []struct{ in, text string }{{"query", o.Query}, {"header", o.Headers}} {
		err := lines(place.text, func(line, words string) error {
			name, s, optional, err := parameter(line)
			one := doc.Of("name", name, "in", place.in, "required", !optional, "schema", s)
			if words != "" {
				one.Set("description", words)
			}
			list = append(list, one)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// parameter reads name: T or name?: T.
func parameter(line string) (name string, schema *doc.Object, optional bool, err error) {
	name, text, ok := strings.Cut(line, ":")
	if !ok {
		return "", nil, false, fmt.Errorf("parameter %q: want a name, a colon and a type", line)
	}
	name, optional = strings.CutSuffix(name, "?")
	schema, err = Schema(text)
	return name, schema, optional, err
}

// holding reads a media type and what it holds.
func holding(line, words string) (kind string, content *doc.Object, err error) {
	short, text, _ := strings.Cut(line, " ")
	kind, ok := media[short]
	if !ok {
		return "", nil, fmt.Errorf("%q: there is no media type %q", line, short)
	}
	content = &doc.Object{}
	if text = strings.TrimSpace(text); text != "" {
		s, err := Schema(text)
		if err != nil {
			return "", nil, err
		}
		content.Set("schema", s)
	}
	if words != "" {
		content.Set("x-description", words)
	}
	return kind, content, nil
}

// addAnswer reads a status, with a media type and what it holds. A status that stands twice has two media types.
func addAnswer(to *doc.Object, line, words string) error {
	status, rest, _ := strings.Cut(line, " ")
	v, _ := to.Get(status)
	answer, ok := v.(*doc.Object)
	if n, err := strconv.Atoi(status); err == nil && words == "" {
		words = http.StatusText(n) + "."
	}
	if !ok {
		answer = doc.Of("description", words)
		to.Set(status, answer)
	}
	if rest = strings.TrimSpace(rest); rest == "" {
		return nil
	}
	kind, m, err := holding(rest, "")
	if err != nil {
		return err
	}
	v, _ = answer.Get("content")
	content, ok := v.(*doc.Object)
	if !ok {
		content = &doc.Object{}
		answer.Set("content", content)
	}
	content.Set(kind, m)
	return nil
}
