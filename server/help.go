package server

import (
	"net/http"
	"path"
	"slices"
	"strings"
)

const (
	maxHelp        = 256 << 10 // bytes of a page
	maxHelpPicture = 8 << 20   // bytes
)

// bundledPage sends a page of help about an extension's node, or a picture of one; false when there is none of that name.
// Compat: clients ask for docs/CLASS/LANGUAGE.md, then for docs/CLASS.md, and take pictures from docs/.
func (s *Server) bundledPage(w http.ResponseWriter, r *http.Request, b *bundle, name string) bool {
	most, names, change := int64(maxHelpPicture), []string{name}, func(page []byte) ([]byte, error) { return page, nil }
	switch ending := strings.ToLower(path.Ext(name)); {
	case ending == ".md":
		most, names, change = maxHelp, pagesFor(name), func(page []byte) ([]byte, error) { return inertMarkdown(page), nil }
	case !slices.Contains(pictures, ending):
		return false
	}
	file := b.pick(most, names...)
	return file != "" && s.sendBundled(w, r, b, file, change) == nil
}

// pagesFor lists the pages that do for one that is asked for: the language as it is, without its region, without a language,
// in English.
func pagesFor(name string) []string {
	names := []string{name}
	if class, ok := strings.CutSuffix(name, ".md"); ok {
		names = append(names, class+"/en.md")
	}
	dir, language := path.Split(strings.TrimSuffix(name, ".md"))
	if dir == "docs/" || !languageForm.MatchString(language) {
		return names
	}
	if plain, _, regional := strings.Cut(language, "-"); regional {
		names = append(names, dir+plain+".md")
	}
	return append(names, strings.TrimSuffix(dir, "/")+".md", dir+"en.md")
}
