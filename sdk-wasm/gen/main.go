// Command gen writes what the SDKs of C, Rust and AssemblyScript take from abi/cocoon1.json: the imports of the host's
// functions and the contract's numbers. It runs in sdk-wasm.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
)

// contract is as much of cocoon1.json as guests need.
type contract struct {
	Name         string
	Major, Minor int
	Errno        []named
	Ops          []named
	Tags         []named
	Kinds        []named
	DTypes       []named
	TensorOps    []named `json:"tensor_ops"`
	Limits       []named
	Features     []named
	Structs      []layout
	Modules      []group
}

type named struct {
	Name  string
	Since int // minor version
	Value int64
	Doc   string
}

type layout struct {
	Name   string
	Since  int
	Size   int
	Doc    string
	Fields []field
}

type field struct {
	Name, Type string
	Count, At  int
	Doc        string
}

type group struct {
	Name, Doc string
	Functions []function
}

type function struct {
	Name   string
	Since  int
	Params [][2]string
	Result string
	Doc    string
}

// list is one of the contract's lists of numbers, as all languages get it.
type list struct {
	prefix string
	doc    string
	items  []named
}

func (c *contract) lists() []list {
	return []list{
		{"", "What a host function returns instead of a result.", c.Errno},
		{"OP", "What cocoon_call is asked to do.", c.Ops},
		{"TAG", "Tags of values that CBOR has no form for.", c.Tags},
		{"KIND", "Kinds of handles.", c.Kinds},
		{"DTYPE", "DTypes of tensors.", c.DTypes},
		{"T", "Ops of a graph.", c.TensorOps},
		{"MAX", "Limits of messages and calls.", c.Limits},
		{"FEATURE", "What feature probes for.", c.Features},
	}
}

func main() {
	log.SetFlags(0)
	data, err := os.ReadFile("abi/cocoon1.json")
	if err != nil {
		log.Fatal(err)
	}
	var c contract
	if err := json.Unmarshal(data, &c); err != nil {
		log.Fatalf("cocoon1.json: %v", err)
	}
	c.date()
	write("rust/src/bind.rs", rust(&c))
	write("as/bind.ts", assemblyScript(&c))
	header, err := os.ReadFile("c/cocoon.h")
	if err != nil {
		log.Fatal(err)
	}
	text, err := between(string(header), cBegin, cEnd, headerPart(&c))
	if err != nil {
		log.Fatalf("c/cocoon.h: %v", err)
	}
	write("c/cocoon.h", text)
}

// date adds to the words of what came after 1.0 since when it is there.
func (c *contract) date() {
	add := func(doc *string, since int) {
		if since > 0 {
			*doc = strings.TrimSpace(fmt.Sprintf("%s Since %d.%d.", *doc, c.Major, since))
		}
	}
	for _, l := range c.lists() {
		for i := range l.items {
			add(&l.items[i].Doc, l.items[i].Since)
		}
	}
	for i := range c.Structs {
		add(&c.Structs[i].Doc, c.Structs[i].Since)
	}
	for _, g := range c.Modules {
		for i := range g.Functions {
			add(&g.Functions[i].Doc, g.Functions[i].Since)
		}
	}
}

func write(path, text string) {
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
}

// between replaces what stands between two lines.
func between(text, begin, end, with string) (string, error) {
	head, rest, ok := strings.Cut(text, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", fmt.Errorf("the marks of the generated part are missing")
	}
	return head + begin + with + end + tail, nil
}

// name joins a prefix and a name of the contract.
func name(prefix, s string) string {
	if prefix == "MAX" {
		s = strings.TrimPrefix(s, "MAX_")
	}
	s = strings.ToUpper(s)
	if prefix == "" {
		return s
	}
	return prefix + "_" + s
}

// ending is a comment behind a line, if there is something to say.
func ending(doc string) string {
	if doc == "" {
		return ""
	}
	return " // " + doc
}
