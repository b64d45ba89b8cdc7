// Package tenant says who asks. Decisions here are pure: they read nothing and write nothing.
package tenant

import "context"

// ID names a tenant. The empty ID is the one user of a server without accounts.
type ID string

// Share is a tenant's weight in the division of work: twice the weight, twice the turns. Weights under 1 count as 1.
type Share struct {
	Tenant ID
	Weight float64
}

type key struct{}

// With gives ctx the tenant on whose behalf it acts.
func With(ctx context.Context, id ID) context.Context { return context.WithValue(ctx, key{}, id) }

// Of is the tenant on whose behalf ctx acts.
func Of(ctx context.Context) ID {
	id, _ := ctx.Value(key{}).(ID)
	return id
}
