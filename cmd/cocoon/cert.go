package main

import (
	"crypto/tls"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// certificate is a TLS certificate that is read again when its file changes, so that a renewed one needs no restart. A file
// that cannot be read, as in the middle of a change, leaves the old one in use.
type certificate struct {
	certFile, keyFile string
	log               *zerolog.Logger

	mu     sync.Mutex // guards the rest
	loaded *tls.Certificate
	of     time.Time // of the certificate's file
}

// openCertificate reads the files.
func openCertificate(certFile, keyFile string, log *zerolog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	return c, c.load()
}

func (c *certificate) load() error {
	st, err := os.Stat(c.certFile)
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.loaded, c.of = &pair, st.ModTime()
	return nil
}

// get gives the certificate for a handshake.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if st, err := os.Stat(c.certFile); err == nil && !st.ModTime().Equal(c.of) {
		if err := c.load(); err != nil {
			c.log.Warn().Err(err).Msg("the changed certificate cannot be read; the old one stays in use")
		} else {
			c.log.Info().Msg("certificate read again")
		}
	}
	return c.loaded, nil
}
