package models

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// maxConfigBytes bounds a file of extra model paths.
const maxConfigBytes = 1 << 20

// AddConfig adds the roots that a file of --extra-model-paths-config names: sections with an optional base_path (variables and
// ~ are expanded; relative to the file) and is_default (its roots come first), and folder keys with a path a line. Errors:
// NotFound; BadFile, naming the line.
//
// Compat: the reference's extra_model_paths.yaml.
func (f *Folders) AddConfig(path string) error {
	name := filepath.Base(path)
	text, err := os.ReadFile(path)
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "%s: the file of extra model paths cannot be read", name)
	}
	if len(text) > maxConfigBytes {
		return fault.New(fault.TooLarge, "%s: %d bytes are too many for a file of paths", name, len(text))
	}
	sections, err := parseSections(string(text))
	if err != nil {
		return fault.New(fault.BadFile, "%s: %v", name, err)
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return fault.Wrap(err, fault.BadFile, "%s: has no absolute path", name)
	}
	for _, s := range sections {
		f.addSection(s, dir)
	}
	return nil
}

func (f *Folders) addSection(s section, dir string) {
	base, first := "", false
	if text, ok := s.get("base_path"); ok && text != "" {
		base = absolute(expand(text), dir)
	}
	if text, ok := s.get("is_default"); ok {
		switch strings.ToLower(text) {
		case "true", "yes", "on", "y":
			first = true
		}
	}
	for _, p := range s.pairs {
		if p.key == "base_path" || p.key == "is_default" {
			continue
		}
		for line := range strings.SplitSeq(p.value, "\n") {
			if line == "" {
				continue
			}
			under := dir
			if base != "" {
				under = base
			}
			f.Add(p.key, absolute(line, under), first)
		}
	}
}

func absolute(path, under string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(under, path)
}

// expand replaces ~ and the environment's variables; an unset one stays as it is.
func expand(path string) string {
	if path == "~" || strings.HasPrefix(path, "~/") || strings.HasPrefix(path, `~\`) {
		if home, err := os.UserHomeDir(); err == nil {
			path = home + path[1:]
		}
	}
	return os.Expand(path, func(name string) string {
		if v, ok := os.LookupEnv(name); ok {
			return v
		}
		return "$" + name
	})
}
