package node

import "context"

// Schema is everything that is known of a node without running it. It is data: object_info, validation, the reference pages
// and guests' manifests all speak it. A Schema is immutable.
type Schema struct {
	ID       string   // class name: what prompts call it
	Name     string   // display name; "" shows the ID (V1) or null (V3)
	Category string   // menu path, "image/upscaling"
	Help     string   // one or two sentences
	Module   string   // origin as clients see it: "nodes", "comfy_extras.nodes_mask", "custom_nodes.pack"
	Code     string   // what code runs, for nodes that may be replaced: results of other code do not hold; "" for the server's own
	Aliases  []string // what else people search it by
	// PriceBadge is how clients show the price of a call, JSON-like; nil for none.
	PriceBadge any
	// Essentials is the node's place in the client's short list; nil for none.
	Essentials *string

	Inputs  []Input // in the order of declaration
	Hidden  []Hidden
	Outputs []Output

	V3              bool    // object_info in the newer style: every key, explicit nulls
	OutputNode      bool    // a root of execution
	InputIsList     bool    // Run gets whole lists and is called once
	InputIsListAs   any     // how object_info writes InputIsList; nil for true or false
	Async           bool    // Run mostly waits, so it may run beside other nodes
	NotIdempotent   bool    // equal inputs may give other outputs: the node's id enters its cache key
	Intermediate    bool    // its UI result is reported again when it comes from the cache
	AcceptAllInputs bool    // constants that no input declares are passed too
	Expands         bool    // it may return a graph
	Loop            LoopEnd // the node begins or ends a loop
	Deprecated      bool
	Experimental    bool
	DevOnly         bool
	APINode         bool
}

// Group says which group of object_info an input stands in.
type Group uint8

// The groups.
const (
	Required Group = iota
	Optional
)

// Input is one declared input.
type Input struct {
	Name  string
	Group Group
	Type  Type
	// Choices lists a combo's options (strings, integers or floats) as they are now; nil for other types. ctx carries the
	// tenant who asks.
	Choices func(ctx context.Context) []any
	// Classic combos stand in object_info as the option list in place of the type.
	Classic bool
	// Options are the widget's options by wire key ("default", "min", "multiline", "tooltip", …): JSON-like values.
	Options map[string]any
	// Forms are the inputs of a dynamic input: autogrow, dynamic combo, slot or group; nil for others.
	Forms *Forms
}

// Forms hold the nested inputs of a dynamic input (types COMFY_AUTOGROW_V3, COMFY_DYNAMICCOMBO_V3, COMFY_DYNAMICSLOT_V3,
// COMFY_DYNAMICGROUP_V3).
type Forms struct {
	Template []Input // autogrow, slot, group
	Prefix   string  // autogrow: names are Prefix + index
	Names    []string
	Min, Max int
	Cases    []Case // dynamic combo
	SlotType Type   // dynamic slot: what the slot itself takes
	// GroupName labels the rows of a dynamic group; "" is "Group".
	GroupName string
}

// Case is one option of a dynamic combo and the inputs it brings.
type Case struct {
	Key    string
	Inputs []Input
}

// Lazy reports whether the input is evaluated only when the node asks for it.
func (i *Input) Lazy() bool { return i.flag("lazy") }

// RawLink reports whether the node receives the link itself.
func (i *Input) RawLink() bool { return i.flag("rawLink") }

func (i *Input) flag(key string) bool {
	on, _ := i.Options[key].(bool)
	return on
}

// Hidden is an input that the engine fills: Kind is "PROMPT", "UNIQUE_ID", …. What a node receives: for PROMPT and
// EXTRA_PNGINFO a *doc.Object, which it must not change, with keys in the submitted order and numbers as after validation
// (EXTRA_PNGINFO nil when the client sent none), for UNIQUE_ID, AUTH_TOKEN_COMFY_ORG, API_KEY_COMFY_ORG and COMFY_USAGE_SOURCE a string (nil when
// there is none), for DYNPROMPT a *Graph of all nodes, expanded ones too. Other kinds pass what a client sends under Name.
type Hidden struct {
	Name string
	Kind Type
}

// The kinds of hidden input.
const (
	Prompt       Type = "PROMPT"
	DynPrompt    Type = "DYNPROMPT"
	ExtraPNGInfo Type = "EXTRA_PNGINFO"
	UniqueID     Type = "UNIQUE_ID"
	AuthToken    Type = "AUTH_TOKEN_COMFY_ORG"
	APIKey       Type = "API_KEY_COMFY_ORG"
	UsageSource  Type = "COMFY_USAGE_SOURCE"
)

// Output is one declared output.
type Output struct {
	Type    Type
	Name    string // label; "" shows the type
	Help    string // tooltip; "" for none
	List    bool   // the value is a List, spread over the consumer's calls
	Choices []any  // a combo output of the older style stands as its options
	Match   string // template id of a match type output
}

// Input finds a declared input by name.
func (s *Schema) Input(name string) (*Input, bool) {
	for i := range s.Inputs {
		if s.Inputs[i].Name == name {
			return &s.Inputs[i], true
		}
	}
	return nil, false
}
