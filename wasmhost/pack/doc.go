// Package pack is the form in which extensions travel: a zip file NAME-VERSION.cocoon with a manifest that hashes every other
// file, a module, and signatures over the manifest. Reading is strict and bounded, since packages come from anybody; writing
// the same folder twice gives the same bytes.
package pack
