package engine

import (
	"strconv"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/engine/doc"
)

// progress is how far the nodes of one prompt are. Each change sends the whole map, so finished nodes are kept as text.
type progress struct {
	r *run

	mu      sync.Mutex // guards the rest, and keeps events in the order of changes
	nodes   map[*vertex]*nodeProgress
	order   []*nodeProgress
	running []*nodeProgress // in order
	text    []byte          // finished nodes as JSON members, each with a comma behind
	sent    time.Time
	size    int // of the map sent last, in bytes
}

type nodeProgress struct {
	head       []byte // the JSON member up to the numbers
	value, max any    // numbers in the form in which they are shown
	finished   bool
}

const (
	// crowd is from how many nodes on progress is no longer sent at every change: the map's text grows with each node, and
	// a prompt of n nodes would send n²/2 of them.
	crowd = 256
	// crowdBytes is the same for a map whose text is long: ids grow with each expansion inside another.
	crowdBytes = 64 << 10
	// crowdPause is how often it is sent then; a text of many megabytes as many times less often.
	crowdPause = 100 * time.Millisecond
)

func newProgress(r *run) *progress { return &progress{r: r, nodes: map[*vertex]*nodeProgress{}} }

func (p *progress) entry(v *vertex) *nodeProgress {
	n := p.nodes[v]
	if n != nil && !n.finished {
		return n
	}
	if n != nil {
		p.retext(n)
		n.finished = false
	} else {
		n = &nodeProgress{head: p.head(v)}
		p.nodes[v] = n
		p.order = append(p.order, n)
	}
	p.running = append(p.running, n)
	return n
}

// head writes everything of a node that stays.
func (p *progress) head(v *vertex) []byte {
	b := append(doc.Append(nil, v.id), `:{"node_id":`...)
	b = append(doc.Append(b, v.id), `,"prompt_id":`...)
	b = append(doc.Append(b, p.r.job.PromptID), `,"display_node_id":`...)
	b = append(doc.Append(b, v.shownID), `,"parent_node_id":`...)
	if v.parent != nil {
		b = doc.Append(b, v.parent.id)
	} else {
		b = append(b, "null"...)
	}
	return append(doc.Append(append(b, `,"real_node_id":`...), v.realID), ","...)
}

func (n *nodeProgress) append(b []byte) []byte {
	b = append(append(b, n.head...), `"value":`...)
	b = append(doc.Append(b, n.value), `,"max":`...)
	b = append(doc.Append(b, n.max), `,"state":`...)
	if n.finished {
		return append(b, `"finished"},`...)
	}
	return append(b, `"running"},`...)
}

// retext rebuilds the text of finished nodes without one that runs again.
func (p *progress) retext(without *nodeProgress) {
	p.text = p.text[:0]
	for _, n := range p.order {
		if n.finished && n != without {
			p.text = n.append(p.text)
		}
	}
}

// start says that a node runs.
func (p *progress) start(v *vertex) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.entry(v)
	n.value, n.max = 0.0, 1.0
	p.send(false)
}

// update says how far a node is. then is called before any other change is told.
func (p *progress) update(v *vertex, value, max any, then func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.entry(v)
	n.value, n.max = value, max
	p.send(then != nil)
	if then != nil {
		then()
	}
}

// finish says that a node is done, or has its result from the cache.
func (p *progress) finish(v *vertex) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.entry(v)
	if n.max == nil {
		n.max = int64(1)
	}
	n.value, n.finished = n.max, true
	for i, o := range p.running {
		if o == n {
			p.running = append(p.running[:i], p.running[i+1:]...)
			break
		}
	}
	p.text = n.append(p.text)
	p.send(false)
}

// send publishes the map. In a crowd it does so now and then, and for events that others follow.
func (p *progress) send(wanted bool) {
	if len(p.order) > crowd || p.size > crowdBytes {
		now := time.Now()
		if !wanted && now.Sub(p.sent) < crowdPause*time.Duration(1+p.size>>20) {
			return
		}
		p.sent = now
	}
	b := make([]byte, 0, len(p.text)+256*(1+len(p.running)))
	b = append(doc.Append(append(b, `{"prompt_id":`...), p.r.job.PromptID), `,"nodes":{`...)
	b = append(b, p.text...)
	for _, n := range p.running {
		b = n.append(b)
	}
	if b[len(b)-1] == ',' {
		b = b[:len(b)-1]
	}
	p.size = len(b)
	p.r.tell("progress_state", append(b, "}}"...))
}

// wholeOrFloat shows whole numbers without a point, as steps are counted.
func wholeOrFloat(f float64) any {
	if n, err := strconv.ParseInt(strconv.FormatFloat(f, 'f', -1, 64), 10, 64); err == nil {
		return n
	}
	return f
}
