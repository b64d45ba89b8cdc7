package server

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
)

// jobsPage is an answer of /api/jobs.
type jobsPage struct {
	Jobs []struct {
		ID      string  `json:"id"`
		State   string  `json:"status"`
		Created int64   `json:"create_time"`
		Start   float64 `json:"execution_start_time"`
		End     float64 `json:"execution_end_time"`
	} `json:"jobs"`
	Pagination struct {
		Offset int  `json:"offset"`
		Limit  *int `json:"limit"`
		Total  int  `json:"total"`
		More   bool `json:"has_more"`
	} `json:"pagination"`
}

func (c *crowded) page(t *testing.T, query string) (p jobsPage) {
	t.Helper()
	res, b, err := c.do(t, "GET", "/api/jobs"+query, "identity")
	if err != nil || res.StatusCode != 200 {
		t.Fatal(query, res.Status, err)
	}
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatalf("%s: %v in %.200s", query, err, b)
	}
	return p
}

// TestJobPages: the pages of a list are parts of the whole list, which is in order.
func TestJobPages(t *testing.T) {
	c := crowd(t, 150, 250, 60)
	if _, ok, err := c.store.Claim(t.Context(), "w", 1e12); err != nil || !ok { // one runs
		t.Fatal(ok, err)
	}
	for _, row := range []struct {
		query string
		total int
	}{
		{"", 400}, {"&sort_order=asc", 400}, {"&sort_by=execution_duration", 400}, {"&sort_by=execution_duration&sort_order=asc", 400},
		{"&workflow_id=w1", 133}, {"&status=pending", 249}, {"&status=in_progress", 1}, {"&status=completed", 150}, {"&status=failed", 0},
		{"&status=pending,completed&sort_order=asc", 399}, {"&status=completed&sort_by=execution_duration&workflow_id=w2", 50},
	} {
		whole := c.page(t, "?"+row.query)
		if len(whole.Jobs) != row.total || whole.Pagination.Total != row.total || whole.Pagination.More || whole.Pagination.Limit != nil {
			t.Errorf("%q: %d jobs, %+v; want %d", row.query, len(whole.Jobs), whole.Pagination, row.total)
			continue
		}
		up, by := strings.Contains(row.query, "=asc"), strings.Contains(row.query, "duration")
		for i := 1; i < len(whole.Jobs); i++ {
			a, b := whole.Jobs[i-1], whole.Jobs[i]
			n := cmp.Compare(a.Created, b.Created)
			if by {
				n = cmp.Compare(a.End-a.Start, b.End-b.Start)
			}
			if n != 0 && n > 0 == up {
				t.Errorf("%q: %+v comes before %+v", row.query, a, b)
			}
		}
		for _, w := range []struct{ offset, limit int }{{0, 7}, {100, 120}, {row.total - 1, 5}, {row.total, 5}, {row.total + 9, 1}, {3, maxPage + 1}, {maxPage + 1, 3}} {
			if w.offset < 0 {
				continue
			}
			p := c.page(t, fmt.Sprintf("?offset=%d&limit=%d%s", w.offset, w.limit, row.query))
			from := min(w.offset, row.total)
			want := whole.Jobs[from:min(from+w.limit, row.total)]
			if !slices.Equal(p.Jobs, want) {
				t.Errorf("%q from %d: %d jobs, want %d", row.query, w.offset, len(p.Jobs), len(want))
			}
			if p.Pagination.Total != row.total || p.Pagination.More != (from+len(want) < row.total) || p.Pagination.Offset != w.offset {
				t.Errorf("%q from %d, %d: %+v of %d", row.query, w.offset, w.limit, p.Pagination, row.total)
			}
		}
	}
}

// TestDeepPages: of the jobs before a page none is read.
func TestDeepPages(t *testing.T) {
	c := crowd(t, 100, 900, 60)
	for _, row := range []struct {
		query string
		first string
		reads int64
	}{
		{"?offset=890&limit=3&status=pending", "id000108", 1},
		{"?offset=898&limit=1", "id000100", 2},
		{"?offset=899&limit=3", "id000101", 2},
		{"?offset=950&limit=3", "id000048", 1},
		{"?offset=950&limit=3&sort_order=asc", "id000950", 1},
		{"?offset=1000&limit=3", "", 0},
	} {
		c.store.reads.Store(0)
		p := c.page(t, row.query)
		first := ""
		if len(p.Jobs) > 0 {
			first = p.Jobs[0].ID
		}
		if first != row.first || c.store.reads.Load() > row.reads {
			t.Errorf("%s: %s is the first, by %d reads; want %s by %d", row.query, first, c.store.reads.Load(), row.first, row.reads)
		}
	}
}

