package wasmhost

import (
	"context"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// account are the hidden inputs that speak for the caller elsewhere. A guest never sees their values: it gets a text that
// stands for one, which http puts in where a granted rule binds the secret of that name.
var account = []node.Type{node.AuthToken, node.APIKey}

// shown are the arguments that a guest gets: those that it declared, without what is not for it.
func (n *guestNode) shown(c *call, args node.Args) node.Args {
	if len(n.schema.Hidden) == 0 && !n.schema.V3 {
		return args
	}
	hide := map[string]any{}
	for _, h := range n.schema.Hidden {
		for _, kind := range account {
			if v, there := args[h.Name]; there && h.Kind == kind {
				hide[h.Name] = c.standIn(string(kind), v)
			}
		}
	}
	if n.schema.V3 {
		own := map[string]bool{}
		for _, h := range n.schema.Hidden {
			own[h.Name] = true
		}
		for _, h := range n.schema.AllHidden() {
			if !own[h.Name] { // comes by itself, and nobody asked
				hide[h.Name] = absent
			}
		}
	}
	if len(hide) == 0 {
		return args
	}
	out := make(node.Args, len(args))
	for name, v := range args {
		switch instead, found := hide[name]; {
		case !found:
			out[name] = v
		case instead != absent:
			out[name] = instead
		}
	}
	return out
}

// absent marks an argument that is left out.
var absent any = struct{ absent bool }{true}

// standIn is the text that stands for a secret of the caller's; nil for none.
func (c *call) standIn(name string, v any) any {
	switch x := v.(type) {
	case string:
		if c.account == nil {
			c.account = map[string]string{}
		}
		c.account[name] = x
		return "{{secret:" + name + "}}"
	case node.List:
		out := make(node.List, len(x))
		for i, e := range x {
			out[i] = c.standIn(name, e)
		}
		return out
	}
	return nil
}

// exceptionForm is how kinds of errors are named: "ValueError", "json.decoder.JSONDecodeError".
var exceptionForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}(\.[A-Za-z_][A-Za-z0-9_]{0,63}){0,7}$`)

// raiseText is the most of an error's text that is kept.
const raiseText = 64 << 10

// raised reads a reply that is an error with a name for its kind; nil for any other reply.
func raised(v any) error {
	t, ok := v.(abi.Tag)
	if !ok || t.Number != abi.TagRaise {
		return nil
	}
	pair, _ := t.Value.([]any)
	if len(pair) == 2 {
		kind, ok1 := pair[0].(string)
		text, ok2 := pair[1].(string)
		if ok1 && ok2 && exceptionForm.MatchString(kind) {
			return &node.Exception{Kind: kind, Text: seen(cut(text, raiseText))}
		}
	}
	return fault.New(fault.ExtensionFailed, "an error is a kind and a text")
}

// cut shortens a text at a letter.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.Clone(s[:whole(s, most)])
}

// cutBytes is cut for bytes, which are not copied.
func cutBytes(b []byte, most int) []byte { return b[:whole(b, most)] }

// whole is how many bytes there are up to most, without those of a letter that does not fit.
func whole[T string | []byte](s T, most int) int {
	if len(s) <= most {
		return len(s)
	}
	for n := most; n > most-utf8.UTFMax && n >= 0; n-- {
		if utf8.RuneStart(s[n]) {
			return n
		}
	}
	return most // of what is no text
}

// Is makes a guest that had no memory an error of that sort, of which the server tells the cure.
func (f *Failure) Is(target error) bool { return f.Errno == abi.ENOMEM && target == fault.OutOfMemory }

// looper is a guest's node that begins a loop.
type looper struct{ *guestNode }

// maxIterations is how many iterations a guest can plan: a reply holds what each of them is given.
const maxIterations = 10_000

// Iterations asks the guest what to do how often.
func (l looper) Iterations(ctx context.Context, args node.Args) (node.Loop, error) {
	var loop node.Loop
	err := l.ask(ctx, abi.OpExecute, l.ext.limits.Execute, args, nil, func(c *call, v any) error {
		m := abi.AsMap(v).Map("loop")
		if m == nil {
			return fault.New(fault.ExtensionFailed, "the start of a loop gave no loop")
		}
		rows, err := l.rows(c, m.List("outputs"))
		if err != nil {
			return err
		}
		loop = node.Loop{Count: len(rows), KeepResults: m.Bool("keep"), Outputs: func(i int) []any { return rows[i] }}
		return nil
	})
	return loop, err
}

// rows reads the outputs of each iteration.
func (l looper) rows(c *call, list []any) ([][]any, error) {
	want := len(l.schema.Outputs) - 1
	if len(list) > maxIterations || want < 0 {
		return nil, fault.New(fault.LimitExceeded, "a loop of %d iterations, more than %d", len(list), maxIterations)
	}
	rows := make([][]any, len(list))
	for i, w := range list {
		row, _ := w.([]any)
		if len(row) != want {
			return nil, fault.New(fault.ExtensionFailed, "iteration %d has %d outputs of %d", i, len(row), want)
		}
		rows[i] = make([]any, want)
		for k := range row {
			var err error
			if rows[i][k], err = l.readOutput(c, row[k], &l.schema.Outputs[k]); err != nil {
				return nil, err
			}
			if _, link := rows[i][k].(node.Socket); link {
				return nil, fault.New(fault.ExtensionFailed, "iteration %d gives a link", i)
			}
		}
	}
	return rows, nil
}
