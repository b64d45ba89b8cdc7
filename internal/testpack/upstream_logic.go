package testpack

import (
	"cmp"
	"context"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/value"
)

// wide are the bounds of the integer nodes, which go beyond 64 bits.
func wide() opts {
	high := new(big.Int).SetUint64(1<<64 - 1)
	return opts{"default": int64(0), "min": new(big.Int).Neg(high), "max": high, "step": int64(1)}
}

func mathNode() node.Node {
	s := upSchema("TestIntMathOperation", "Int Math Operation", catLogic, args(in("a", node.Int, wide()), in("b", node.Int, wide()),
		pick("operation", "add", "subtract", "multiply", "divide", "modulo", "power")), out(node.Int))
	return plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		x, y := big.NewInt(int64(whole(a, "a"))), big.NewInt(int64(whole(a, "b")))
		op, _ := a["operation"].(string)
		z, err := calculate(op, x, y)
		if err != nil {
			return node.Reply{}, err
		}
		return outputs(z.Int64())
	}}
}

func calculate(op string, x, y *big.Int) (*big.Int, error) {
	z := new(big.Int)
	const maxPower = 4096
	switch op {
	case "add":
		return z.Add(x, y), nil
	case "subtract":
		return z.Sub(x, y), nil
	case "multiply":
		return z.Mul(x, y), nil
	case "power":
		if y.Cmp(big.NewInt(maxPower)) > 0 {
			return nil, &node.Exception{Kind: "OverflowError", Text: "the power is too large"}
		}
		return z.Exp(x, y, nil), nil
	}
	if y.Sign() == 0 {
		return nil, &node.Exception{Kind: "ZeroDivisionError", Text: "integer division or modulo by zero"}
	}
	q, r := new(big.Int).QuoRem(x, y, z)
	if r.Sign() != 0 && r.Sign() != y.Sign() { // rounds down, as the reference's language does
		q.Sub(q, big.NewInt(1))
		r.Add(r, y)
	}
	if op == "divide" {
		return q, nil
	}
	return r, nil
}

// compared evaluates a comparison.
func compared[T cmp.Ordered](a, b T, op string) bool {
	switch op {
	case "==":
		return a == b
	case "!=":
		return a != b
	case "<":
		return a < b
	case ">":
		return a > b
	case "<=":
		return a <= b
	}
	return a >= b
}

func logicNodes() []node.Node {
	ops := func() node.Input { return pick("operation", "==", "!=", "<", ">", "<=", ">=") }
	far := opts{"default": int64(0), "min": -999999999999.0, "max": 999999999999.0, "step": int64(1)}
	op := func(a node.Args) string { s, _ := a["operation"].(string); return s }
	return []node.Node{
		plain{upSchema("TestIntConditions", "Int Condition", catLogic, args(in("a", node.Int, wide()), in("b", node.Int, wide()), ops()), out(node.Boolean)),
			func(_ context.Context, a node.Args) (node.Reply, error) {
				return outputs(compared(whole(a, "a"), whole(a, "b"), op(a)))
			}},
		plain{upSchema("TestFloatConditions", "Float Condition", catLogic, args(in("a", node.Float, far), in("b", node.Float, far), ops()), out(node.Boolean)),
			func(_ context.Context, a node.Args) (node.Reply, error) {
				return outputs(compared(float(a, "a"), float(a, "b"), op(a)))
			}},
		stringConditions(), toBool(),
		plain{upSchema("TestBoolOperationNode", "Bool Operation", catLogic, args(in("a", node.Boolean, nil), in("b", node.Boolean, nil),
			pick("op", "a AND b", "a OR b", "a XOR b", "NOT a")), out(node.Boolean)),
			func(_ context.Context, a node.Args) (node.Reply, error) {
				x := truth(a["a"])
				y := truth(a["b"])
				switch a["op"] {
				case "a AND b":
					return outputs(x && y)
				case "a OR b":
					return outputs(x || y)
				case "a XOR b":
					return outputs(x != y)
				}
				return outputs(!x)
			}},
	}
}

func stringConditions() node.Node {
	line := opts{"multiline": false}
	s := upSchema("TestStringConditions", "String Condition", catLogic, args(in("a", node.String, line), in("b", node.String, line),
		pick("operation", "a == b", "a != b", "a IN b", "a MATCH REGEX(b)", "a BEGINSWITH b", "a ENDSWITH b"),
		in("case_sensitive", node.Boolean, opts{"default": true})), out(node.Boolean))
	return plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		x, _ := a["a"].(string)
		y, _ := a["b"].(string)
		if !truth(a["case_sensitive"]) {
			x, y = strings.ToLower(x), strings.ToLower(y)
		}
		switch a["operation"] {
		case "a == b":
			return outputs(x == y)
		case "a != b":
			return outputs(x != y)
		case "a IN b":
			return outputs(strings.Contains(y, x))
		case "a BEGINSWITH b":
			return outputs(strings.HasPrefix(x, y))
		case "a ENDSWITH b":
			return outputs(strings.HasSuffix(x, y))
		}
		re, err := regexp.Compile("^(?:" + y + ")")
		return outputs(err == nil && re.MatchString(x))
	}}
}

func toBool() node.Node {
	s := upSchema("TestToBoolNode", "To Bool", catLogic, args(in("value", "*", nil), opt(in("invert", node.Boolean, opts{"default": false}))), out(node.Boolean))
	return plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		return outputs(truth(a["value"]) != truth(a["invert"]))
	}}
}

func truth(v any) bool {
	switch x := v.(type) {
	case nil:
		return false
	case bool:
		return x
	case int64:
		return x != 0
	case float64:
		return x != 0
	case string:
		return x != ""
	case value.Image:
		low, high := bounds(x.Tensor)
		return low != 0 || high != 0
	case value.Mask:
		low, high := bounds(x.Tensor)
		return low != 0 || high != 0
	case []any:
		return len(x) > 0
	case map[string]any:
		return len(x) > 0
	}
	return true
}

// maxListed is one more than how many values TestMakeListNode takes.
const maxListed = 10

func makeList() node.Node {
	inputs := args(in("value1", "*", nil))
	for i := 1; i < maxListed; i++ {
		inputs = append(inputs, opt(in("value"+strconv.Itoa(i), "*", nil)))
	}
	s := upSchema("TestMakeListNode", "Make List", catLists, inputs, []node.Output{{Type: "*", List: true}})
	return variant(plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		list := node.List{}
		for i := range maxListed {
			if v, ok := a["value"+strconv.Itoa(i)]; ok {
				list = append(list, v)
			}
		}
		return outputs(list)
	}})
}
