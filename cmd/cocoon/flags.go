package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// options are the flags of all commands that compute. Those that ComfyUI has keep its names and meaning.
type options struct {
	base, models, output, input, temp, user string
	extraPaths                              []string
	cpuThreads                              int
	cacheClassic, cacheNone, highRAM        bool
	cacheLRU                                int
	cacheRAM                                string
	previewMethod                           string
	previewSize                             int
	disableMetadata                         bool
	verbose                                 string
	logJSON                                 bool
	testNodes                               string
	durability                              string
	extensions                              string
	noExtensions                            bool
	secrets                                 string
	isolation                               string
	publishers                              string
	barred                                  []string
	allowUnsigned                           bool
	auth                                    authFlags  // of serve alone
	assets                                  assetFlags // of serve alone
}

// optional are the flags whose value may be left out, and what stands for it then.
var optional = map[string]string{
	"listen": "0.0.0.0,::", "enable-cors-header": "*", "verbose": "DEBUG", "cache-ram": "0", "test-nodes": "go",
}

// add declares the common flags.
func (o *options) add(f *flag.FlagSet) {
	f.StringVar(&o.base, "base-directory", defaultBase(), "`folder` of models, input, output, temp and user")
	f.StringVar(&o.models, "models-directory", "", "`folder` of the model folders (default: models in the base directory)")
	f.StringVar(&o.output, "output-directory", "", "`folder` that pictures are saved in")
	f.StringVar(&o.input, "input-directory", "", "`folder` that pictures are loaded from")
	f.StringVar(&o.temp, "temp-directory", "", "`folder` below which temp is made")
	f.StringVar(&o.user, "user-directory", "", "`folder` of settings and the queue")
	f.Func("extra-model-paths-config", "YAML `file` of further model folders; may be given several times", func(s string) error {
		o.extraPaths = append(o.extraPaths, s)
		return nil
	})
	f.IntVar(&o.cpuThreads, "threads", 0, "CPU `threads` to compute with (default: all cores)")
	f.Bool("cpu", true, "hidden: compute on the CPU, which is what there is")
	f.BoolVar(&o.cacheClassic, "cache-classic", false, "keep results only while the next prompt uses them")
	f.BoolVar(&o.highRAM, "high-ram", false, "hidden: the same as --cache-classic")
	f.IntVar(&o.cacheLRU, "cache-lru", 0, "keep up to `n` results of past prompts")
	f.BoolVar(&o.cacheNone, "cache-none", false, "keep no results")
	f.StringVar(&o.cacheRAM, "cache-ram", "", "keep results until less than `GB` of memory is free (the default)")
	f.StringVar(&o.previewMethod, "preview-method", "auto", "pictures of unfinished work: the `method` is auto, none, latent2rgb or taesd")
	f.IntVar(&o.previewSize, "preview-size", 512, "longest side of previews in `pixels`")
	f.BoolVar(&o.disableMetadata, "disable-metadata", false, "write no workflow into saved pictures")
	f.StringVar(&o.verbose, "verbose", "INFO", "what to log: the `level` is DEBUG, INFO, WARNING, ERROR or CRITICAL")
	f.BoolVar(&o.logJSON, "log-json", false, "log as JSON")
	f.StringVar(&o.durability, "durability", "process", "`what` jobs survive: process (the death of this program at any instant) or full (a power cut too; slower)")
	f.StringVar(&o.extensions, "extensions-directory", "", "`folder` of installed extensions (default: extensions in the base directory)")
	f.BoolVar(&o.noExtensions, "disable-extensions", false, "load no extensions")
	f.BoolVar(&o.noExtensions, "disable-all-custom-nodes", false, "hidden: the same as --disable-extensions")
	f.StringVar(&o.isolation, "extension-isolation", "", "`where` extensions run: process (the server's own), tenant (a process for each tenant) or job (one for each prompt); tenant is the default with --auth")
	f.StringVar(&o.secrets, "extension-secrets", "", "JSON `file` of secrets that extensions may send but not see: {\"id\": {\"NAME\": \"value\"}}; \"tenant/id\" for one tenant")
	f.StringVar(&o.publishers, "extension-keys", "", "`file` of the keys whose extensions may be installed: a line a key, then web for a key whose pages are trusted, and ids (default: any key, if the user consents)")
	f.Func("barred-extensions", "`file` of keys (ed25519:…), packages (sha256-…) and versions (id@1.2.3) that must not run, a line each with the reason; may be given several times", func(s string) error {
		o.barred = append(o.barred, s)
		return nil
	})
	f.BoolVar(&o.allowUnsigned, "allow-unsigned", false, "with --auth let extensions be installed that nobody signed, if the user consents; without it they may be")
	f.StringVar(&o.testNodes, "test-nodes", "", "hidden: also offer the nodes of the test suites")
}

