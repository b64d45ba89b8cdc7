// Command gen writes what the SDKs of C, Rust and AssemblyScript take from abi/cocoon1.json: the imports of the host's
// functions and the contract's numbers. It runs in sdk-wasm.
package main

import (
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi/idl"
)

// list is one of the contract's lists of numbers, as all languages get it.
type list struct {
	prefix string
	doc    string
	items  []idl.Named
}

func lists(c *idl.Contract) []list {
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
	c, err := idl.Read("abi/cocoon1.json")
	if err != nil {
		log.Fatal(err)
	}
	write("rust/src/bind.rs", rust(c))
	write("as/bind.ts", assemblyScript(c))
	header, err := os.ReadFile("c/cocoon.h")
	if err != nil {
		log.Fatal(err)
	}
	text, err := between(string(header), cBegin, cEnd, headerPart(c))
	if err != nil {
		log.Fatalf("c/cocoon.h: %v", err)
	}
	write("c/cocoon.h", text)
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