// TestListedOnce: while jobs begin, end, are deleted and come again under their ids, a list has each once, and the ones that stay.
func TestListedOnce(t *testing.T) {
	const n = 240
	c := crowd(t, n, n, 60)
	turn := func(i int) {
		l, ok, err := c.store.Claim(t.Context(), "w", 1e12)
		if err != nil || !ok {
			t.Error(ok, err)
			return
		}
		if i%2 == 0 {
			j := json.RawMessage("{}")
			if err := c.store.Finish(t.Context(), l, engine.Outcome{State: engine.Completed, Outputs: j, Status: j, Meta: j}); err != nil {
				t.Error(err)
			}
		}
		if _, err := c.engine.Delete(t.Context(), "", fmt.Sprintf("id%06d", n+n-1-2*i)); err != nil {
			t.Error(err)
		}
		if err := c.engine.DeleteHistory(t.Context(), "", fmt.Sprintf("id%06d", 2*i)); err != nil {
			t.Error(err)
		}
	}
	list, err := c.Config.Handler.(*Server).jobList(t.Context(), "", jobQuery{})
	if err != nil {
		t.Fatal(err)
	}
	seen, i := map[string]bool{}, 0
	for j, err := range list.lines {
		if err != nil {
			t.Fatal(err)
		}
		var v struct{ ID string }
		if err := json.Unmarshal(j.text, &v); err != nil {
			t.Fatal(err)
		}
		if seen[v.ID] {
			t.Errorf("%s is listed twice", v.ID)
		}
		seen[v.ID] = true
		if i++; i%5 == 0 && i <= 200 {
			turn(i/5 - 1)
		}
	}
	for at := 1; at < n; at += 2 { // these were finished, and none was forgotten
		if id := fmt.Sprintf("id%06d", at); !seen[id] {
			t.Errorf("%s stays and is not listed", id)
		}
	}
	if list.known != n+n {
		t.Errorf("%d are known, want %d", list.known, n+n)
	}
}

// TestInOrder compares with sorting what is put together.
func TestInOrder(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		q := jobQuery{ascending: dice.IntN(2) == 0}
		var lists []iter.Seq2[jobLine, error]
		var all []jobLine
		for at := range dice.IntN(4) {
			var l []jobLine
			for i := range dice.IntN(6) {
				l = append(l, jobLine{created: float64(dice.IntN(4)), workflow: fmt.Sprint(at, i)})
			}
			slices.SortStableFunc(l, q.compare)
			lists, all = append(lists, sliceOf(l)), append(all, l...)
		}
		slices.SortStableFunc(all, q.compare)
		i := 0
		for j, err := range inOrder(q.compare, lists...) {
			if err != nil || i >= len(all) || j.workflow != all[i].workflow {
				t.Fatalf("at %d of %d came %v, %v", i, len(all), j, err)
			}
			i++
		}
		if i != len(all) {
			t.Fatalf("%d of %d came", i, len(all))
		}
	}
}

// TestInOrderEnds: an error is the last that comes, and who stops early is not given more.
func TestInOrderEnds(t *testing.T) {
	bad := func(yield func(jobLine, error) bool) {
		if yield(jobLine{created: 1}, nil) {
			yield(jobLine{}, errDisk)
		}
	}
	good := sliceOf([]jobLine{{created: 1}, {created: 2}})
	n := 0
	var last error
	for _, last = range inOrder(jobQuery{ascending: true}.compare, good, bad) {
		n++
	}
	if n != 3 || last != errDisk {
		t.Errorf("%d came, the last with %v", n, last)
	}
	for range inOrder(jobQuery{}.compare, good, bad) {
		break
	}
}

// TestSummariesAreBounded keeps more than there is room for.
func TestSummariesAreBounded(t *testing.T) {
	var c summaries
	text := make([]byte, 1<<20)
	for i := range 100 {
		c.keep("a", jobLine{text: text, mark: engine.Mark{Place: int64(i)}})
		c.keep("a", jobLine{text: text, mark: engine.Mark{Place: int64(i)}}) // again
		if c.bytes > maxSummaries || c.bytes != len(c.all)*(len(text)+summaryCost) {
			t.Fatalf("%d bytes of %d entries", c.bytes, len(c.all))
		}
		if known, unknown := c.known("b", []engine.Mark{{Place: int64(i)}}); len(known) != 0 || len(unknown) != 1 {
			t.Fatal("another tenant's is known")
		}
	}
	c.keep("a", jobLine{text: make([]byte, maxSummaries+1)})
	if c.bytes > maxSummaries {
		t.Errorf("%d bytes", c.bytes)
	}
}

// TestMetricsOfBrokenAnswers: an answer that broke off is counted too.
func TestMetricsOfBrokenAnswers(t *testing.T) {
	c := crowd(t, 0, 100, 2000)
	func() {
		defer func() { _ = recover() }()
		f := &failing{ResponseWriter: httptest.NewRecorder()}
		c.Config.Handler.ServeHTTP(f, httptest.NewRequestWithContext(t.Context(), "GET", "/queue", nil))
	}()
	if _, b, err := c.do(t, "GET", "/metrics", "identity"); err != nil || !strings.Contains(string(b), `GET /queue`) {
		t.Errorf("%v; the metrics have no /queue:\n%s", err, b)
	}
}
