package wasmhost

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/mail"
)

func (c *call) msgWait(topic, topicLen, timeoutMs, out, limit uint32) int64 {
	t := c.text(topic, topicLen)
	c.bytes(out, limit)
	if c.run.NodeID == "" {
		return int64(abi.EUNSUP)
	}
	if topicLen > abi.MaxKvKeyBytes {
		return int64(abi.ETOOBIG)
	}
	box := mail.Box{Tenant: c.tenant, Extension: c.ext.Manifest.ID, Prompt: c.run.PromptID, Node: c.run.NodeID, Topic: t}
	var msg []byte
	ok := false
	c.virtual += time.Duration(timeoutMs) * time.Millisecond
	c.park(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, c.ext.waits(time.Duration(timeoutMs)*time.Millisecond))
		defer cancel()
		msg, ok = c.host.mail.Wait(ctx, box)
	})
	switch {
	case c.Err() != nil:
		return int64(abi.ECANCEL)
	case !ok:
		if c.host.c.Hurry {
			c.ext.journal.add(zerolog.WarnLevel, fmt.Sprintf("nothing has left a message of the topic %q for the node", t))
		}
		return int64(abi.ETIMEOUT)
	}
	return c.out(msg, out, limit)
}

func (c *call) msgPost(prompt, promptLen, nodeID, nodeLen, topic, topicLen, ptr, n uint32) int32 {
	box := mail.Box{Tenant: c.tenant, Extension: c.ext.Manifest.ID, Prompt: c.text(prompt, promptLen), Node: c.text(nodeID, nodeLen), Topic: c.text(topic, topicLen)}
	b := c.bytes(ptr, n)
	if n > abi.MaxMsgBytes || max(promptLen, nodeLen, topicLen) > abi.MaxKvKeyBytes {
		return abi.ETOOBIG
	}
	c.work(int64(n))
	awaited, err := c.host.mail.Post(box, bytes.Clone(b))
	switch {
	case err != nil:
		return abi.ELIMIT
	case awaited:
		return 1
	}
	return 0
}

// Post leaves a message for a node of the extension, as a route of it would for the tenant that ctx carries. Errors: that of a mailbox
// without room.
func (e *Extension) Post(ctx context.Context, prompt, nodeID, topic string, message []byte) error {
	_, err := e.host.mail.Post(mail.Box{Tenant: tenant.Of(ctx), Extension: e.Manifest.ID, Prompt: prompt, Node: nodeID, Topic: topic}, message)
	return err
}
