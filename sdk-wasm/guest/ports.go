package guest

import (
	"time"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// Ports binds the fields of a node's two structs to inputs and outputs. A node's Ports function runs while the guest is set up:
// once to describe the node, and once to bind the two structs that each call finds as they are then.
type Ports struct {
	learn   bool
	inputs  []any
	hidden  []any
	outputs []any
	lazy    []string
	sets    []setter
	gets    []func(b []byte) ([]byte, error) // append an output each
	ui      *UI
	expand  **Graph
	later   **Later
	block   **Block
}

// In describes the input that was just declared; its methods chain.
type In struct {
	p    *Ports
	name string
	m    map[string]any // nil in a call, which carries values and describes nothing
}

// Out describes the output that was just declared.
type Out struct{ m map[string]any }

// setter fills what is bound to an input, or to all of them.
type setter struct {
	name string
	one  func(v abi.Raw) bool // false for one of another type
	all  func(inputs abi.Pairs)
}

// set fills what is bound to the inputs.
func (p *Ports) set(inputs abi.Pairs) error {
	for i := range p.sets {
		s := &p.sets[i]
		if s.all != nil {
			s.all(inputs)
		} else if v := inputs.Find(s.name); !v.Nothing() && !s.one(v) {
			return errInput
		}
	}
	return nil
}

func (p *Ports) input(name, kind string, set func(abi.Raw) bool) In {
	p.sets = append(p.sets, setter{name: name, one: set})
	return p.In(name, kind)
}

// put describes one thing of the input.
func (i In) put(key string, v any) In {
	if i.m != nil {
		i.m[key] = v
	}
	return i
}

func (o Out) put(key string, v any) Out {
	if o.m != nil {
		o.m[key] = v
	}
	return o
}

// missing are the lazy inputs that are not there yet: what a node without Need asks for.
func (p *Ports) missing(have abi.Pairs) []string {
	var out []string
	for _, name := range p.lazy {
		if have.Find(name).Nothing() { // one that is not there yet comes as null
			out = append(out, name)
		}
	}
	return out
}

// Linked declares an input that takes a value of T's type.
func Linked[T typed](p *Ports, name string, to *T) In {
	var zero T
	return Any(p, name, zero.LinkType(), to)
}

// Any declares an input of a type named freely: "MODEL", "*", "INT,FLOAT". T is a type of this package, or any.
func Any[T any](p *Ports, name, kind string, to *T) In {
	return p.input(name, kind, func(v abi.Raw) bool {
		h, isHandle := v.Handle()
		switch to := any(to).(type) { // the usual ones are not boxed
		case *Image:
			to.ID = h.ID
			return isHandle && h.Kind == abi.KindImage
		case *Mask:
			to.ID = h.ID
			return isHandle && h.Kind == abi.KindMask
		}
		x, ok := fromWire(v.Value()).(T)
		*to = x
		return ok
	})
}

// Int declares an INT input.
func Int(p *Ports, name string, to *int64, def int64) In {
	*to = def
	return p.input(name, "INT", func(v abi.Raw) bool { return assign(to)(v.Int()) }).Set("default", def)
}

// Float declares a FLOAT input.
func Float(p *Ports, name string, to *float64, def float64) In {
	*to = def
	return p.input(name, "FLOAT", func(v abi.Raw) bool {
		x, ok := v.Float()
		if !ok {
			var n int64
			n, ok = v.Int()
			x = float64(n)
		}
		*to = x
		return ok
	}).Set("default", def)
}

// String declares a STRING input.
func String(p *Ports, name string, to *string, def string) In {
	*to = def
	return p.input(name, "STRING", func(v abi.Raw) bool { return assign(to)(v.Text()) }).Set("default", def)
}

// Switch declares a BOOLEAN input.
func Switch(p *Ports, name string, to *bool, def bool) In {
	*to = def
	return p.input(name, "BOOLEAN", func(v abi.Raw) bool { return assign(to)(v.Bool()) }).Set("default", def)
}

// Choice declares a combo.
func Choice(p *Ports, name string, to *string, options ...string) In {
	in := p.input(name, "COMBO", func(v abi.Raw) bool { return assign(to)(v.Text()) })
	if !p.learn {
		return in
	}
	list := make([]any, len(options))
	for i, o := range options {
		list[i] = o
	}
	return in.put("choices", list).put("classic", true)
}

// Fill declares a hidden input: kind is "PROMPT", "EXTRA_PNGINFO" (JSON texts) or "UNIQUE_ID".
func Fill(p *Ports, name, kind string, to *string) {
	if p.learn {
		p.hidden = append(p.hidden, map[string]any{"name": name, "kind": kind})
	}
	p.sets = append(p.sets, setter{all: func(inputs abi.Pairs) { *to, _ = inputs.Find(name).Text() }})
}

// Result declares an output of T's type.
func Result[T typed](p *Ports, from *T) Out {
	var zero T
	return ResultOf(p, zero.LinkType(), from)
}

// ResultOf declares an output of a type named freely.
func ResultOf[T any](p *Ports, kind string, from *T) Out {
	p.gets = append(p.gets, func(b []byte) ([]byte, error) { return appendField(b, from) })
	return p.Out(kind)
}

// Show binds the field that holds what the node shows to the client.
func Show(p *Ports, from *UI) { p.ui = from }

// Expansion binds the field that holds the graph a node expands to.
func Expansion(p *Ports, from **Graph) { p.expand = from }

// Later is a wish to be called again: the call ends, its memory goes, and Def.Resume gets State, of 64 KiB at most.
type Later struct {
	After time.Duration
	State []byte
}

// Again binds the field that holds the wish to be called again, nil for none.
func Again(p *Ports, from **Later) { p.later = from }

// Blocks binds the field that, when it is set, stands in the place of every output.
func Blocks(p *Ports, from **Block) { p.block = from }

// assign puts in place what was read.
func assign[T any](to *T) func(v T, ok bool) bool {
	return func(v T, ok bool) bool {
		*to = v
		return ok
	}
}

// Set sets a widget option by its wire key.
func (i In) Set(key string, v any) In {
	if i.m == nil {
		return i
	}
	o, _ := i.m["options"].(map[string]any)
	if o == nil {
		o = map[string]any{}
		i.m["options"] = o
	}
	o[key] = toWire(v)
	return i
}

// Slider sets a number by a slider.
func (i In) Slider() In { return i.Set("display", "slider") }

// ForceInput makes it a link, even though the type has a widget.
func (i In) ForceInput() In { return i.Set("forceInput", true) }

// ControlAfterGenerate lets the client change the number after each run, as it does with seeds.
func (i In) ControlAfterGenerate() In { return i.Set("control_after_generate", true) }

// Help is the tooltip.
func (i In) Help(text string) In { return i.Set("tooltip", text) }

// Range bounds a number; both ends are allowed.
func (i In) Range(min, max any) In { return i.Set("min", min).Set("max", max) }

// Step is how far a widget's arrows go.
func (i In) Step(step any) In { return i.Set("step", step) }

// Multiline makes a text widget of several lines.
func (i In) Multiline() In { return i.Set("multiline", true) }

// Optional lets a prompt leave the input out.
func (i In) Optional() In {
	return i.put("optional", true)
}

// Lazy evaluates the input only when the node needs it; see Def.Need.
func (i In) Lazy() In {
	i.p.lazy = append(i.p.lazy, i.name)
	return i.Set("lazy", true)
}

// Named is the output's label.
func (o Out) Named(name string) Out {
	return o.put("name", name)
}

// Help is the output's tooltip.
func (o Out) Help(text string) Out {
	return o.put("help", text)
}

// List says that the value is a List, spread over the consumer's calls.
func (o Out) List() Out {
	return o.put("list", true)
}
