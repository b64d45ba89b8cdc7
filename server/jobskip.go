package server

import "github.com/cocoonhq/cocoon/engine"

// skip takes the jobs before a page out of lists by age, without reading them, and tells how many those were. Which they are is known
// from when they were made; of jobs of the same moment those that run come first, then those that wait.
func skip(sel jobQuery, running *[]jobLine, g *engine.Glimpse) (n int) {
	r, p, f := 0, 0, 0
	for ; n < sel.offset; n++ {
		var first jobLine
		var at *int
		look := func(i *int, size int, created func() float64) {
			if *i >= size {
				return
			}
			if j := (jobLine{created: created()}); at == nil || sel.compare(j, first) < 0 {
				first, at = j, i
			}
		}
		look(&r, len(*running), func() float64 { return (*running)[r].created })
		look(&p, len(g.Pending), func() float64 { return float64(g.PendingMade[p]) })
		look(&f, len(g.Finished), func() float64 { return float64(g.FinishedMade[f]) })
		if at == nil {
			break
		}
		*at++
	}
	*running, g.Pending, g.Finished = (*running)[r:], g.Pending[p:], g.Finished[f:]
	return n
}
