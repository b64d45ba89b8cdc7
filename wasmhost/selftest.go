package wasmhost

import (
	"context"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// Selftest asks the guest's op selftest, under limits of the caller's choice, and gives the reply as the guest sent it. The
// guest gets the request, and inputs under the key "inputs" as a node gets its own. ctx may carry a node.Run and a tenant.
func (e *Extension) Selftest(ctx context.Context, l Limits, request map[string]any, inputs node.Args) (reply []byte, err error) {
	c := e.newCall(ctx, l)
	c.run, _ = node.RunOf(ctx)
	c.tenant = tenant.Of(ctx)
	err = c.do(abi.OpSelftest, func() (any, error) {
		values, err := c.argsToWire(inputs)
		if err != nil {
			return nil, err
		}
		m := map[string]any{"inputs": values}
		for k, v := range request {
			m[k] = v
		}
		return m, nil
	}, func(c *call, _ any) error {
		reply = c.reply_
		return nil
	})
	return reply, err
}
