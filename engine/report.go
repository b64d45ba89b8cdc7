package engine

// report gathers the nodes to blame for each failed output.
type report struct {
	w      *validator
	errors NodeErrors
	index  map[*vertex]int
	seen   int // how many of w.found were looked at
	blamed []*vertex
	spent  int
}

// maxDependents bounds the sum of all lists of dependent outputs, which may grow as the square of the prompt.
const maxDependents = 1_000_000

func newReport(w *validator) *report { return &report{w: w, index: map[*vertex]int{}} }

// failed lists the output under every node that is known to be wrong by now.
// Compat: also under nodes that were wrong for an earlier output alone.
func (r *report) failed(o *vertex) {
	for ; r.seen < len(r.w.found); r.seen++ {
		v := r.w.found[r.seen]
		if d := r.w.done[v]; !d.ok && len(d.errors) > 0 {
			r.index[v] = len(r.errors)
			r.errors = append(r.errors, NodeError{Node: v.id, Class: v.class, Errors: d.errors, Dependent: []string{}})
			r.blamed = append(r.blamed, v)
		}
	}
	for _, v := range r.blamed {
		if r.spent >= maxDependents {
			return
		}
		n := &r.errors[r.index[v]]
		n.Dependent = append(n.Dependent, o.id)
		r.spent++
	}
}
