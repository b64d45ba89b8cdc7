package wasmhost

import (
	"bytes"
	"context"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/kv"
)

// EraseData deletes what an extension kept in kv for a tenant; for the tenant "", which shares its extensions, for everybody
// but the tenants in keep, who have one of that id of their own.
func (h *Host) EraseData(ctx context.Context, t tenant.ID, id string, keep []tenant.ID) error {
	return h.kv.Erase(ctx, t, id, keep)
}

// kvWork is what a transaction costs besides its bytes: there is one store, for all.
const kvWork = 16 << 10

// errRemoved is why a call that outlives its extension keeps nothing.
var errRemoved = fault.New(fault.Forbidden, "the extension was removed")

// kvDo uses the store for the guest. It holds no place among the guests that compute, and the guest's clock goes on.
func (c *call) kvDo(scope uint32, do func(ctx context.Context, at kv.Space, q kv.Quota) error) int32 {
	at := kv.Space{Tenant: c.tenant, Extension: c.ext.Manifest.ID}
	switch {
	case scope == 1 && c.run.PromptID != "":
		at.Scope = kv.Prompt(c.run.PromptID)
	case scope != 0:
		return abi.ENOENT
	}
	c.work(kvWork)
	var err error
	late := false
	c.aside(func(ctx context.Context) {
		c.ext.keeping.RLock()
		defer c.ext.keeping.RUnlock()
		if err = errRemoved; !c.ext.removed {
			err = do(ctx, at, kv.Quota(c.ext.grant.KV))
			late = ctx.Err() != nil
		}
	})
	if err != nil && late && c.Err() == nil {
		c.alive() // the call's time is over, or the host's
	}
	switch code := fault.CodeOf(err); {
	case err == nil:
		return 0
	case code == fault.NotFound:
		return abi.ENOENT
	case code == fault.Conflict:
		return abi.ECONFLICT
	case code == fault.DiskFull:
		return abi.ELIMIT
	case code == fault.Forbidden:
		return abi.EPERM
	case c.Err() != nil:
		return abi.ECANCEL
	}
	c.note(err)
	return abi.EIO
}

// kvKey reads a key; an empty or a long one is ETOOBIG.
func (c *call) kvKey(ptr, n uint32) (string, bool) {
	if n == 0 || n > abi.MaxKvKeyBytes {
		c.bytes(ptr, n)
		return "", false
	}
	return c.text(ptr, n), true
}

func (c *call) kvGet(scope, key, keyLen, out, limit uint32) int64 {
	k, ok := c.kvKey(key, keyLen)
	if !ok {
		return int64(abi.ETOOBIG)
	}
	c.bytes(out, limit)
	var v []byte
	if e := c.kvDo(scope, func(ctx context.Context, at kv.Space, _ kv.Quota) (err error) {
		v, err = c.host.kv.Get(ctx, at, k)
		return err
	}); e != 0 {
		return int64(e)
	}
	return c.out(v, out, limit)
}

func (c *call) kvPut(scope, key, keyLen, ptr, n uint32, ttl int64) int32 {
	k, ok := c.kvKey(key, keyLen)
	b := c.bytes(ptr, n)
	if !ok || n > abi.MaxKvValueBytes {
		return abi.ETOOBIG
	}
	c.work(int64(n))
	v, live := bytes.Clone(b), time.Duration(min(max(ttl, 0), 1<<40))*time.Millisecond
	return c.kvDo(scope, func(ctx context.Context, at kv.Space, q kv.Quota) error { return c.host.kv.Put(ctx, at, q, k, v, live) })
}

func (c *call) kvCas(scope, key, keyLen, old, oldLen, ptr, n uint32) int32 {
	k, ok := c.kvKey(key, keyLen)
	before, b := c.bytes(old, oldLen), c.bytes(ptr, n)
	if !ok || max(n, oldLen) > abi.MaxKvValueBytes {
		return abi.ETOOBIG
	}
	c.work(int64(n) + int64(oldLen))
	was, v := bytes.Clone(before), bytes.Clone(b)
	return c.kvDo(scope, func(ctx context.Context, at kv.Space, q kv.Quota) error { return c.host.kv.Swap(ctx, at, q, k, was, v) })
}

func (c *call) kvDelete(scope, key, keyLen uint32) int32 {
	k, ok := c.kvKey(key, keyLen)
	if !ok {
		return abi.ETOOBIG
	}
	return c.kvDo(scope, func(ctx context.Context, at kv.Space, _ kv.Quota) error { return c.host.kv.Delete(ctx, at, k) })
}

func (c *call) kvList(scope, prefix, prefixLen, out, limit uint32) int64 {
	p := c.text(prefix, prefixLen)
	c.bytes(out, limit)
	if len(p) > abi.MaxKvKeyBytes {
		return int64(abi.ETOOBIG)
	}
	var keys []string
	if e := c.kvDo(scope, func(ctx context.Context, at kv.Space, _ kv.Quota) (err error) {
		keys, err = c.host.kv.List(ctx, at, p)
		return err
	}); e != 0 {
		return int64(e)
	}
	return c.outValue(keys, out, limit)
}
