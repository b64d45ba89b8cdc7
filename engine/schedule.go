package engine

import (
	"container/heap"
	"slices"

	"github.com/cocoonhq/cocoon/engine/node"
)

// pending is a vertex that is to be run.
type pending struct {
	v       *vertex
	seq     int               // order of arrival
	waits   int               // unfinished producers, and tasks of its own
	feeds   []*pending        // who waits for it, in order
	fedBy   []*pending        // whom it waits for
	have    map[string]*entry // what producers gave; an absent one was never asked for
	class   int               // how eagerly it is picked, 0 first
	done    bool
	inFeeds map[*pending]bool // the set of feeds, when there are many
}

// schedule holds what is still to be run and picks what is next.
type schedule struct {
	r       *run
	all     map[*vertex]*pending
	ready   [classes]readyHeap
	outside int // vertices that wait for tasks
	seq     int
	// wanted tells who is to get the result of a vertex.
	wanted map[string][]*pending
}

// The classes of eagerness.
const (
	classFirst  = iota // output nodes, and nodes that mostly wait
	classNear          // feeds an output node
	classSecond        // feeds a node that feeds an output node
	classOther
	classes
)

func newSchedule(r *run) *schedule {
	return &schedule{r: r, all: map[*vertex]*pending{}, wanted: map[string][]*pending{}}
}

func (s *schedule) empty() bool { return len(s.all) == 0 }

// add schedules a vertex and everything that it needs and that is not cached.
func (s *schedule) add(v *vertex) error {
	type need struct {
		l  link
		to *pending
	}
	var links []need
	stack := []*vertex{v}
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if s.all[v] != nil {
			continue
		}
		p := s.enter(v)
		f, err := s.r.g.forms.of(v)
		if err != nil {
			return s.r.blame(v, err)
		}
		for _, in := range waits(v, f) {
			from, ok := s.r.g.get(in.link.from)
			if !ok {
				return s.r.blame(v, &missingNode{in.link.from})
			}
			if !s.r.cached(from) {
				stack = append(stack, from)
			}
			links = append(links, need{in.link, p})
		}
	}
	for _, n := range links {
		if err := s.link(n.l, n.to); err != nil {
			return err
		}
	}
	return nil
}

// waits are the links that a vertex waits for before it is first looked at: all but lazy ones. The end of a loop waits for
// its start, which decides what there is to wait for besides.
func waits(v *vertex, f *form) []port {
	var list []port
	for _, in := range v.ports(f) {
		if in.isIn && (in.decl == nil || !in.decl.Lazy()) && (v.start == nil || in.name == node.LoopAccumulate) {
			list = append(list, in)
		}
	}
	if v.start != nil {
		list = append(list, port{link: link{from: v.start.id}})
	}
	return list
}

func (s *schedule) enter(v *vertex) *pending {
	p := &pending{v: v, seq: s.seq, class: classOther}
	if v.schema.OutputNode || v.schema.Async {
		p.class = classFirst
	}
	s.seq++
	s.all[v] = p
	s.offer(p)
	return p
}

// link makes a vertex wait for a producer, and get its result.
func (s *schedule) link(l link, to *pending) error {
	from, ok := s.r.g.get(l.from)
	if !ok {
		return s.r.blame(to.v, &missingNode{l.from})
	}
	cached := s.r.lookup(from)
	if cached == nil {
		if err := s.add(from); err != nil {
			return err
		}
		s.block(s.all[from], to)
	}
	s.want(from, to, cached)
	return nil
}

func (s *schedule) block(from, to *pending) {
	if from.feedsTo(to) {
		return
	}
	from.feed(to)
	to.fedBy = append(to.fedBy, from)
	to.waits++
	s.promote(from, to)
}

// many is from how many consumers on a set is kept of them.
const many = 16

func (p *pending) feedsTo(to *pending) bool {
	if p.inFeeds != nil {
		return p.inFeeds[to]
	}
	return slices.Contains(p.feeds, to)
}

