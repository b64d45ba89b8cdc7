package main

import (
	"context"
	"fmt"
	"strings"
)

const extUsage = `Extensions add nodes and routes to Cocoon. They run in a sandbox, and do only what they were granted.

To use one:
  cocoon ext inspect FILE.cocoon    says what it is, who signed it and what it asks for
  cocoon ext install FILE.cocoon    installs it, with your consent; a server that runs takes it on at once
  cocoon ext list                   lists what is installed
  cocoon ext grant ID [WHAT ...]    shows or widens what it may do
  cocoon ext revoke ID WHAT ...     takes back what it may do; or bars a key, a package or a version
  cocoon ext remove ID              takes it away

To write one:
  cocoon ext new --lang go NAME     starts one in the folder NAME, with the SDK in it
  cocoon ext dev [FOLDER]           builds it whenever a file changes, and runs it in your server
  cocoon ext build [FOLDER]         compiles it to module.wasm, and checks it
  cocoon ext test [FOLDER]          runs its tests, compiled and interpreted
  cocoon ext bench [FOLDER]         measures its nodes

To publish one:
  cocoon ext keygen                 makes the key that you sign with
  cocoon ext pack [FOLDER]          makes ID-VERSION.cocoon
  cocoon ext sign FILE.cocoon       signs a package
  cocoon ext verify FILE.cocoon     checks a package as a server would, and runs its tests

"cocoon ext COMMAND --help" tells more of each.`

// extVerb is one subcommand of "cocoon ext".
type extVerb struct {
	name string
	run  func(ctx context.Context, args []string, std streams) error
}

func extVerbs() []extVerb {
	return []extVerb{
		{"inspect", extInspect}, {"install", extInstall}, {"list", extList}, {"grant", extGrant}, {"revoke", extRevoke}, {"remove", extRemove},
		{"new", extNew}, {"dev", extDev}, {"build", extBuild}, {"test", extTest}, {"bench", extBench},
		{"keygen", extKeygen}, {"pack", extPack}, {"sign", extSign}, {"verify", extVerify},
	}
}

// extCommand is "cocoon ext".
func extCommand(ctx context.Context, args []string, std streams) error {
	if len(args) == 0 {
		fmt.Fprintln(std.err, extUsage)
		return exitCode(2)
	}
	var names []string
	for _, v := range extVerbs() {
		if v.name == args[0] {
			return v.run(ctx, args[1:], std)
		}
		names = append(names, v.name)
	}
	if strings.TrimLeft(args[0], "-") == "help" || args[0] == "-h" {
		fmt.Fprintln(std.out, extUsage)
		return nil
	}
	return fmt.Errorf("there is no ext command %q; it is one of %s", args[0], strings.Join(names, ", "))
}
