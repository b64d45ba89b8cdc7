// Package egress sends extensions' requests to the public internet: only those that a rule allows, only to vetted addresses, and
// with secrets that whoever asks never sees. It knows no call.
package egress
