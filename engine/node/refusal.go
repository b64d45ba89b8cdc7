package node

// Refusal is what a Checker returns for a plain no. Any other error refuses too, with its text as the reason.
type Refusal struct{ Reason string } // "" for none

// Error gives the reason.
func (r *Refusal) Error() string { return r.Reason }

// Exception is an error with a name for its kind, which clients are shown as exception_type: "ValueError". A Checker that
// returns one did not refuse but broke.
type Exception struct {
	Kind string
	Text string
}

// Error gives the text.
func (e *Exception) Error() string { return e.Text }

// ExceptionType names the kind.
func (e *Exception) ExceptionType() string { return e.Kind }
