package wasmhost

import (
	"context"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/cocoonhq/cocoon/wasmhost/jail"
	"github.com/cocoonhq/cocoon/wasmhost/worker"
)

// codeDir is a code cache that the tests share.
var codeDir string

func TestMain(m *testing.M) {
	if jail.Main() || worker.Main() {
		return
	}
	dir, err := os.MkdirTemp("", "cocoon-test-code-")
	if err != nil {
		panic(err)
	}
	codeDir = dir
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"), goleak.Cleanup(func(code int) {
		if fuzzHost.h != nil {
			_ = fuzzHost.h.Close(context.Background())
		}
		os.RemoveAll(dir)
		os.Exit(code)
	}))
}