func (p *pending) feed(to *pending) {
	p.feeds = append(p.feeds, to)
	if p.inFeeds != nil {
		p.inFeeds[to] = true
	} else if len(p.feeds) > many {
		p.inFeeds = make(map[*pending]bool, 2*many)
		for _, x := range p.feeds {
			p.inFeeds[x] = true
		}
	}
}

// promote raises the eagerness of a producer, and of its producers, for a consumer that it has got.
func (s *schedule) promote(from, to *pending) {
	if to.v.schema.OutputNode {
		s.raise(from, classNear)
		for _, p := range from.fedBy {
			s.raise(p, classSecond)
		}
	}
	for _, next := range to.feeds {
		if next.v.schema.OutputNode {
			s.raise(from, classSecond)
			return
		}
	}
}

func (s *schedule) raise(p *pending, class int) {
	if class >= p.class || p.done {
		return
	}
	p.class = class
	if p.waits == 0 {
		heap.Push(&s.ready[class], p)
	}
}

// offer makes a vertex that waits for nothing ready.
func (s *schedule) offer(p *pending) {
	if p.waits == 0 {
		heap.Push(&s.ready[p.class], p)
	}
}

// next picks a ready vertex, which stays scheduled until finish; nil when none is ready.
func (s *schedule) next() *pending {
	for class := range s.ready {
		h := &s.ready[class]
		for h.Len() > 0 {
			p := (*h)[0]
			if p.done || p.waits > 0 || p.class != class {
				heap.Pop(h)
				continue
			}
			return p
		}
	}
	return nil
}

// hold makes a vertex wait for tasks of its own; resume ends that.
func (s *schedule) hold(p *pending) {
	p.waits++
	s.outside++
}

func (s *schedule) resume(p *pending) {
	p.waits--
	s.outside--
	s.offer(p)
}

// finish takes a vertex out and frees its consumers.
func (s *schedule) finish(p *pending) {
	p.done = true
	delete(s.all, p.v)
	delete(s.wanted, p.v.id)
	p.have = nil
	for _, to := range p.feeds {
		to.waits--
		s.offer(to)
	}
}

// want promises a consumer the result of a vertex; now is that result if it is there already.
func (s *schedule) want(from *vertex, to *pending, now *entry) {
	if to.have == nil {
		to.have = map[string]*entry{}
	}
	to.have[from.id] = now
	if now == nil {
		s.wanted[from.id] = append(s.wanted[from.id], to)
	}
}

// deliver hands a result to those who were promised it.
func (s *schedule) deliver(v *vertex, e *entry) {
	for _, to := range s.wanted[v.id] {
		if to.have != nil {
			to.have[v.id] = e
		}
	}
}

// stuck are the vertices that wait for each other, in the order of their arrival.
func (s *schedule) stuck() []*pending {
	left := map[*pending]int{}
	var free []*pending
	for _, p := range s.all {
		left[p] = 0
	}
	for _, p := range s.all {
		for _, to := range p.feeds {
			left[to]++
		}
	}
	for p, n := range left {
		if n == 0 {
			free = append(free, p)
		}
	}
	for len(free) > 0 {
		p := free[len(free)-1]
		free = free[:len(free)-1]
		delete(left, p)
		for _, to := range p.feeds {
			if left[to]--; left[to] == 0 {
				free = append(free, to)
			}
		}
	}
	var list []*pending
	for p := range left {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *pending) int { return a.seq - b.seq })
	return list
}

// readyHeap orders by arrival.
type readyHeap []*pending

func (h readyHeap) Len() int           { return len(h) }
func (h readyHeap) Less(i, j int) bool { return h[i].seq < h[j].seq }
func (h readyHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *readyHeap) Push(x any) { *h = append(*h, x.(*pending)) }

// Pop implements heap.Interface.
func (h *readyHeap) Pop() any {
	old := *h
	p := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return p
}
