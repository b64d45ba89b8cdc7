package tenant

import (
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Role is what a key allows.
type Role string

// The roles. Each may do all that the ones before it may.
const (
	Read  Role = "read"  // look at what the tenant has
	User  Role = "user"  // and run prompts, upload, change, delete
	Admin Role = "admin" // and see and change what is the operator's: logs, counters, memory, model files
)

// ParseRole reads a role. Errors: fault.BadRequest.
func ParseRole(s string) (Role, error) {
	switch r := Role(strings.ToLower(s)); r {
	case Read, User, Admin:
		return r, nil
	}
	return "", fault.New(fault.BadRequest, "%q is no role; it is admin, user or read", s)
}

// Need is what a request asks a role for.
type Need uint8

// The needs.
const (
	ToRead    Need = iota // to look at what is the tenant's
	ToWrite               // to change what is the tenant's
	ToOperate             // to look at or change what is everybody's
)

// String is the need in a word: read, write or operate.
func (n Need) String() string { return [...]string{"read", "write", "operate"}[n] }

// May reports whether the role allows what is needed.
func (r Role) May(n Need) bool {
	switch r {
	case Admin:
		return true
	case User:
		return n <= ToWrite
	case Read:
		return n == ToRead
	}
	return false
}

// Limits bound what a tenant may take. Zeros are no bounds.
type Limits struct {
	Disk    int64 // bytes of input, output, temporary and user files together
	Sockets int   // WebSockets and event streams that are open at once
	Pending int   // prompts that wait or run
}

// Room says whether a tenant who uses some of a bound may have more of it; a bound of 0 is none.
func Room(used, more, limit int64) bool { return limit <= 0 || more <= limit-used }
