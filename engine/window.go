package engine

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Order is how jobs are listed.
type Order uint8

// The orders. Jobs that were made in the same moment stand as AsRun has them: waiting ones as they will run, finished ones as they
// finished for the first time.
const (
	AsRun Order = iota
	Oldest
	Newest
)

// Mark tells where a finished job stands in the history. While both are the same, so is its entry.
type Mark struct {
	Place int64 // the store's; rises in the order of first finishing, and is not used again
	Seq   int64 // the job's
}

// PeekQuery says what of a tenant's jobs to list. Running ones always are.
type PeekQuery struct {
	Order    Order
	Times    bool    // tell too when those that wait or have finished were made; not AsRun
	Whole    bool    // running jobs with their prompts
	Pending  int     // how many of those that wait; negative for all
	States   []State // which of the finished ones; nil for all, empty for none
	Skip     int     // how many of the finished ones to leave out first
	Finished int     // how many of them; negative for all
}

// Glance is what a tenant has at one moment: where it is rather than what, so that it is small however much there is.
type Glance struct {
	Running  []Job   // without secrets
	Pending  []int64 // their sequences, in order
	Waiting  int     // how many wait in all
	Finished []Mark  // in order
	Ended    int     // how many finished ones are selected in all

	PendingMade, FinishedMade []int64 // Unix ms, of each that is listed; nil if not asked for
}

// Portion bounds what is read at a time.
type Portion struct {
	Whole bool // jobs with their prompts
	Bytes int  // of texts; what is read ends with the job that reaches it
}

// Window reads what a tenant has, however much that is: first where it is, then what it is a portion at a time. Between two calls
// nothing is held, so that who asks may take any time.
type Window interface {
	// Peek tells what a tenant has, all of one moment.
	Peek(ctx context.Context, t tenant.ID, q PeekQuery) (Glance, error)
	// Jobs reads, in the order of seqs, those of a tenant's jobs that wait or run now, without secrets. read is how many of seqs it
	// came by, at least one; those of them that are gone are left out.
	Jobs(ctx context.Context, t tenant.ID, seqs []int64, p Portion) (list []Job, read int, err error)
	// Records reads finished jobs of a tenant in the same way. A place whose job has finished anew gives the newer one.
	Records(ctx context.Context, t tenant.ID, marks []Mark, p Portion) (list []Record, read int, err error)
}

// Lookup finds one job of a queue, however long that is.
type Lookup interface {
	// Get gives one job that waits or runs.
	Get(ctx context.Context, t tenant.ID, id string) (j Job, ok bool, err error)
	// Ahead counts the pending jobs that will run before one of the same tenant.
	Ahead(ctx context.Context, j Job) (int, error)
}
