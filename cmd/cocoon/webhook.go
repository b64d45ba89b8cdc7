package main

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/server"
)

// webhookSecret names the variable with the secret that webhooks are signed with.
const webhookSecret = "COCOON_WEBHOOK_SECRET"

// hookFlags are those of the webhook.
type hookFlags struct{ url string }

func (h *hookFlags) add(f *flag.FlagSet) {
	f.StringVar(&h.url, "webhook", "", "tell this `URL` when a prompt has ended, signed with $"+webhookSecret)
}

func (h *hookFlags) check() error {
	if h.url == "" {
		return nil
	}
	u, err := url.Parse(h.url)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("--webhook is %q; it must be an address such as https://example.com/done", h.url)
	}
	if os.Getenv(webhookSecret) == "" {
		return fmt.Errorf("--webhook needs a secret to sign with: set $%s", webhookSecret)
	}
	return nil
}

// start tells the webhook of what e finishes; the result ends that.
func (h *hookFlags) start(ctx context.Context, e *engine.Engine, hub *server.Hub) (stop func()) {
	if h.url == "" {
		return func() {}
	}
	w := &server.Webhook{URL: h.url, Secret: []byte(os.Getenv(webhookSecret))}
	w.Start(ctx, e)
	hub.Tell(w)
	return w.Close
}
