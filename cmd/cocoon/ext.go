package main

import (
	"context"
	"fmt"
	"strings"
)

const extUsage = `cocoon ext new --lang c|rust|as|go NAME    starts an extension in the folder NAME, with the SDK in it
cocoon ext build [FOLDER]                  compiles an extension to module.wasm with its language's own compiler, and checks it
cocoon ext inspect FILE.wasm               says what a module can do, from its bytes alone`

// extVerb is one subcommand of "cocoon ext".
type extVerb struct {
	name string
	run  func(ctx context.Context, args []string, std streams) error
}

func extVerbs() []extVerb {
	return []extVerb{{"new", extNew}, {"build", extBuild}, {"inspect", extInspect}}
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
