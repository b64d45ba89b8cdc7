package pickle_test

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/weights/pickle"
)

var errRefused = errors.New("refused")

// rules let "ok.*" pass and make Objects.
var rules = pickle.Rules{
	Find: func(g pickle.Global) error {
		if g.Module != "ok" {
			return fmt.Errorf("%w: %s", errRefused, g)
		}
		return nil
	},
	Reduce: func(g pickle.Global, args pickle.Tuple) (any, error) {
		return &pickle.Object{Class: g, Args: args}, nil
	},
	Persistent: func(id any) (any, error) { return pickle.Tuple{"persistent", id}, nil },
}

func TestLoad(t *testing.T) {
	huge, _ := new(big.Int).SetString("1950a86a20f9469cfc6c", 16)
	for _, c := range []struct {
		name, data string
		want       any
	}{
		{"none", "\x80\x02N.", nil},
		{"bools", "\x80\x04\x88\x89\x86.", pickle.Tuple{true, false}},
		{"ints", "(J\xff\xff\xff\xffK\x07M\x00\x01t.", pickle.Tuple{int64(-1), int64(7), int64(256)}},
		{"longs", "\x8a\x00\x8a\x02\x00\xff\x86.", pickle.Tuple{int64(0), int64(-256)}},
		{"huge", "\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", huge},
		{"float", "G?\xf8\x00\x00\x00\x00\x00\x00.", 1.5},
		{"strings", "X\x02\x00\x00\x00hiU\x01a\x8c\x01b\x87.", pickle.Tuple{"hi", "a", "b"}},
		{"bytes", "C\x02hi.", pickle.Bytes("hi")},
		{"dict", "}q\x00(K\x01K\x02U\x01aNu.", &pickle.Dict{Keys: []any{int64(1), "a"}, Values: []any{int64(2), nil}}},
		{"old dict", "(U\x01aK\x01d.", &pickle.Dict{Keys: []any{"a"}, Values: []any{int64(1)}}},
		{"list", "](K\x01K\x02eK\x03a.", &pickle.List{Items: []any{int64(1), int64(2), int64(3)}}},
		{"old list", "(K\x01l.", &pickle.List{Items: []any{int64(1)}}},
		{"set", "\x8f(K\x01\x90.", &pickle.List{Items: []any{int64(1)}}},
		{"memo", "U\x01aq\x050h\x05.", "a"},
		{"memoize", "\x8c\x01a\x940h\x00.", "a"},
		{"global", "cok\nname\n.", pickle.Global{Module: "ok", Name: "name"}},
		{"stack global", "\x8c\x02ok\x8c\x01n\x93.", pickle.Global{Module: "ok", Name: "n"}},
		{"call", "cok\nf\nK\x01\x85R}b.", &pickle.Object{Class: pickle.Global{Module: "ok", Name: "f"}, Args: pickle.Tuple{int64(1)}}},
		{"persistent", "K\x01Q.", pickle.Tuple{"persistent", int64(1)}},
		{"duplicate", "K\x012\x86.", pickle.Tuple{int64(1), int64(1)}},
		{"frame", "\x95\x01\x00\x00\x00\x00\x00\x00\x00N.", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, n, err := pickle.Load([]byte(c.data+"rest"), rules)
			if err != nil {
				t.Fatal(err)
			}
			if n != len(c.data) {
				t.Errorf("read %d bytes of %d", n, len(c.data))
			}
			if diff := cmp.Diff(c.want, got, cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })); diff != "" {
				t.Errorf("value (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"nothing", "", "data ends"},
		{"cut string", "X\xff\xff\xff\xffab", "data ends"},
		{"cut long string", "\x8d\xff\xff\xff\xff\xff\xff\xff\xffab", "data ends"},
		{"foreign name", "cos\nsystem\n(U\x02lstR.", "refused: os.system"},
		{"foreign stack name", "\x8c\x02os\x8c\x06system\x93.", "refused: os.system"},
		{"inst", "(U\x02lsios\nsystem\n.", "opcode 0x69"},
		{"obj", "(cok\nf\no.", "opcode 0x6f"},
		{"extension", "\x82\x01.", "opcode 0x82"},
		{"text int", "I1\n.", "opcode 0x49"},
		{"empty stack", ".", "operands"},
		{"mark guards", "K\x01(a.", "operands"},
		{"no mark", "t.", "operands"},
		{"odd dict", "}(K\x01u.", "operands"},
		{"call of a value", "K\x01)R.", "call of a int64"},
		{"fill a number", "K\x01K\x02a.", "cannot be filled"},
		{"empty memo", "h\x07.", "memo 7"},
		{"protocol", "\x80\x09.", "protocol 9"},
		{"vast integer", "\x8b\x00\x10\x00\x00" + strings.Repeat("a", 4096), "too many bytes"},
		{"stack bomb", "N" + strings.Repeat("2", 1<<20), "too many values"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := pickle.Load([]byte(c.data), rules); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want …%s…", err, c.want)
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("\x80\x02}q\x00(U\x01aK\x01K\x02K\x03\x87u."))
	f.Add([]byte("cok\nf\nK\x01\x85R}b."))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, n, err := pickle.Load(data, rules); err == nil && n > len(data) {
			t.Errorf("read %d bytes of %d", n, len(data))
		}
	})
}
