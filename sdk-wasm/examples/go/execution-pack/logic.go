package main

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

// wide are the bounds of the integer nodes, which go beyond 64 bits.
func wide() options {
	return options{"default": 0, "min": guest.Number("-18446744073709551615"), "max": guest.Number("18446744073709551615"), "step": 1}
}

func arithmetic() guest.Dynamic {
	return simple(traits("TestIntMathOperation", "Int Math Operation", catLogic), ports(args(in("a", "INT", wide()), in("b", "INT", wide()),
		pick("operation", "add", "subtract", "multiply", "divide", "modulo", "power")), out("INT")),
		func(in guest.Args) (guest.Reply, error) {
			z, err := calculate(in.Text("operation"), int64(in.Int("a")), int64(in.Int("b")))
			return guest.Reply{Outputs: []any{z}}, err
		})
}

// calculate works in 64 bits.
func calculate(op string, x, y int64) (int64, error) {
	const maxPower = 4096
	switch op {
	case "add":
		return x + y, nil
	case "subtract":
		return x - y, nil
	case "multiply":
		return x * y, nil
	case "power":
		if y > maxPower {
			return 0, guest.Raise("OverflowError", "the power is too large")
		}
		z := int64(1)
		for range y {
			z *= x
		}
		return z, nil
	}
	if y == 0 {
		return 0, guest.Raise("ZeroDivisionError", "integer division or modulo by zero")
	}
	q, r := x/y, x%y
	if r != 0 && (r < 0) != (y < 0) { // rounds down, as the reference's language does
		q, r = q-1, r+y
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

func logicNodes() []guest.Dynamic {
	ops := pick("operation", "==", "!=", "<", ">", "<=", ">=")
	far := options{"default": 0, "min": -999999999999.0, "max": 999999999999.0, "step": 1}
	return []guest.Dynamic{
		simple(traits("TestIntConditions", "Int Condition", catLogic), ports(args(in("a", "INT", wide()), in("b", "INT", wide()), ops), out("BOOLEAN")),
			func(in guest.Args) (guest.Reply, error) {
				return guest.Outputs(compared(in.Int("a"), in.Int("b"), in.Text("operation")))
			}),
		simple(traits("TestFloatConditions", "Float Condition", catLogic), ports(args(in("a", "FLOAT", far), in("b", "FLOAT", far), ops), out("BOOLEAN")),
			func(in guest.Args) (guest.Reply, error) {
				return guest.Outputs(compared(in.Float("a"), in.Float("b"), in.Text("operation")))
			}),
		textConditions(), toBool(),
		simple(traits("TestBoolOperationNode", "Bool Operation", catLogic), ports(args(in("a", "BOOLEAN", nil), in("b", "BOOLEAN", nil),
			pick("op", "a AND b", "a OR b", "a XOR b", "NOT a")), out("BOOLEAN")),
			func(in guest.Args) (guest.Reply, error) {
				x, y := in.Bool("a"), in.Bool("b")
				switch in["op"] {
				case "a AND b":
					return guest.Outputs(x && y)
				case "a OR b":
					return guest.Outputs(x || y)
				case "a XOR b":
					return guest.Outputs(x != y)
				}
				return guest.Outputs(!x)
			}),
	}
}

func textConditions() guest.Dynamic {
	line := options{"multiline": false}
	return simple(traits("TestStringConditions", "String Condition", catLogic), ports(args(in("a", "STRING", line), in("b", "STRING", line),
		pick("operation", "a == b", "a != b", "a IN b", "a MATCH REGEX(b)", "a BEGINSWITH b", "a ENDSWITH b"),
		in("case_sensitive", "BOOLEAN", options{"default": true})), out("BOOLEAN")),
		func(in guest.Args) (guest.Reply, error) {
			x, y := in.Text("a"), in.Text("b")
			if !in.Bool("case_sensitive") {
				x, y = strings.ToLower(x), strings.ToLower(y)
			}
			switch in["operation"] {
			case "a == b":
				return guest.Outputs(x == y)
			case "a != b":
				return guest.Outputs(x != y)
			case "a IN b":
				return guest.Outputs(strings.Contains(y, x))
			case "a BEGINSWITH b":
				return guest.Outputs(strings.HasPrefix(x, y))
			case "a ENDSWITH b":
				return guest.Outputs(strings.HasSuffix(x, y))
			}
			re, err := regexp.Compile("^(?:" + y + ")")
			return guest.Outputs(err == nil && re.MatchString(x))
		})
}

func toBool() guest.Dynamic {
	return simple(traits("TestToBoolNode", "To Bool", catLogic), ports(args(in("value", "*", nil), opt(in("invert", "BOOLEAN", options{"default": false}))), out("BOOLEAN")),
		func(in guest.Args) (guest.Reply, error) {
			yes, err := truth(in["value"])
			return guest.Reply{Outputs: []any{yes != in.Bool("invert")}}, err
		})
}

func truth(v any) (bool, error) {
	switch x := v.(type) {
	case nil:
		return false, nil
	case bool:
		return x, nil
	case int64:
		return x != 0, nil
	case float64:
		return x != 0, nil
	case string:
		return x != "", nil
	case guest.Image:
		return anyOf(x.Tensor)
	case guest.Mask:
		return anyOf(x.Tensor)
	case []any:
		return len(x) > 0, nil
	case map[string]any:
		return len(x) > 0, nil
	}
	return true, nil
}

func anyOf(t guest.Tensor) (bool, error) {
	low, high, err := bounds(t)
	return low != 0 || high != 0, err
}
