package server

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/doc"
)

// jobView is a job as clients read it, with what it is sorted and selected by.
type jobView struct {
	view          *doc.Object
	state         string
	workflow      string  // to select by
	workflowID    any     // as the client named it; nil for none
	created, took float64 // ms
}

// queuedJob describes a prompt that waits or runs.
func queuedJob(i *engine.Item, state string) jobView {
	j := startView(i, state, doc.Stored(i.Extra))
	j.view.Set("outputs_count", 0)
	j.view.Set("previewable_outputs_count", 0)
	j.setWorkflow()
	return j
}

func startView(i *engine.Item, state string, extra *doc.Object) jobView {
	j := jobView{view: &doc.Object{}, state: state}
	j.view.Set("id", i.PromptID)
	j.view.Set("status", state)
	j.view.Set("priority", i.Number)
	if at := doc.Within(extra, "create_time"); at != nil {
		j.view.Set("create_time", at)
		j.created = float(at)
	}
	j.workflowID = doc.Within(extra, "extra_pnginfo", "workflow", "id")
	j.workflow, _ = j.workflowID.(string)
	return j
}

func (j *jobView) setWorkflow() {
	if j.workflowID != nil {
		j.view.Set("workflow_id", j.workflowID)
	}
}

// finishedJob describes a prompt of the history; full adds its outputs and the graph.
func finishedJob(e *engine.HistoryEntry, full bool) jobView {
	status, extra, outputs := doc.Stored(e.Status), doc.Stored(e.Item.Extra), doc.Stored(e.Outputs)
	start, end, failure, interrupted := milestones(status)
	state := "completed"
	if s, _ := doc.Within(status, "status_str").(string); s == "error" {
		if state = "failed"; interrupted {
			state = "cancelled"
		}
	}
	j := startView(&e.Item, state, extra)
	for _, f := range []struct {
		key string
		v   any
	}{{"execution_start_time", start}, {"execution_end_time", end}, {"execution_error", failure}} {
		if f.v != nil {
			j.view.Set(f.key, f.v)
		}
	}
	if a, b := float(start), float(end); a != 0 && b != 0 {
		j.took = b - a
	}
	sum := summarize(outputs)
	j.view.Set("outputs_count", sum.count)
	j.view.Set("previewable_outputs_count", sum.previewable)
	if p := sum.preview(); p != nil {
		j.view.Set("preview_output", p)
	}
	j.setWorkflow()
	if full {
		j.view.Set("outputs", normalized(outputs))
		j.view.Set("execution_status", status)
		j.view.Set("workflow", doc.Of("prompt", e.Item.Prompt, "extra_data", extra))
	}
	return j
}

// milestones reads from a history's messages when the job began and ended, and why it failed.
func milestones(status *doc.Object) (start, end, failure any, interrupted bool) {
	messages, _ := doc.Within(status, "messages").([]any)
	for _, m := range messages {
		pair, ok := m.([]any)
		if !ok || len(pair) < 2 {
			continue
		}
		name, _ := pair[0].(string)
		at := doc.Within(pair[1], "timestamp")
		switch name {
		case "execution_start":
			start = at
		case "execution_success":
			end = at
		case "execution_error":
			end, failure = at, pair[1]
		case "execution_interrupted":
			end, interrupted = at, true
		}
	}
	return start, end, failure, interrupted
}

// summary counts a job's outputs and finds the one that is shown for it, by rank.
type summary struct {
	count, previewable             int
	saved, other, textFile, spoken *doc.Object
}

func (s *summary) preview() *doc.Object {
	for _, p := range []*doc.Object{s.saved, s.other, s.textFile, s.spoken} {
		if p != nil {
			return p
		}
	}
	return nil
}

func summarize(outputs *doc.Object) summary {
	var s summary
	each(outputs, func(node, kind string, item any) {
		o, ok := item.(*doc.Object)
		if !ok {
			if o = sceneFile(item); o == nil {
				if t, isText := item.(string); isText && kind == "text" && s.spoken == nil && s.saved == nil {
					s.spoken = spoken(t, node)
				}
				return
			}
		}
		s.count++
		if !previewable(kind, o) {
			return
		}
		s.previewable++
		s.rank(node, kind, o)
	})
	return s
}

