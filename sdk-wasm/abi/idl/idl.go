// Package idl reads the contract, cocoon1.json, for the programs that generate what follows from it.
package idl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Contract is the whole file.
type Contract struct {
	Name         string
	Major, Minor int
	Doc          string
	Errno        []Named
	Ops          []Named
	Tags         []Named
	Kinds        []Named
	DTypes       []Named
	TensorOps    []Named `json:"tensor_ops"`
	Limits       []Named
	Structs      []Layout
	Exports      []Export
	Modules      []Group
	Features     []Named
}

// Named is a number with a name. Since is the minor version that brought it, of whatever has it.
type Named struct {
	Name  string
	Since int
	Value int64
	Doc   string
}

// Layout is a flat struct of Size bytes.
type Layout struct {
	Name   string
	Since  int
	Size   int
	Doc    string
	Fields []Field
}

// Field is a field of a Layout, At bytes from its start; Count is of an array, 0 for none.
type Field struct {
	Name, Type string
	Count, At  int
	Doc        string
}

// Export is what a guest exports.
type Export struct {
	Name, Sig, Doc string
	Since          int
}

// Group is an import module: the functions of one Capability, "" for what all guests have.
type Group struct {
	Name, Group, Capability, Doc string
	Functions                    []Function
}

// Function is a host function. A parameter is its name and its type; Result is "" for none.
type Function struct {
	Name   string
	Since  int
	Params [][2]string
	Result string
	Doc    string
}

// Read reads the contract. To the words of what came after 1.0 it adds since when that is there, and it holds the contract's
// version to the newest of it.
func Read(path string) (*Contract, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var c Contract
	if err := d.Decode(&c); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if newest := c.date(); c.Minor != newest {
		return nil, fmt.Errorf("%s: the minor version is %d, and the newest thing is since %d", path, c.Minor, newest)
	}
	return &c, nil
}

func (c *Contract) date() (newest int) {
	add := func(doc *string, since int) {
		if newest = max(newest, since); since > 0 {
			*doc = strings.TrimSpace(fmt.Sprintf("%s Since %d.%d.", *doc, c.Major, since))
		}
	}
	for _, list := range [][]Named{c.Errno, c.Ops, c.Tags, c.Kinds, c.DTypes, c.TensorOps, c.Limits, c.Features} {
		for i := range list {
			add(&list[i].Doc, list[i].Since)
		}
	}
	for i := range c.Structs {
		add(&c.Structs[i].Doc, c.Structs[i].Since)
	}
	for i := range c.Exports {
		add(&c.Exports[i].Doc, c.Exports[i].Since)
	}
	for _, g := range c.Modules {
		for i := range g.Functions {
			add(&g.Functions[i].Doc, g.Functions[i].Since)
		}
	}
	return newest
}