// parse reads args. Flags and plain arguments may be mixed; the plain ones come back.
func parse(f *flag.FlagSet, args []string) ([]string, error) {
	askedFor(f, args)
	args = fillOptional(args)
	var plain []string
	for len(args) > 0 {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, exitCode(0)
			}
			return nil, exitCode(2)
		}
		args = f.Args()
		if len(args) > 0 {
			plain, args = append(plain, args[0]), args[1:]
		}
	}
	return plain, nil
}

// fillOptional gives flags that came without their optional value the one that stands for it.
func fillOptional(args []string) []string {
	out := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		name := strings.TrimLeft(args[i], "-")
		fallback, ok := optional[name]
		switch {
		case !ok || !strings.HasPrefix(args[i], "-"):
			out = append(out, args[i])
		case i+1 < len(args) && !strings.HasPrefix(args[i+1], "-"):
			out = append(out, args[i]+"="+args[i+1])
			i++
		default:
			out = append(out, args[i]+"="+fallback)
		}
	}
	return out
}

// check finds what contradicts itself, and fills folders in.
func (o *options) check() error {
	if n := count(o.cacheClassic || o.highRAM, o.cacheNone, o.cacheLRU > 0, o.cacheRAM != ""); n > 1 {
		return errors.New("--cache-classic, --cache-lru, --cache-none and --cache-ram exclude each other")
	}
	if !slices.Contains([]string{"none", "auto", "latent2rgb", "taesd"}, o.previewMethod) {
		return fmt.Errorf("--preview-method is %q; it must be none, auto, latent2rgb or taesd", o.previewMethod)
	}
	if _, ok := isolations[o.isolation]; !ok && o.isolation != "" {
		return fmt.Errorf("--extension-isolation is %q; it must be process, tenant or job", o.isolation)
	}
	if !slices.Contains([]string{"", "process", "full"}, o.durability) {
		return fmt.Errorf("--durability is %q; it must be process or full", o.durability)
	}
	return o.fillFolders()
}

// fillFolders gives the folders that no flag names their places, and makes all of them absolute: clients are told of them, and
// the catalogue of assets remembers them.
func (o *options) fillFolders() error {
	for _, dir := range []*string{&o.base, &o.models, &o.output, &o.input, &o.temp, &o.user, &o.extensions} {
		if *dir == "" {
			continue
		}
		full, err := filepath.Abs(*dir)
		if err != nil {
			return fmt.Errorf("find the folder %s: %w", *dir, err)
		}
		*dir = full
	}
	fill := func(dir *string, name string) {
		if *dir == "" {
			*dir = filepath.Join(o.base, name)
		}
	}
	fill(&o.models, "models")
	fill(&o.output, "output")
	fill(&o.input, "input")
	fill(&o.user, "user")
	fill(&o.extensions, "extensions")
	if o.temp == "" {
		o.temp = o.base
	}
	o.temp = filepath.Join(o.temp, "temp")
	return nil
}

func count(flags ...bool) int {
	n := 0
	for _, f := range flags {
		if f {
			n++
		}
	}
	return n
}

// defaultBase is where everything lies when no flag says otherwise: a folder that its owner finds again.
func defaultBase() string {
	if dir := os.Getenv("COCOON_HOME"); dir != "" {
		return dir
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, "cocoon")
	}
	return "cocoon"
}
