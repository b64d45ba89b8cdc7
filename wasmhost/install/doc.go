// Package install keeps which extensions are installed for whom, what each may do, and whom they are from. All of it is in one
// file, extensions.json, beside the packages themselves, so that the command line and a server that runs work on the same
// state: a Manager with a Loader follows what other processes change.
//
// The rules: a publisher is pinned when an extension is first installed, and no other's package replaces it; an update never
// gets more than was granted before, and waits for consent when it asks for more; nothing that was revoked runs.
package install
