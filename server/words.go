package server

import (
	"context"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
)

// wordParts are the files of a language. What is in main.json stands beside the others.
var wordParts = []string{"main", "nodeDefs", "commands", "settings"}

// Bounds of the translations of extensions.
const (
	maxLanguages = 64
	maxWordFile  = 1 << 20 // bytes
	maxWordBytes = 1 << 20 // of the keys and texts of one extension that are taken
	maxAllWords  = 4 << 20 // of a tenant's extensions together
)

// languageForm is the form of a language's name: "de", "zh-TW", "pt-BR".
var languageForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)

// i18n is GET /i18n: the packs' translations, merged in the order of their names, and those of extensions where they say
// nothing.
func (s *Server) i18n(w http.ResponseWriter, r *http.Request, _ params) error {
	s.stock(r.Context()).words().send(w, r)
	return nil
}

func (p *packs) translations() *doc.Object {
	all := &doc.Object{}
	for _, pack := range p.list {
		languages, _ := fs.ReadDir(pack.Files, "locales")
		for _, l := range languages {
			if !l.IsDir() {
				continue
			}
			words := &doc.Object{}
			for _, part := range wordParts {
				b, err := readPackFile(pack.Files, path.Join("locales", l.Name(), part+".json"))
				if err != nil {
					continue
				}
				o := doc.Stored(b)
				if part != "main" {
					o = doc.Of(part, o)
				}
				merge(words, o)
			}
			merge(all, doc.Of(l.Name(), words))
		}
	}
	return all
}

// merge puts from into into: objects are merged, lists joined, and of other values the later wins.
func merge(into, from *doc.Object) {
	for i := range from.Len() {
		k, v := from.At(i)
		old, _ := into.Get(k)
		switch t := v.(type) {
		case *doc.Object:
			if o, ok := old.(*doc.Object); ok {
				merge(o, t)
				continue
			}
		case []any:
			if l, ok := old.([]any); ok {
				into.Set(k, slices.Concat(l, t))
				continue
			}
		}
		into.Set(k, v)
	}
}

// fill puts from into into where there is nothing yet.
func fill(into, from *doc.Object) {
	for i := range from.Len() {
		k, v := from.At(i)
		old, there := into.Get(k)
		if !there {
			into.Set(k, v)
			continue
		}
		o, ok := old.(*doc.Object)
		if f, both := v.(*doc.Object); ok && both {
			fill(o, f)
		}
	}
}

// translations are the packs', and behind them what extensions say of what is their own.
func (s *Server) translations(ctx context.Context, bundles []*bundle) *doc.Object {
	all := s.packs.translations()
	own := s.owners(ctx, bundles)
	left := maxAllWords
	for i, b := range bundles {
		x := extract{id: spelled(b.ID), left: min(maxWordBytes, left)}
		before := x.left
		x.class = func(key string) bool { return is(own.classes, key, i) }
		x.category = func(key string) bool { return is(own.categories, key, i) }
		x.name = func(key string) bool { return own.name(key) == x.id }
		for _, l := range b.languages() {
			words := x.language(l, b.Files, b.read)
			if words.Len() > 0 {
				fill(all, doc.Of(l, words))
			}
		}
		left -= before - x.left
	}
	return all
}

// languages lists those that an extension has words in, sorted.
func (b *bundle) languages() []string { return languagesOf(b.Files) }

func languagesOf(files map[string]int64) []string {
	var all []string
	for name := range files {
		parts := strings.Split(name, "/")
		if len(parts) != 3 || parts[0] != "locales" || !languageForm.MatchString(parts[1]) ||
			!slices.Contains(wordParts, strings.TrimSuffix(parts[2], ".json")) || !strings.HasSuffix(parts[2], ".json") {
			continue
		}
		if !slices.Contains(all, parts[1]) {
			all = append(all, parts[1])
		}
	}
	slices.Sort(all)
	return all[:min(len(all), maxLanguages)]
}

// owners says whose the keys of translations are: an index of a bundle, or foreign.
type owners struct {
	classes    map[string]int // by the name of a class with _ for its dots, as clients spell it
	categories map[string]int // by one segment of a menu path
	ids        []string       // as they are spelled
}

// foreign is the owner of what is the server's, a pack's, or of several.
const foreign = -1

func is(all map[string]int, key string, owner int) bool {
	o, ok := all[key]
	return ok && o == owner
}

// owners looks through all nodes that the tenant of ctx sees. The registry has the server's own before those of extensions, and
// of two extensions with one class names the one that counts.
func (s *Server) owners(ctx context.Context, bundles []*bundle) *owners {
	o := &owners{classes: map[string]int{}, categories: map[string]int{}}
	from := map[string]int{}
	for i, b := range bundles {
		o.ids = append(o.ids, spelled(b.ID))
		for _, class := range b.Classes {
			if _, taken := from[class]; !taken {
				from[class] = i
			}
		}
	}
	if s.c.Registry == nil {
		return o
	}
	for n := range s.c.Registry.All(ctx) {
		schema := n.Schema()
		owner, ok := from[schema.ID]
		if _, core := s.c.Registry.Core(schema.ID); core || !ok {
			owner = foreign
		}
		if _, taken := o.classes[spelled(schema.ID)]; !taken {
			o.classes[spelled(schema.ID)] = owner
		}
		for segment := range strings.SplitSeq(schema.Category, "/") {
			o.categories[segment] = joint(o.categories, segment, owner)
		}
	}
	return o
}

// joint is whose something is that an owner has, too.
func joint(all map[string]int, key string, owner int) int {
	if before, ok := all[key]; ok && before != owner {
		return foreign
	}
	return owner
}

// name gives the extension that a key of its own name space belongs to: the longest id that is the key, or stands before a _
// in it. "" is nobody's.
func (o *owners) name(key string) string {
	best := ""
	for _, id := range o.ids {
		if (key == id || strings.HasPrefix(key, id+"_")) && len(id) > len(best) {
			best = id
		}
	}
	return best
}
