package server

import (
	"iter"
	"slices"
)

// head is a list of jobs and the first of it.
type head struct {
	job  jobLine
	next func() (jobLine, error, bool)
}

// heads are lists that are in order, those without jobs left out.
type heads struct {
	compare func(a, b jobLine) int
	open    []*head
}

// advance takes a list to its next job; one that has none leaves.
func (h *heads) advance(i int) error {
	j, err, ok := h.open[i].next()
	if !ok {
		h.open = slices.Delete(h.open, i, i+1)
		return nil
	}
	h.open[i].job = j
	return err
}

// first finds the list whose job comes first; among equals it is the earliest.
func (h *heads) first() int {
	at := 0
	for i := range h.open {
		if h.compare(h.open[i].job, h.open[at].job) < 0 {
			at = i
		}
	}
	return at
}

// inOrder puts lists that are in order together. Of jobs that are equal those of the earlier list come first. An error is the last.
func inOrder(compare func(a, b jobLine) int, lists ...iter.Seq2[jobLine, error]) iter.Seq2[jobLine, error] {
	return func(yield func(jobLine, error) bool) {
		h := heads{compare: compare}
		for _, l := range lists {
			next, stop := iter.Pull2(l)
			defer stop()
			h.open = append(h.open, &head{next: next})
			if err := h.advance(len(h.open) - 1); err != nil {
				yield(jobLine{}, err)
				return
			}
		}
		for len(h.open) > 0 {
			at := h.first()
			if !yield(h.open[at].job, nil) {
				return
			}
			if err := h.advance(at); err != nil {
				yield(jobLine{}, err)
				return
			}
		}
	}
}
