package engine_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
)

type askedIn struct{ Value any }
type askedOut struct{ UI node.UI }

// askedNode shows its input and counts how often it is asked whether it changed.
func askedNode(asked *atomic.Int64) node.Node {
	return node.Def[askedIn, askedOut]{
		ID: "Asked", OutputNode: true,
		Ports: func(p *node.Ports, in *askedIn, out *askedOut) {
			node.Linked(p, "value", "*", &in.Value)
			node.Show(p, &out.UI)
		},
		Changed: func(context.Context, askedIn) (any, error) { return asked.Add(1), nil },
		Do: func(context.Context, askedIn) (askedOut, error) {
			return askedOut{node.UI{"text": {strconv.FormatInt(asked.Load(), 10)}}}, nil
		},
	}.Node()
}

// Nothing asks a node whether it changed where nothing is cached.
func TestNoCacheAsksNobody(t *testing.T) {
	for _, row := range []struct {
		name string
		kind engine.CacheKind
		want string
	}{{"ram", engine.CacheRAM, "1"}, {"classic", engine.CacheClassic, "1"}, {"lru", engine.CacheLRU, "1"}, {"none", engine.CacheNone, "0"}} {
		t.Run(row.name, func(t *testing.T) {
			var asked atomic.Int64
			b := start(t, func(c *engine.Config) {
				c.Cache = engine.CacheConfig{Kind: row.kind, Entries: 10}
			}, withNodes(t, askedNode(&asked)))
			r := b.run(`{"1":{"class_type":"GoldenConst","inputs":{"value":"1"}},"2":{"class_type":"Asked","inputs":{"value":["1",0]}}}`)
			r.want(t, "asked", r.text("2"), []string{row.want})
		})
	}
}
