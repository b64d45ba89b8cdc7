// Command load measures a Cocoon server on this machine: how fast it answers, queues and tells events, and how much memory
// idle clients cost. It starts the server by itself, on loopback, and bounds everything it does in count and time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"text/tabwriter"
	"time"
)

// plan is how much is done.
type plan struct {
	binary                                string
	requests, queued, sockets, subscribed int
	nodes, listed                         int
	most                                  time.Duration
}

func main() {
	var p plan
	flag.StringVar(&p.binary, "binary", "bin/cocoon", "the `server` to start")
	flag.IntVar(&p.requests, "requests", 200, "requests of each kind")
	flag.IntVar(&p.queued, "queued", 2000, "prompts that wait while submitting is measured; up to 100,000")
	flag.IntVar(&p.listed, "listed", 100_000, "prompts that wait while lists of all of them are measured; up to 200,000")
	flag.IntVar(&p.nodes, "nodes", 600, "nodes to add to those that are there; up to 5,000")
	flag.IntVar(&p.sockets, "sockets", 1000, "idle sockets; up to 5,000")
	flag.IntVar(&p.subscribed, "subscribers", 1000, "sockets that get events; up to 5,000")
	flag.DurationVar(&p.most, "time", 5*time.Minute, "after this it ends")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ctx, cancel := context.WithTimeout(ctx, p.most)
	err := run(ctx, p)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// row is one line of the table.
type row struct{ what, got, aim string }

func run(ctx context.Context, p plan) error {
	if p.queued > 100_000 || p.listed > 200_000 || p.sockets > 5000 || p.subscribed > 5000 || p.requests > 10_000 || p.nodes > 5000 {
		return errors.New("more than the bounds of its flags")
	}
	s, err := start(ctx, p)
	if err != nil {
		return err
	}
	defer s.stop()
	rows := []row{{fmt.Sprintf("start to first answer, %d nodes more", p.nodes), s.took.Round(time.Millisecond).String(), "100ms"}}
	for _, measure := range []func(context.Context, *server, plan) ([]row, error){reading, viewing, idling, telling, submitting, listing} {
		more, err := measure(ctx, s, p)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tmeasured\taim")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.what, r.got, r.aim)
	}
	return w.Flush()
}
