package v2

import (
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// States of a job.
const (
	queued    = "queued"
	running   = "running"
	canceling = "canceling"
	canceled  = "canceled"
	succeeded = "succeeded"
	failed    = "failed"
)

func terminal(status string) bool {
	return slices.Contains([]string{canceled, succeeded, failed}, status)
}

// jobView is a job as clients read it.
type jobView struct {
	ID            string            `json:"id"`
	Status        string            `json:"status"`
	CreatedAt     string            `json:"created_at"`
	StartedAt     *string           `json:"started_at"`
	CompletedAt   *string           `json:"completed_at"`
	ExpiresAt     string            `json:"expires_at"`
	QueuePosition *int              `json:"queue_position"`
	Progress      *progressView     `json:"progress"`
	Outputs       []outputView      `json:"outputs"`
	Error         *jobError         `json:"error"`
	URLs          map[string]string `json:"urls"`

	created  time.Time
	previews int // that the run has told
}

type progressView struct {
	Value        float64 `json:"value"` // 0 to 1
	NodesDone    int     `json:"nodes_done"`
	NodesTotal   int     `json:"nodes_total"`
	CurrentNode  *string `json:"current_node"`
	CurrentClass *string `json:"current_node_class"`
	Step         *int    `json:"step"`
	Steps        *int    `json:"steps"`
}

type outputView struct {
	NodeID       string  `json:"node_id"`
	Name         string  `json:"name"`
	Type         string  `json:"type"`
	ContentType  string  `json:"content_type"`
	SizeBytes    int64   `json:"size_bytes"`
	ID           string  `json:"id"`
	Hash         *string `json:"hash"`
	URL          string  `json:"url"`
	URLExpiresAt string  `json:"url_expires_at"`
	JobID        string  `json:"job_id"`
}

type jobError struct {
	Code      string  `json:"code"`
	Message   string  `json:"message"`
	NodeID    *string `json:"node_id"`
	ClassType *string `json:"class_type"`
	Traceback *string `json:"traceback"`
}

// find describes a job. Errors: 404.
func (h *Handler) find(r *http.Request, id string) (*jobView, error) {
	t := tenant.Of(r.Context())
	found, err := h.c.Engine.HistoryOf(r.Context(), t, id)
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		return h.finished(r, &found[0]), nil
	}
	i, pos, err := h.item(r.Context(), id)
	if err != nil {
		if at, ok := h.c.Feed.dropped(runKey{t, id}); ok {
			v := newView(id, canceled, time.UnixMilli(at))
			v.CompletedAt = &v.CreatedAt
			return v, nil
		}
		return nil, err
	}
	switch {
	case pos == -2: // it has ended since we looked
		if found, err = h.c.Engine.HistoryOf(r.Context(), t, id); err == nil && len(found) > 0 {
			return h.finished(r, &found[0]), nil
		}
		return nil, err
	case pos >= 0:
		v := newView(id, queued, createdOf(&i))
		v.QueuePosition = &pos
		return v, nil
	}
	return h.active(r, &i), nil
}

func newView(id, status string, created time.Time) *jobView {
	self := prefix + "jobs/" + id
	return &jobView{ID: id, Status: status, CreatedAt: stamp(created), ExpiresAt: never, Outputs: []outputView{}, created: created,
		URLs: map[string]string{"self": self, "events": self + "/events", "cancel": self + "/cancel"}}
}

// active describes a job that runs.
func (h *Handler) active(r *http.Request, i *engine.Item) *jobView {
	v := newView(i.PromptID, running, createdOf(i))
	told, _ := h.c.Feed.of(runKey{tenant.Of(r.Context()), i.PromptID})
	if told.stopping {
		v.Status = canceling
	}
	if told.started != 0 {
		at := stamp(time.UnixMilli(told.started))
		v.StartedAt = &at
	}
	v.previews = told.previews
	v.Progress = progressOf(i, &told)
	for _, e := range told.executed {
		o, err := doc.ParseObject(e, doc.DefaultLimits())
		if err != nil {
			continue
		}
		node, _ := o.Get("display_node")
		output, _ := o.Get("output")
		if id, ok := node.(string); ok {
			v.Outputs = append(v.Outputs, h.outputs(r, i.PromptID, id, output)...)
		}
	}
	return v
}

// finished describes a job of the history.
func (h *Handler) finished(r *http.Request, e *engine.HistoryEntry) *jobView {
	v := newView(e.PromptID, succeeded, createdOf(&e.Item))
	var status struct {
		Status   string               `json:"status_str"`
		Messages [][2]json.RawMessage `json:"messages"`
	}
	_ = json.Unmarshal(e.Status, &status) // our own JSON
	if status.Status == "error" {
		v.Status = failed
	}
	for _, m := range status.Messages {
		v.apply(m)
	}
	total := nodeCount(&e.Item)
	v.Progress = &progressView{NodesTotal: total}
	if v.Status == succeeded {
		v.Progress.Value, v.Progress.NodesDone = 1, total
	}
	outputs, err := doc.ParseObject(e.Outputs, doc.DefaultLimits())
	if err == nil && outputs != nil {
		for n := range outputs.Len() {
			node, o := outputs.At(n)
			v.Outputs = append(v.Outputs, h.outputs(r, e.PromptID, node, o)...)
		}
	}
	return v
}

