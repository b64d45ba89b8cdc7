package comfytest

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Scenario is a recorded conversation with a fresh server.
type Scenario struct {
	Name    string     `json:"name"`
	Purpose string     `json:"purpose"`
	Flags   []string   `json:"flags"` // of the server
	Packs   []string   `json:"packs"`
	Nodes   []string   `json:"nodes"` // classes that the server must have
	Files   []FileSpec `json:"files"` // to be there before the server starts
	Steps   []Step     `json:"steps"`
}

// FileSpec is a file below the base directory.
type FileSpec struct {
	Path   string   `json:"path"`
	Base64 string   `json:"base64"`
	Text   *string  `json:"text"`
	Zeros  int64    `json:"zeros"`
	Mtime  *float64 `json:"mtime"`
}

// Step is one thing to do or to check.
type Step struct {
	Do       string            `json:"do"`
	Request  *Request          `json:"request"`
	Response *Response         `json:"response"`
	Ms       int               `json:"ms"`
	Ws       string            `json:"ws"`
	Path     string            `json:"path"`
	Headers  map[string]string `json:"headers"`
	Status   int               `json:"status"`
	Text     string            `json:"text"`
	Messages []json.RawMessage `json:"messages"`
	Absent   bool              `json:"absent"`
	Content  *Response         `json:"content"`
	Base64   string            `json:"base64"`
	Zeros    int64             `json:"zeros"`
}

// Request is an HTTP request.
type Request struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Query   string            `json:"query"`
	Headers map[string]string `json:"headers"`
	JSON    json.RawMessage   `json:"json"`
	Text    *string           `json:"text"`
	Base64  *string           `json:"base64"`
	Zeros   int64             `json:"zeros"`
	Form    []Part            `json:"form"`
}

// Part is a part of a multipart form.
type Part struct {
	Name     string  `json:"name"`
	Value    *string `json:"value"`
	Filename *string `json:"filename"`
	Type     string  `json:"type"`
	Base64   string  `json:"base64"`
	Zeros    int64   `json:"zeros"`
}

// Response is what an answer, or a file, must be like.
type Response struct {
	Status  int                        `json:"status"`
	Headers map[string]json.RawMessage `json:"headers"`
	JSON    json.RawMessage            `json:"json"`
	Text    json.RawMessage            `json:"text"`
	Base64  *string                    `json:"base64"`
	Bytes   *struct {
		Len    int    `json:"len"`
		SHA256 string `json:"sha256"`
	} `json:"bytes"`
	Image *ImageSpec `json:"image"`
	Empty bool       `json:"empty"`
}

// ImageSpec is what a picture must be like.
type ImageSpec struct {
	Format string                     `json:"format"`
	Width  int                        `json:"width"`
	Height int                        `json:"height"`
	Mode   string                     `json:"mode"`
	RGBA   string                     `json:"rgba_sha256"`
	Text   map[string]json.RawMessage `json:"text"`
}

// Load reads a scenario.
func Load(path string) (*Scenario, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &Scenario{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// describe tells a step from others in messages.
func (s *Step) describe() string {
	switch {
	case s.Request != nil:
		q := s.Request.Query
		if q != "" {
			q = "?" + q
		}
		body := string(s.Request.JSON)
		if len(body) > 300 {
			body = body[:300] + "…"
		}
		return strings.TrimSpace(fmt.Sprintf("%s %s %s%s %s", s.Do, s.Request.Method, s.Request.Path, q, body))
	case s.Ws != "":
		return s.Do + " " + s.Ws
	}
	return strings.TrimSpace(s.Do + " " + s.Path)
}
