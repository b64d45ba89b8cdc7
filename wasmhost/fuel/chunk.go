package fuel

import "github.com/cocoonhq/cocoon/wasmhost/wasm"

// cap64 is how many instructions a charge may cover beyond a conditional branch.
const cap64 = 64

// ins is a decoded instruction of the body at hand.
type ins struct {
	op         wasm.Op
	start, end int32
	a, b       uint32
}

// charge is paid before instruction at. A check also asks for more fuel when there is none.
type charge struct {
	at    int32
	cost  int64
	check bool
}

func cost(op wasm.Op) int64 {
	switch op {
	case wasm.Block, wasm.Loop, wasm.End, wasm.Else, 0x01:
		return 0
	case wasm.Call, wasm.ReturnCall:
		return 3
	case wasm.CallIndirect, wasm.ReturnCallIndirect:
		return 6
	case wasm.MemoryGrow:
		return 500
	case wasm.MemoryInit, wasm.MemoryCopy, wasm.MemoryFill, wasm.TableInit, wasm.TableCopy, wasm.TableFill:
		return 16
	}
	return 1
}

// place is where the walk stands: the charge that pays for the next instruction, the depth it was opened at, and whether a
// conditional branch lies between.
type place struct {
	charge int
	depth  int
	flowed bool
}

// planner divides a body into chunks.
type planner struct {
	charges []charge
	saved   []place // by frame
	now     place
}

func (p *planner) open(at int, check bool) {
	p.charges = append(p.charges, charge{at: int32(at), check: check})
	p.now = place{charge: len(p.charges) - 1, depth: len(p.saved)}
}

// plan gives the charges of a body, in order of their places.
func (p *planner) plan(body []ins) []charge {
	p.charges, p.saved = p.charges[:0], p.saved[:0]
	p.open(0, true)
	for i := range body {
		op := body[i].op
		if c := cost(op); c > 0 {
			if have := p.charges[p.now.charge].cost; p.now.flowed && have > 0 && have+c > cap64 {
				p.open(i, false)
			}
			p.charges[p.now.charge].cost += c
		}
		switch op {
		case wasm.Loop:
			p.saved = append(p.saved, p.now)
			p.open(i+1, true)
		case wasm.Block:
			p.saved = append(p.saved, p.now)
		case wasm.If:
			p.now.flowed = true
			p.saved = append(p.saved, p.now)
		case wasm.Else:
			p.now = p.saved[len(p.saved)-1]
		case wasm.End:
			p.leave()
		case wasm.Br, wasm.BrIf, wasm.BrTable, wasm.Return, wasm.Unreachable:
			p.now.flowed = true
		}
	}
	return p.charges
}

// leave ends a frame: a charge that was opened inside pays for nothing behind it; the one before the frame does.
func (p *planner) leave() {
	if len(p.saved) == 0 {
		return // the function's end
	}
	top := len(p.saved) - 1
	before := p.saved[top]
	p.saved = p.saved[:top]
	if p.now.depth > top {
		p.now = before
	}
	p.now.flowed = true
}