// apply takes a message of the history in: when the job began and ended, and why.
func (v *jobView) apply(m [2]json.RawMessage) {
	var name string
	var data struct {
		Timestamp int64    `json:"timestamp"`
		Node      string   `json:"node_id"`
		Class     string   `json:"node_type"`
		Message   string   `json:"exception_message"`
		Kind      string   `json:"exception_type"`
		Traceback []string `json:"traceback"`
	}
	if json.Unmarshal(m[0], &name) != nil || json.Unmarshal(m[1], &data) != nil {
		return
	}
	at := stamp(time.UnixMilli(data.Timestamp))
	switch name {
	case "execution_start":
		v.StartedAt = &at
	case "execution_success":
		v.CompletedAt = &at
	case "execution_interrupted":
		v.CompletedAt, v.Status = &at, canceled
	case "execution_error":
		trace := strings.Join(data.Traceback, "")
		v.CompletedAt, v.Status = &at, failed
		v.Error = &jobError{Code: "execution_error", Message: strings.TrimSpace(data.Message), NodeID: &data.Node, ClassType: &data.Class, Traceback: &trace}
	}
}

func nodeCount(i *engine.Item) int {
	var nodes map[string]json.RawMessage
	_ = json.Unmarshal(i.Prompt, &nodes) // our own JSON
	return len(nodes)
}

// progressOf counts nodes, and steps of the node that runs.
func progressOf(i *engine.Item, told *run) *progressView {
	var nodes map[string]struct {
		Class string `json:"class_type"`
	}
	_ = json.Unmarshal(i.Prompt, &nodes) // our own JSON
	p := &progressView{NodesTotal: len(nodes)}
	done := map[string]bool{}
	var cached struct {
		Nodes []string `json:"nodes"`
	}
	_ = json.Unmarshal(told.cached, &cached) // absent or our own JSON
	for _, n := range cached.Nodes {
		done[n] = true
	}
	var state struct {
		Nodes map[string]struct {
			Value float64 `json:"value"`
			Max   float64 `json:"max"`
			State string  `json:"state"`
			Shown string  `json:"display_node_id"`
		} `json:"nodes"`
	}
	_ = json.Unmarshal(told.progress, &state) // absent or our own JSON
	part := 0.0
	for id, n := range state.Nodes {
		if n.State == "finished" {
			done[id] = true
			continue
		}
		if n.State != "running" {
			continue
		}
		shown := n.Shown
		if shown == "" {
			shown = id
		}
		class := nodes[shown].Class
		p.CurrentNode, p.CurrentClass = &shown, &class
		if n.Max > 0 {
			part += min(n.Value/n.Max, 1)
			step, steps := int(n.Value), int(n.Max)
			p.Step, p.Steps = &step, &steps
		}
	}
	for id := range done {
		if _, ok := nodes[id]; ok { // nodes of expansions are parts of the ones they stand for
			p.NodesDone++
		}
	}
	if p.NodesTotal > 0 {
		p.Value = min((float64(p.NodesDone)+part)/float64(p.NodesTotal), 1)
	}
	return p
}

// outputs lists the files and texts of one node's UI results.
func (h *Handler) outputs(r *http.Request, job, node string, ui any) []outputView {
	o, ok := ui.(*doc.Object)
	if !ok {
		return nil
	}
	var all []outputView
	for n := range o.Len() {
		key, v := o.At(n)
		items, ok := v.([]any)
		if !ok {
			continue
		}
		for at, item := range items {
			p := place{Job: job}
			switch t := item.(type) {
			case *doc.Object:
				p = filePlace(t, job)
			case string:
				p = place{Kind: "text", Job: job, Node: node, Key: key, At: at, size: int64(len(t))}
			}
			if out, ok := h.output(r, p, node); ok {
				all = append(all, out)
			}
		}
	}
	return all
}

// filePlace reads {filename, subfolder, type}.
func filePlace(o *doc.Object, job string) place {
	get := func(k string) string {
		v, _ := o.Get(k)
		s, _ := v.(string)
		return s
	}
	name := path.Join(get("subfolder"), get("filename"))
	if get("filename") == "" || !safe(name) {
		return place{}
	}
	return place{Kind: get("type"), Name: name, Job: job}
}

func (h *Handler) output(r *http.Request, p place, node string) (outputView, bool) {
	out := outputView{NodeID: node, ID: p.id(), URL: contentURL(r, p), URLExpiresAt: never, JobID: p.Job}
	switch p.Kind {
	case "text":
		out.Name, out.Type, out.ContentType, out.SizeBytes = textName(p), "text", "text/plain; charset=utf-8", p.size
		return out, true
	case "input", "output", "temp":
		out.Name, out.Type, out.ContentType = path.Base(p.Name), outputType(p.Name), typeOf(p.Name)
		if st, err := h.c.Files.Stat(p.Kind, p.Name); err == nil {
			out.SizeBytes = st.Size()
		}
		return out, true
	}
	return out, false
}
