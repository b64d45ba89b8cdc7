// Package conformance is the kit that holds the SDKs of all languages to one behaviour: each host function with each errno it
// gives, each op of a graph, each meaning of a node. Its cases are data, in cases; the guests of the languages interpret them
// over their own SDK, and their replies are compared byte by byte. The README says how to add a case, an op or a language.
package conformance
