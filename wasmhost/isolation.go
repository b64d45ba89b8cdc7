package wasmhost

import (
	"context"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost/code"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
	"github.com/cocoonhq/cocoon/wasmhost/worker"
)

// Isolation says where guests run.
type Isolation uint8

// The levels. In all of them a guest is metered, limited and pristine at each call; a process of its own is for what the
// sandbox itself may get wrong.
const (
	InProcess Isolation = iota // in the server's process: for one user
	PerTenant                  // in a process for each tenant, confined by namespaces, Landlock, seccomp and control groups
	PerJob                     // in such a process for each prompt; routes as PerTenant
)

// openEngine makes the engine of the level.
func (h *Host) openEngine(ctx context.Context) (err error) {
	if h.c.Isolation == InProcess {
		cfg := slot.InterpreterConfig()
		if !h.c.Interpret {
			cfg = slot.RuntimeConfig(h.cache.Engine())
		}
		h.engine, err = slot.NewMachine(ctx, cfg, bind())
		return err
	}
	if len(h.c.Worker) == 0 {
		return fault.New(fault.Unsupported, "there is no command that starts worker processes")
	}
	h.workers, err = worker.New(ctx, worker.Config{Command: h.c.Worker, Key: h.workerOf, Funcs: bind(), Interpret: h.c.Interpret})
	h.engine = h.workers
	return err
}

// code gives what shows the engine of this process a module's code. Workers are shown it one by one.
func (h *Host) code(ctx context.Context, a *code.Module) (show func() (forget func(), err error), err error) {
	if h.c.Interpret || h.workers != nil {
		return nil, nil
	}
	return h.cache.Prepare(ctx, a)
}

// workerOf names the process that a call runs in.
func (h *Host) workerOf(ctx context.Context) string {
	key := string(tenant.Of(ctx))
	if run, ok := node.RunOf(ctx); ok && h.c.Isolation == PerJob && run.PromptID != "" {
		key += "\x00" + run.PromptID
	}
	return key
}

// Unconfined names what this system does not confine worker processes by; nil without workers.
func (h *Host) Unconfined() []string {
	if h.workers == nil {
		return nil
	}
	return h.workers.Missing()
}

// endJob ends the process of a prompt, if it has one of its own.
func (h *Host) endJob(ctx context.Context, prompt string) {
	if h.workers != nil && h.c.Isolation == PerJob {
		h.workers.End(string(tenant.Of(ctx)) + "\x00" + prompt)
	}
}
