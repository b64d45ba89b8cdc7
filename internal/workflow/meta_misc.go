package workflow

import (
	"bytes"
	"math"
	"strings"
)

// Elements of EBML that lead to tags.
const (
	ebmlSegment   = 0x18538067
	ebmlTags      = 0x1254c367
	ebmlTag       = 0x7373
	ebmlSimpleTag = 0x67c8
	ebmlTagName   = 0x45a3
	ebmlTagString = 0x4487
)

// readWebM reads the tags of a WebM file; prompt and workflow are JSON, the others text.
func readWebM(data []byte) map[string]entry {
	m := map[string]entry{}
	if !bytes.HasPrefix(data, []byte("\x1aE\xdf\xa3")) {
		return m
	}
	budget := maxBoxes
	walkEBML(m, data, &budget, 0)
	return m
}

func walkEBML(m map[string]entry, data []byte, budget *int, depth int) {
	for len(data) > 0 && *budget > 0 && depth < 8 {
		*budget--
		id, body, rest, ok := element(data)
		if !ok {
			return
		}
		data = rest
		switch id {
		case ebmlSegment, ebmlTags, ebmlTag:
			walkEBML(m, body, budget, depth+1)
		case ebmlSimpleTag:
			simpleTag(m, body)
		}
	}
}

func simpleTag(m map[string]entry, data []byte) {
	var name, value string
	for range 16 {
		id, body, rest, ok := element(data)
		if !ok {
			break
		}
		data = rest
		switch id {
		case ebmlTagName:
			name = strings.ToLower(strings.TrimRight(text(body), "\x00"))
		case ebmlTagString:
			value = strings.TrimRight(text(body), "\x00")
		}
	}
	switch {
	case name == "" || len(m) >= maxEntries:
	case name == "prompt" || name == "workflow":
		parsedEntry(m, name, value)
	default:
		m[name] = entry{text: value}
	}
}

// element splits off an EBML element. One of unknown size takes all that follows.
func element(data []byte) (id uint64, body, rest []byte, ok bool) {
	id, data, ok = vint(data, 4, false)
	if !ok {
		return 0, nil, nil, false
	}
	size, data, ok := vint(data, 8, true)
	if !ok {
		return 0, nil, nil, false
	}
	n := min(size, uint64(len(data)))
	return id, data[:n], data[n:], true
}

// vint reads a number whose first byte tells its length. strip takes that mark off; all ones then mean unknown.
func vint(data []byte, most int, strip bool) (v uint64, rest []byte, ok bool) {
	if len(data) == 0 || data[0] == 0 {
		return 0, nil, false
	}
	n := 1
	for data[0]&(0x80>>(n-1)) == 0 {
		n++
	}
	if n > most || n > len(data) {
		return 0, nil, false
	}
	v = uint64(data[0])
	if strip {
		v &= 1<<(8-n) - 1
	}
	for _, b := range data[1:n] {
		v = v<<8 | uint64(b)
	}
	if strip && v == 1<<(7*n)-1 {
		v = math.MaxUint64
	}
	return v, data[n:], true
}

// readGLB reads asset.extras of a binary glTF.
func readGLB(data []byte) map[string]entry {
	m := map[string]entry{}
	if len(data) < 20 || string(data[:4]) != "glTF" || string(data[16:20]) != "JSON" {
		return m
	}
	r := &reader{data: data[12:], ok: true}
	n := int(r.number(4, true))
	r.take(4)
	v, err := parseJSON(text(bytes.TrimRight(r.take(n), "\x00 ")), true)
	root, ok := v.(*object)
	if err != nil || !ok {
		return m
	}
	extras := root.object("asset").object("extras")
	for _, key := range []string{"workflow", "prompt"} {
		parsedValue(m, key, extras.get(key))
	}
	return m
}

// readSafetensors reads __metadata__ of the header.
func readSafetensors(data []byte) map[string]entry {
	m := map[string]entry{}
	r := &reader{data: data, ok: true}
	header := r.take(r.size(8, true))
	v, err := parseJSON(text(header), true)
	root, ok := v.(*object)
	if err != nil || !ok {
		return m
	}
	meta := root.object("__metadata__")
	if meta == nil {
		return m
	}
	for _, key := range meta.keys {
		if s, ok := meta.vals[key].(string); ok && len(m) < maxEntries {
			m[key] = entry{text: s}
		}
	}
	return m
}

// readJSON tells templates, a prompt and a workflow apart.
func readJSON(data []byte) map[string]entry {
	m := map[string]entry{}
	s := text(bytes.TrimPrefix(data, []byte(bom)))
	v, err := parseJSON(s, true)
	if err != nil {
		return m
	}
	o, isObject := v.(*object)
	key := "workflow"
	switch {
	case isObject && o.truthy("templates"):
		key, v = "templates", o.get("templates")
	case isObject && allClassed(o):
		key = "prompt"
	}
	parsedValue(m, key, v)
	return m
}

// allClassed reports whether every value has a class_type; an empty object counts.
func allClassed(o *object) bool {
	for _, k := range o.keys {
		if !o.object(k).truthy("class_type") {
			return false
		}
	}
	return true
}
