package engine

import (
	"context"
	"encoding/json"
	"time"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// State is where a job stands.
type State uint8

// The states. A job is pending, then running under a lease, then one of the last three; a running job whose worker died is
// pending again.
const (
	Pending State = iota
	Running
	Completed
	Failed
	Cancelled
)

// Job is a prompt in the queue.
type Job struct {
	Tenant   tenant.ID
	Seq      int64 // the store's; breaks ties of Number
	Number   Number
	PromptID string
	Prompt   json.RawMessage
	Extra    json.RawMessage
	Secrets  json.RawMessage // never shown; nil for none
	Outputs  []string
	Created  int64 // Unix ms
	State    State
	Attempts int // how often it was claimed
}

// Item is the job as clients see it.
func (j *Job) Item() Item { return Item{j.Number, j.PromptID, j.Prompt, j.Extra, j.Outputs} }

// Lease is the right to run a job. Token rises with each claim, so that a worker that was given up cannot finish the job
// any more.
type Lease struct {
	Job    Job
	Worker string
	Token  int64
	// Reserved are the files that earlier attempts may have written.
	Reserved []string
}

// Outcome is how a job ended.
type Outcome struct {
	State    State // Completed, Failed or Cancelled
	Outputs  json.RawMessage
	Status   json.RawMessage
	Meta     json.RawMessage
	Started  int64 // Unix ms
	Finished int64
}

// Record is a finished job.
type Record struct {
	Place   int64 // in the history
	Job     Job
	Outcome Outcome
}

// Entry is the record as clients see it.
func (r *Record) Entry() HistoryEntry {
	o := r.Outcome
	return HistoryEntry{r.Job.PromptID, r.Job.Item(), o.Outputs, o.Status, o.Meta, Mark{r.Place, r.Job.Seq}}
}

// Queue is what workers need of a job store. Every method is atomic, and what it did survives the death of the process.
type Queue interface {
	// Put adds a pending job and gives its Seq. An id that is pending or running already is a fault.Conflict.
	Put(ctx context.Context, j Job) (seq int64, err error)
	// Claim takes the next job for a worker: among tenants by weighted turns, within a tenant by number, then sequence. Jobs
	// whose lease ran out are pending again. ok is false when there is none.
	Claim(ctx context.Context, worker string, lease time.Duration) (l Lease, ok bool, err error)
	// Beat extends a lease; cancel tells that somebody wants the job stopped. A lease that was lost is a fault.Conflict.
	Beat(ctx context.Context, l Lease, lease time.Duration) (cancel bool, err error)
	// Finish moves the job to the history, in the place of an older one of its id. A lease that was lost is a
	// fault.Conflict, and nothing changes.
	Finish(ctx context.Context, l Lease, o Outcome) error
}

// Desk is what running jobs and those who stop need of a job store besides.
type Desk interface {
	// Reserve notes a file that the leased job is about to write.
	Reserve(ctx context.Context, l Lease, path string) error
	// Release makes a leased job pending again, as if it had not been claimed.
	Release(ctx context.Context, l Lease) error
	// NextNumber is above every number that the store gave out.
	NextNumber(ctx context.Context) (int64, error)
	// Active counts the pending and running jobs of a tenant. It takes microseconds.
	Active(t tenant.ID) int
	// Totals counts the jobs of all tenants. It takes microseconds, and one more for every tenant with jobs.
	Totals() (pending, running int)
}

// Board is what people do to the queue.
type Board interface {
	// Remove deletes the pending jobs of the ids, and tells of each id whether there was one.
	Remove(ctx context.Context, t tenant.ID, ids []string) ([]bool, error)
	// Clear deletes all jobs that are pending when it begins, and tells how many those were. Others may work meanwhile, and see the
	// queue shrink; none of the tenant's jobs is claimed before it is done.
	Clear(ctx context.Context, t tenant.ID) (int, error)
	// Renumber gives a pending job another number. ok is false when there is none of that id.
	Renumber(ctx context.Context, t tenant.ID, id string, n float64) (ok bool, err error)
	// Pause stops or resumes the claiming of a tenant's jobs, across restarts.
	Pause(ctx context.Context, t tenant.ID, paused bool) error
}

// Archive is the history of a job store.
type Archive interface {
	// Find gives one finished job.
	Find(ctx context.Context, t tenant.ID, id string) (r Record, ok bool, err error)
	// Forget deletes finished jobs: those of the ids, or all if all is set.
	Forget(ctx context.Context, t tenant.ID, ids []string, all bool) error
}

// Store is a whole job store: internal/jobs/sqlite is one.
type Store interface {
	Queue
	Desk
	Board
	Window
	Lookup
	Archive
}
