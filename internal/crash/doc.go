// Package crash holds a test that kills the server again and again and looks at what is left.
package crash
