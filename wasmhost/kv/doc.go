// Package kv keeps small values in SQLite, apart by tenant, extension and scope, each extension within its quota. It knows no
// guests: what a key or a value may be is its callers' business.
package kv
