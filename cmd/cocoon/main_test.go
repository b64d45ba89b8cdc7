package main

import (
	"os"
	"testing"

	"github.com/cocoonhq/cocoon/wasmhost/jail"
	"github.com/cocoonhq/cocoon/wasmhost/worker"
)

// TestMain lets the program that is tested start itself, as the real one does.
func TestMain(m *testing.M) {
	jail.Main()   // ends here when this process is one that compiles an extension
	worker.Main() // ends here when this process is one that runs extensions
	if os.Getenv("COCOON_TEST_AS_PROGRAM") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}
