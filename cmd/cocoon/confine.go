package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/wasmhost"
)

// lacks says what it means that a layer is missing around the processes of extensions, and how to have it.
var lacks = map[string]string{
	"a control group": "the memory of a tenant's process has no bound of the system's. Start Cocoon where it may make control groups (version 2): under systemd, Delegate=yes",
	"namespaces":      "those processes share this machine's network and users. Allow unprivileged user namespaces: sysctl user.max_user_namespaces=10000, and on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0",
	"Landlock":        "what keeps files from those processes is one layer less. Linux 5.13 and newer have it, where the boot parameter lsm= names it",
	"seccomp":         "those processes may make any system call. A kernel with CONFIG_SECCOMP_FILTER has it",
	"rlimits":         "those processes may use any amount of processor time to compile",
}

// tellConfinement says at the start what is missing around extensions.
func tellConfinement(ctx context.Context, o *options, level wasmhost.Isolation, missing []string) {
	log := zerolog.Ctx(ctx)
	if level == wasmhost.InProcess {
		if o.auth.on {
			log.Warn().Msg("the extensions of all tenants run in the server's own process, with nothing but the sandbox between them; --extension-isolation tenant gives each a process of its own (Linux)")
		}
		return
	}
	for _, m := range missing {
		log.Warn().Str("missing", m).Str("so", cmp.Or(lacks[m], "there is one layer less")).Msg("the processes of extensions are less confined than they could be")
	}
	if len(missing) == 0 {
		log.Info().Msg("the processes of extensions are confined by namespaces, Landlock, seccomp and control groups")
	}
}

// reportConfinement says for the doctor what a process for each tenant would be confined by here.
func reportConfinement(ctx context.Context, w io.Writer) (err error) {
	missing, err := confinement(ctx)
	if err != nil {
		fmt.Fprintf(w, "%-11s the sandbox, and no processes of tenants: %v\n", "extensions", err)
		return nil
	}
	if len(missing) == 0 {
		fmt.Fprintf(w, "%-11s with --auth in processes of tenants, confined by namespaces, Landlock, seccomp and control groups\n", "extensions")
	}
	for _, m := range missing {
		fmt.Fprintf(w, "%-11s with --auth in processes of tenants, but without %s: %s\n", "extensions", m, cmp.Or(lacks[m], "there is one layer less"))
	}
	return nil
}

// confinement starts a host of extensions that has a process for each tenant, and looks at what is missing.
func confinement(ctx context.Context) (missing []string, err error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	b := cpu.New(cpu.Options{Threads: 1})
	defer b.Close()
	h, err := wasmhost.New(ctx, wasmhost.Config{Backend: b, Isolation: wasmhost.PerTenant, Worker: []string{exe}})
	if err != nil {
		return nil, err
	}
	return h.Unconfined(), h.Close(ctx)
}

// reportCompilers says for the doctor which languages extensions can be written in here.
func reportCompilers(w io.Writer) {
	have := func(tools ...string) error {
		for _, t := range tools {
			if _, err := exec.LookPath(t); err != nil {
				return fmt.Errorf("%s is missing", t)
			}
		}
		return nil
	}
	for _, l := range []struct {
		name, how string
		err       error
	}{
		{"go", "https://go.dev/dl", have("go")}, {"c", needClang, have("clang", "wasm-ld")},
		{"rust", needRust, errors.Join(have("cargo"), rustTarget(context.Background()))}, {"as", "https://nodejs.org", have("node", "npm")},
	} {
		state := "ready"
		if l.err != nil {
			state = strings.ReplaceAll(l.err.Error(), "\n", "; ")
			if !strings.Contains(state, l.how) && !strings.Contains(state, "rustup target") {
				state += " (" + l.how + ")"
			}
		}
		fmt.Fprintf(w, "%-11s cocoon ext new --lang %-5s %s\n", "writing", l.name+":", state)
	}
}
