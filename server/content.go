package server

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// oneRange is the form of a Range header that is understood.
var oneRange = regexp.MustCompile(`^bytes=\d*-\d*$`)

// satisfiable reports whether a Range header is of the form that is understood and might name a byte of size bytes. The standard
// library answers those that name none with a range that ends before it begins.
func satisfiable(v string, size int64) bool {
	if !oneRange.MatchString(v) || size == 0 {
		return false
	}
	from, to, _ := strings.Cut(strings.TrimPrefix(v, "bytes="), "-")
	if from == "" {
		return strings.Trim(to, "0") != ""
	}
	a, errA := strconv.ParseInt(from, 10, 64)
	b, errB := strconv.ParseInt(to, 10, 64)
	return errA != nil || errB != nil || a <= b
}

// sendContent sends a file whose other headers are set, with ranges and validators. Compat: a Range of another form, or of
// several parts, cannot be satisfied, and a 304 tells the time of change.
func sendContent(w http.ResponseWriter, r *http.Request, at time.Time, size int64, content io.ReadSeeker) {
	if a := inner(w); a != nil {
		a.kind = w.Header().Get("Content-Type")
		a.modified = at.UTC().Format(http.TimeFormat)
	}
	conditional := r.Header.Get("If-None-Match") != "" || r.Header.Get("If-Modified-Since") != ""
	if v := r.Header.Get("Range"); v != "" && !conditional && !satisfiable(v, size) {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", size))
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return
	}
	http.ServeContent(w, r, "", at, content)
}

// queryOf reads a request's query. Compat: a semicolon is part of a value, as in preview=webp;90.
func queryOf(r *http.Request) url.Values {
	q, _ := url.ParseQuery(strings.ReplaceAll(r.URL.RawQuery, ";", "%3B")) // what can be read counts
	return q
}
