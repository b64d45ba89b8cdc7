package pack

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// The files of a package that have a meaning of their own.
const (
	ManifestFile   = "manifest.json"
	ModuleFile     = "module.wasm"
	SignaturesFile = "SIGNATURES"
	ReplaceFile    = "node_replacements.json"
)

// files and folders that a package may have, besides ManifestFile, ModuleFile and SignaturesFile.
func looseFiles() []string { return []string{ReplaceFile, "LICENSE", "NOTICE", "README.md"} }

func folders() []string {
	return []string{"docs", "example_workflows", "locales", "subgraphs", "tests", "web", "workflows"}
}

// deviceNames are those that some systems take for devices, whatever stands behind a dot.
func deviceNames() []string {
	return []string{"con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
		"lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9"}
}

const (
	maxName  = 200 // bytes
	maxDepth = 12  // segments
)

// CheckName looks whether a file of a package may be called so: a path with slashes that means the same on every system,
// inside of a folder that packages have.
func CheckName(name string) error {
	if err := checkPath(name); err != nil {
		return err
	}
	first, _, nested := strings.Cut(name, "/")
	switch {
	case nested && slices.Contains(folders(), first):
		return nil
	case !nested && (name == ManifestFile || name == ModuleFile || name == SignaturesFile || slices.Contains(looseFiles(), name)):
		return nil
	}
	return fault.New(fault.BadFile, "%q has no place in a package: beside %s and %s there may be %s, and files in %s", name, ManifestFile, ModuleFile,
		strings.Join(looseFiles(), ", "), strings.Join(folders(), ", "))
}

func checkPath(name string) error {
	bad := func(why string) error {
		return fault.New(fault.BadFile, "the package has a file %.80q, which %s", name, why)
	}
	switch {
	case name == "" || len(name) > maxName:
		return bad("is not named in 1 to 200 bytes")
	case !utf8.ValidString(name) || !norm.NFC.IsNormalString(name):
		return bad("is not named in composed UTF-8 (NFC)")
	case strings.ContainsAny(name, `\:<>"|?*`) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) || r != ' ' && unicode.IsSpace(r) }):
		return bad(`has \ : < > " | ? * or a character that cannot be seen in its name`)
	}
	segments := strings.Split(name, "/")
	if len(segments) > maxDepth {
		return bad("lies too deep")
	}
	for _, s := range segments {
		stem, _, _ := strings.Cut(strings.ToLower(s), ".")
		switch {
		case s == "" || s[0] == '.' || s[0] == ' ':
			return bad("has a name that is empty or starts with a dot or a space")
		case strings.HasSuffix(s, ".") || strings.HasSuffix(s, " "):
			return bad("has a name that ends in a dot or a space")
		case slices.Contains(deviceNames(), strings.TrimRight(stem, " ")):
			return bad("some systems take for a device")
		}
	}
	return nil
}

// nameSet finds names that some system would take for the same, or for a file and a folder at once.
type nameSet struct {
	fold cases.Caser
	seen map[string]string // folded path → path; a folder ends in /
}

func newNameSet() *nameSet { return &nameSet{cases.Fold(), map[string]string{}} }

func (s *nameSet) add(name string) error {
	for i, c := range name {
		if c == '/' {
			if err := s.put(name[:i], name[:i+1]); err != nil {
				return err
			}
		}
	}
	if _, twice := s.seen[s.key(name)]; twice {
		return fault.New(fault.BadFile, "the package has %q twice, or in two spellings that some systems take for one", name)
	}
	return s.put(name, name)
}

func (s *nameSet) key(name string) string {
	return norm.NFC.String(s.fold.String(norm.NFKC.String(name)))
}

func (s *nameSet) put(name, as string) error {
	k := s.key(name)
	if old, ok := s.seen[k]; ok && old != as {
		return fault.New(fault.BadFile, "the package has %q and %q, which some systems take for one", old, as)
	}
	s.seen[k] = as
	return nil
}
