package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/testpack"
	"github.com/cocoonhq/cocoon/internal/testpack/wasmpack"
)

// guestNodes tells whether --test-nodes asks for the test nodes as extensions: "wasm" builds them, "wasm:FOLDER" takes the
// modules of the folder and keeps their compiled code there.
func (o *options) guestNodes() (dir string, yes bool) {
	kind, dir, _ := strings.Cut(o.testNodes, ":")
	return dir, kind == "wasm"
}

// builtInTestNodes are the test nodes without the sandbox; nil where they are not asked for. "go:600" has 600 more that do nothing.
func (o *options) builtInTestNodes() []node.Node {
	if _, guests := o.guestNodes(); guests || o.testNodes == "" {
		return nil
	}
	_, more, _ := strings.Cut(o.testNodes, ":")
	n, _ := strconv.Atoi(more) // none without a number
	return slices.Concat(testpack.Golden(), testpack.Upstream(), testpack.Loops(), testpack.Fill(max(0, n)))
}

// codeDir is where compiled code is kept: beside the extensions, unless those are of a test.
func (o *options) codeDir() string {
	if dir, yes := o.guestNodes(); yes && dir != "" {
		return filepath.Join(dir, "code")
	}
	return extCode(o.extensions)
}

// addTestNodes adds what --test-nodes asks for besides nodes that are built in.
func (a *app) addTestNodes(ctx context.Context, o *options) error {
	dir, guests := o.guestNodes()
	switch {
	case o.testNodes == "":
		return nil
	case !guests:
		for _, r := range testpack.GoldenReplacements() {
			a.registry.Replace(r)
		}
		return nil
	case a.sandbox == nil:
		return errors.New("--test-nodes=wasm needs extensions, which --disable-extensions turns off")
	}
	return wasmpack.Load(ctx, a.sandbox, dir)
}