func (s *summary) rank(node, kind string, o *doc.Object) {
	shown := o.Clone()
	shown.Set("nodeId", node)
	if !o.Has("mediaType") {
		shown.Set("mediaType", kind)
	}
	first := func(p **doc.Object) {
		if *p == nil {
			*p = shown
		}
	}
	kindOf, _ := doc.Within(o, "type").(string)
	switch {
	case kind == "text" || endsIn(o, textEndings):
		first(&s.textFile)
	case kindOf == "output":
		first(&s.saved)
	default:
		first(&s.other)
	}
}

// each goes through the items of all outputs that are lists.
func each(outputs *doc.Object, do func(node, kind string, item any)) {
	for i := range outputs.Len() {
		node, v := outputs.At(i)
		kinds, ok := v.(*doc.Object)
		if !ok {
			continue
		}
		for k := range kinds.Len() {
			kind, v := kinds.At(k)
			items, ok := v.([]any)
			if !ok || kind == "animated" {
				continue
			}
			for _, item := range items {
				do(node, kind, item)
			}
		}
	}
}

var (
	modelEndings = []string{".obj", ".fbx", ".gltf", ".glb", ".usdz"}
	textEndings  = []string{".txt", ".md", ".json"}
	shownKinds   = []string{"images", "video", "audio", "3d", "text"}
)

// sceneFile turns a path of a 3D model into a file entry; nil when it is none.
func sceneFile(item any) *doc.Object {
	name, ok := item.(string)
	if !ok || !hasEnding(name, modelEndings) {
		return nil
	}
	return doc.Of("filename", name, "type", "output", "subfolder", "", "mediaType", "3d")
}

func hasEnding(name string, endings []string) bool {
	lower := strings.ToLower(name)
	return slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(lower, e) })
}

func endsIn(o *doc.Object, endings []string) bool {
	name, _ := doc.Within(o, "filename").(string)
	return hasEnding(name, endings)
}

func previewable(kind string, o *doc.Object) bool {
	format, _ := doc.Within(o, "format").(string)
	return slices.Contains(shownKinds, kind) || strings.HasPrefix(format, "video/") || strings.HasPrefix(format, "audio/") ||
		endsIn(o, modelEndings) || endsIn(o, textEndings)
}

// spoken is the preview of a text, of at most 1024 characters.
func spoken(t, node string) *doc.Object {
	const most = 1024
	cut := false
	if utf8.RuneCountInString(t) > most {
		t, cut = string([]rune(t)[:most]), true
	}
	o := doc.Of("content", t)
	if cut {
		o.Set("truncated", true)
	}
	o.Set("nodeId", node)
	o.Set("mediaType", "text")
	return o
}

// normalized is the outputs with paths of 3D models as file entries and without nulls.
func normalized(outputs *doc.Object) *doc.Object {
	all := &doc.Object{}
	for i := range outputs.Len() {
		node, v := outputs.At(i)
		kinds, ok := v.(*doc.Object)
		if !ok {
			all.Set(node, v)
			continue
		}
		out := &doc.Object{}
		for k := range kinds.Len() {
			kind, v := kinds.At(k)
			if items, ok := v.([]any); ok && kind != "animated" {
				v = normalizedItems(items)
			}
			out.Set(kind, v)
		}
		all.Set(node, out)
	}
	return all
}

func normalizedItems(items []any) []any {
	kept := make([]any, 0, len(items))
	for _, item := range items {
		if item == nil {
			continue
		}
		if m := sceneFile(item); m != nil {
			item = m
		}
		kept = append(kept, item)
	}
	return kept
}

// float is a stored number; 0 when it is none.
func float(v any) float64 {
	switch n := v.(type) {
	case int64:
		return float64(n)
	case float64:
		return n
	}
	return 0
}
