package workflow

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Sources of an opened prompt.
const (
	FromWorkflow   = "workflow"   // a client's workflow
	FromPrompt     = "prompt"     // a prompt (API format)
	FromParameters = "parameters" // the text of A1111
	FromMedia      = "media"      // nothing was found; a node that loads the file itself
)

// Opened is what a file gave.
type Opened struct {
	Source   string          `json:"source"`             // From…
	Prompt   json.RawMessage `json:"prompt"`             // for POST /prompt, keys in the client's order
	Workflow json.RawMessage `json:"workflow,omitempty"` // as it was found, if Source is FromWorkflow
	Problems []Problem       `json:"problems"`
	App      *App            `json:"app,omitempty"`   // the author's choice of inputs and outputs, if there is one
	Media    string          `json:"media,omitempty"` // image, audio, video or mesh: what the file itself is
	Canvas   *Canvas         `json:"-"`               // to run again with the next seed
}

// App is a workflow's app mode (extra.linearData): which widgets and outputs its author shows, in order.
type App struct {
	Inputs  []AppInput `json:"inputs"`
	Outputs []string   `json:"outputs"` // node ids
}

// AppInput names a widget of a node.
type AppInput struct {
	NodeID string `json:"node_id"`
	Widget string `json:"widget"`
}

// Open reads a file that a client accepts and gives its prompt. The container is told by the suffix of name, or by the first
// bytes. Of what it carries the first that can be used wins: a workflow, a prompt, A1111's parameters; a picture, sound, video
// or mesh that carries none becomes a prompt with the node that loads it (its file must then be uploaded under its name).
//
// Errors are fault.TooLarge (over 64 MiB, or a bound on nodes, links or depth), fault.BadFile (nothing usable in it),
// fault.Unsupported (templates, unknown files, a server without the nodes needed). A prompt that cannot run, because a node
// type is unknown for example, is no error: see Problems.
func Open(ctx context.Context, name string, data []byte, types *Types, opts Options) (*Opened, error) {
	m := readMetadataBounded(name, data)
	if len(data) > maxFileBytes && m.container != "safetensors" {
		return nil, fault.New(fault.TooLarge, "%s has %d bytes, more than %d", path.Base(name), len(data), maxFileBytes)
	}
	o, err := openEntries(ctx, m, types, opts)
	if o == nil && err == nil {
		o, err = openMedia(name, m, types, opts)
	}
	if err != nil {
		return nil, err
	}
	o.Media = m.media
	if o.Prompt, err = o.Canvas.Prompt(ctx); err != nil {
		return nil, err
	}
	o.Problems = append([]Problem{}, o.Canvas.Problems()...)
	return o, nil
}

// readMetadataBounded looks at the head of large files only; that of a safetensors file is enough.
func readMetadataBounded(name string, data []byte) metadata {
	return readMetadata(name, data[:min(len(data), maxFileBytes)])
}

// openEntries uses what the file carries; nil without an error means that it carries nothing.
func openEntries(ctx context.Context, m metadata, types *Types, opts Options) (*Opened, error) {
	var first error
	failed := func(err error) {
		if first == nil {
			first = err
		}
	}
	if e, ok := m.entries["templates"]; ok && e.parsed {
		return nil, fault.New(fault.Unsupported, "the file holds templates of nodes, not a workflow")
	}
	if e, ok := m.entries["workflow"]; ok && e.text != "" {
		o, err := openWorkflow(ctx, e.text, types, opts)
		if err == nil {
			return o, nil
		}
		failed(err)
	}
	if e, ok := m.entries["prompt"]; ok && e.text != "" {
		c, err := LoadPrompt(ctx, []byte(e.text), types, opts)
		if err == nil {
			c.instead(first, "prompt")
			return &Opened{Source: FromPrompt, Canvas: c}, nil
		}
		failed(err)
	}
	if e, ok := m.entries["parameters"]; ok && e.text != "" && !e.parsed {
		c, err := LoadParameters(e.text, types, opts)
		if err == nil {
			c.instead(first, "parameters")
			return &Opened{Source: FromParameters, Canvas: c}, nil
		}
		failed(err)
	}
	return nil, first
}

// instead reports what could not be used of a file.
func (c *Canvas) instead(err error, what string) {
	if err != nil {
		c.problem(nil, "", false, fmt.Sprintf("This is the file's %s, as something better in it is broken: %v.", what, err))
	}
}

func openWorkflow(ctx context.Context, text string, types *Types, opts Options) (*Opened, error) {
	c, err := LoadWorkflow(ctx, []byte(text), types, opts)
	if err != nil {
		return nil, err
	}
	if len(c.root.nodes) == 0 {
		c.problem(nil, "", true, "The workflow has no nodes.")
	}
	raw := c.raw
	if !json.Valid(raw) { // NaN and infinities, which Python writes
		v, err := parseJSON(text, true)
		if err != nil {
			return nil, err
		}
		raw = appendJSON(nil, v)
	}
	return &Opened{Source: FromWorkflow, Canvas: c, Workflow: raw, App: appMode(c.root.raw)}, nil
}

// openMedia makes the node that loads the file itself.
func openMedia(name string, m metadata, types *Types, opts Options) (*Opened, error) {
	loaders := map[string][2]string{
		"image": {"LoadImage", "image"}, "audio": {"LoadAudio", "audio"},
		"video": {"LoadVideo", "file"}, "mesh": {"Load3DAdvanced", "model_file"},
	}
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	l, ok := loaders[m.media]
	switch {
	case m.container == "json":
		return nil, fault.New(fault.BadFile, "this is not JSON that a client could open; save the workflow again (Export or Export API)")
	case !ok:
		return nil, fault.New(fault.Unsupported, "%s carries no workflow, and its kind of file is not known", base)
	}
	def := types.get(l[0])
	if def == nil {
		return nil, fault.New(fault.Unsupported, "this server has no node of type %q, which would load %s", l[0], base)
	}
	c := newCanvas(types, opts)
	n := newNode(def)
	n.id = c.newID(func(string) bool { return false })
	if m.media == "mesh" {
		base = "3d/" + base
	}
	if w := n.widget(l[1]); w != nil {
		n.set(w, base)
	}
	c.root.nodes = []*node{n}
	c.root.byID[n.id] = n
	return &Opened{Source: FromMedia, Canvas: c}, nil
}

// appMode reads extra.linearData: inputs are pairs of node id and widget, outputs node ids.
func appMode(root *object) *App {
	data := root.object("extra").object("linearData")
	if data == nil {
		return nil
	}
	app := &App{Inputs: []AppInput{}, Outputs: []string{}}
	for _, v := range data.array("inputs") {
		if pair, ok := v.([]any); ok && len(pair) > 1 {
			if name, ok := pair[1].(string); ok {
				app.Inputs = append(app.Inputs, AppInput{NodeID: nodeID(pair[0]), Widget: name})
			}
		}
	}
	for _, v := range data.array("outputs") {
		if id := nodeID(v); id != "" {
			app.Outputs = append(app.Outputs, id)
		}
	}
	return app
}
