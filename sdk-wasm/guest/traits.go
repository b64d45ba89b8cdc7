package guest

// Traits are what is known of a node besides its ports.
type Traits struct {
	ID       string
	Name     string // display name; "" shows the ID
	Category string
	Help     string
	Aliases  []string // what else people search it by
	// Essentials is the node's place in the client's short list; "" for none.
	Essentials string
	// PriceBadge is how clients show the price of a call, JSON-like; nil for none.
	PriceBadge any

	OutputNode    bool   // a root of execution
	InputIsList   bool   // it gets whole lists and is called once
	InputIsListAs any    // how object_info writes that; nil for true
	Async         bool   // it mostly waits
	NotIdempotent bool   // equal inputs may give other outputs
	Intermediate  bool   // what it shows is shown again when it comes from the cache
	AcceptAll     bool   // constants that no input declares are passed too
	Expands       bool   // it may return a graph
	V3            bool   // described in the newer style
	Loop          string // "start" or "end" of a loop
	Deprecated    bool
	Experimental  bool
	DevOnly       bool
	APINode       bool
	// Checked names the inputs that the node's check looks at in place of the server; nil for all.
	Checked []string
}

// describe gives the node's part of the description; more are further flags.
func (t *Traits) describe(p *Ports, more map[string]bool) map[string]any {
	var flags []any
	for _, f := range []struct {
		name string
		on   bool
	}{
		{"output_node", t.OutputNode}, {"input_is_list", t.InputIsList}, {"async", t.Async}, {"not_idempotent", t.NotIdempotent},
		{"intermediate", t.Intermediate}, {"accept_all", t.AcceptAll}, {"expands", t.Expands}, {"v3", t.V3},
		{"deprecated", t.Deprecated}, {"experimental", t.Experimental}, {"dev_only", t.DevOnly}, {"api_node", t.APINode},
		{"validates", more["validates"]}, {"validates_links", more["validates_links"]}, {"fingerprints", more["fingerprints"]},
	} {
		if f.on {
			flags = append(flags, f.name)
		}
	}
	m := map[string]any{"id": t.ID, "name": t.Name, "category": t.Category, "help": t.Help, "inputs": p.inputs, "hidden": p.hidden,
		"outputs": p.outputs, "flags": flags}
	if t.Aliases != nil {
		m["aliases"] = t.Aliases
	}
	if t.Checked != nil {
		m["checks"] = t.Checked
	}
	if t.Essentials != "" {
		m["essentials"] = t.Essentials
	}
	if t.Loop != "" {
		m["loop"] = t.Loop
	}
	for key, v := range map[string]any{"price_badge": t.PriceBadge, "input_is_list_as": t.InputIsListAs} {
		if v != nil {
			m[key] = v
		}
	}
	return m
}
