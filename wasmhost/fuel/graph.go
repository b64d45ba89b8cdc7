package fuel

import "github.com/cocoonhq/cocoon/wasmhost/wasm"

// graph finds the direct calls that close a cycle. Every cycle of calls has one of them or an indirect call.
func (w *rewriter) graph() error {
	n := len(w.m.Bodies)
	edges := make([][]uint32, n)
	first := uint32(len(w.m.Imports))
	var code wasm.Code
	var in wasm.Instr
	var seen = map[uint32]int{} // callee -> last caller
	for i, b := range w.m.Bodies {
		code.Open(b)
		for code.More() {
			if err := code.Next(&in); err != nil {
				return err
			}
			if in.Op != wasm.Call || in.A < first {
				continue
			}
			if last, ok := seen[in.A]; ok && last == i {
				continue
			}
			seen[in.A] = i
			edges[i] = append(edges[i], in.A-first)
		}
	}
	w.back = backEdges(edges, first)
	return nil
}

// backEdges walks the graph depth first; an edge to a node that is still open closes a cycle.
func backEdges(edges [][]uint32, first uint32) map[uint64]bool {
	const (
		fresh = iota
		open
		done
	)
	type visit struct {
		node uint32
		next int
	}
	state := make([]byte, len(edges))
	back := map[uint64]bool{}
	var path []visit
	for root := range edges {
		if state[root] != fresh {
			continue
		}
		path = append(path[:0], visit{node: uint32(root)})
		state[root] = open
		for len(path) > 0 {
			v := &path[len(path)-1]
			if v.next == len(edges[v.node]) {
				state[v.node] = done
				path = path[:len(path)-1]
				continue
			}
			to := edges[v.node][v.next]
			v.next++
			switch state[to] {
			case fresh:
				state[to] = open
				path = append(path, visit{node: to})
			case open:
				back[uint64(v.node+first)<<32|uint64(to+first)] = true
			}
		}
	}
	return back
}
