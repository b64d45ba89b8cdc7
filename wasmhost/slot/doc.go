// Package slot runs metered modules on wazero. A Program is compiled once and set up once; what it is then (memory and
// globals) is its image. A Slot is an instance over that image, mapped copy-on-write: going back to the image costs a
// microsecond, so that each call starts from it and no call sees another's.
package slot
