// Package code makes code that may run of a module's bytes: proved, checked against the contract, metered, and compiled in a
// process that may be killed. What that took is kept on disk under this host's MAC.
package code
