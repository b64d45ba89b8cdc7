package wasmhost

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

func TestReason(t *testing.T) {
	dying := func(s string) words { return words{dying: strings.Split(s, "\n")} }
	for _, x := range []struct {
		name  string
		given words
		want  string
	}{
		{"nothing", words{}, ""},
		{"an error that was logged", words{last: "panicked at src/lib.rs:4:5"}, "panicked at src/lib.rs:4:5"},
		{"a panic", dying("panic: wrong\ngoroutine 1 [running]:\nmain.helper(...)\n\tlens/main.go:28\nmain.do({0x1, 0x2})\n\tlens/main.go:9 +0x4"), "panic: wrong (main.helper, lens/main.go:28)"},
		{"a panic of the runtime's", dying("panic: runtime error: index out of range [4] with length 4\ngoroutine 1 [running]:\nmain.do({{{0x1}}, 0x4})\n\tlens/main.go:9 +0x4"),
			"panic: runtime error: index out of range [4] with length 4 (main.do, lens/main.go:9)"},
		{"inside of the SDK", dying("panic: x\ngoroutine 1 [running]:\npanic({0x1, 0x2})\n\truntime/panic.go:9 +0x1\ngithub.com/cocoonhq/cocoon/sdk-wasm/guest.Serve(...)\n\tguest/serve.go:3\nmain.init()\n\tlens/main.go:4 +0x8"),
			"panic: x (main.init, lens/main.go:4)"},
		{"no stack", dying("fatal error: out of memory"), "fatal error: out of memory"},
		{"cut short", dying("panic: x\nmain.do("), "panic: x"},
	} {
		if got := x.given.reason(); got != x.want {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
	}
}

func TestBecause(t *testing.T) {
	w := words{refused: `"kv" is not granted`, at: 7}
	for _, x := range []struct {
		code  int32
		text  string
		calls int
		want  string
	}{
		{abi.EPERM, "no notes", 8, "no notes\n\"kv\" is not granted"},
		{abi.EPERM, "", 8, `"kv" is not granted`},
		{abi.EPERM, `"kv" is not granted`, 8, `"kv" is not granted`},
		{abi.EPERM, "no notes", 20, "no notes"},
		{1, "my own", 8, "my own"},
	} {
		if got := w.because(x.code, x.text, x.calls); got != x.want {
			t.Errorf("%+v: %q", x, got)
		}
	}
	if got := (&words{}).because(abi.EPERM, "no notes", 1); got != "no notes" {
		t.Errorf("nothing was refused: %q", got)
	}
}

func TestStackOf(t *testing.T) {
	what, stack := stackOf("wasm error: unreachable\nwasm stack trace:\n\t.helper(i64) i64\n\t.$12(i32) i32\n\t._ZN4lens4blur17h0123456789abcdefE(i32)\n\t._RNvNtCs1_4core9panicking5panic(i32,i32)\n\t.co_execute(i32) i32")
	if d := cmp.Diff([]string{"helper", "lens::blur", "co_execute"}, stack); what != "wasm error: unreachable" || d != "" {
		t.Errorf("%q %s", what, d)
	}
	if what, stack := stackOf("module closed"); what != "module closed" || stack != nil {
		t.Errorf("%q %q", what, stack)
	}
	for given, want := range map[string]string{"_ZN": "", "_ZN9abE": "", "_ZN1a1bE": "a::b", "_ZN99999999999999999999x": ""} {
		if got := plainName(given); got != want {
			t.Errorf("%s: %q, want %q", given, got, want)
		}
	}
}
