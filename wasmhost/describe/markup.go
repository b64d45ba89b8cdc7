package describe

import (
	"context"
	"regexp"

	"github.com/cocoonhq/cocoon/engine/node"
)

// tagOpens is what a browser takes for the start of a tag.
var tagOpens = regexp.MustCompile(`<[A-Za-z/!?]`)

// tagWithMore is the start of a tag that could do something in a page: it has an attribute, or is one of those that need none.
var tagWithMore = regexp.MustCompile(`<(?i:[a-z][^\s/>]*[\s/]|(?:script|style|iframe|object|embed|link|meta|base|svg|math)\b|!)`)

// checkMarkup refuses a node whose names would be markup in a page. Compat: the official client writes the display names of
// nodes into its search as HTML, and menu entries that have a tag too, so that a name could be a script with the user's
// rights. Help texts are for the client's own filter.
func checkMarkup(s *node.Schema) error {
	names := append([]string{s.Name, s.Category}, s.Aliases...)
	if s.Essentials != nil {
		names = append(names, *s.Essentials)
	}
	for _, o := range s.Outputs {
		names = append(names, o.Name, string(o.Type), o.Match)
	}
	for _, h := range s.Hidden {
		names = append(names, h.Name, string(h.Kind))
	}
	if c := markedChoice(s.Inputs); c != "" {
		return broken("node %q has the choice %.80q, which could be markup in a page", s.ID, c)
	}
	for _, name := range inputNames(names, s.Inputs) {
		if at := tagOpens.FindStringIndex(name); at != nil {
			return broken("node %q has the name %.80q, in which %q would start a tag in a page", s.ID, name, name[at[0]:at[1]])
		}
	}
	return nil
}

// inputNames adds what inputs are called, nested ones too.
func inputNames(names []string, inputs []node.Input) []string {
	for i := range inputs {
		in := &inputs[i]
		names = append(names, in.Name, string(in.Type))
		if t, ok := in.Options["display_name"].(string); ok {
			names = append(names, t)
		}
		if in.Forms == nil {
			continue
		}
		names = append(append(names, in.Forms.Prefix, in.Forms.GroupName, string(in.Forms.SlotType)), in.Forms.Names...)
		names = inputNames(names, in.Forms.Template)
		for _, c := range in.Forms.Cases {
			names = inputNames(append(names, c.Key), c.Inputs)
		}
	}
	return names
}

// markedChoice finds a choice of a combo that could be more than a word in pointed brackets, nested ones too; "" for none. Compat: the
// official client writes choices into its menus as HTML.
func markedChoice(inputs []node.Input) string {
	for i := range inputs {
		in := &inputs[i]
		if in.Choices != nil {
			for _, c := range in.Choices(context.Background()) { // those of a guest are a list
				if text, ok := c.(string); ok && tagWithMore.MatchString(text) {
					return text
				}
			}
		}
		if in.Forms == nil {
			continue
		}
		found := markedChoice(in.Forms.Template)
		for k := 0; k < len(in.Forms.Cases) && found == ""; k++ {
			found = markedChoice(in.Forms.Cases[k].Inputs)
		}
		if found != "" {
			return found
		}
	}
	return ""
}
