// Package route is what of an extension's routes knows no call: which route a request is for, what of the request a guest gets,
// and what of its answer goes to a browser. Whatever a guest answers, a browser keeps it in an origin of its own.
package route
