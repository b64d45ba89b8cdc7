package weights

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights/pickle"
)

// storage is memory that tensors of a torch file are views of.
type storage struct {
	dtype  tensor.DType // of typed storages; Invalid for plain bytes
	width  int          // bytes an element
	offset int64        // in the file; set when the table is read
	size   int64        // bytes; 0 until then, and for storages the file lacks
}

// stored is a tensor of a torch file: a view of a storage.
type stored struct {
	of             *storage
	dtype          tensor.DType
	first          int64 // in elements
	shape, strides []int64
}

// torchTable gives the names in a torch pickle their meaning and gathers its storages.
type torchTable struct{ storages map[string]*storage }

func (t *torchTable) rules() pickle.Rules {
	return pickle.Rules{Find: findTorch, Reduce: t.reduce, Persistent: t.persistent}
}

// findTorch is the list of names that a pickle of weights may hold. Those that reduce does not know become Objects.
func findTorch(g pickle.Global) error {
	if _, ok := storageDType(g); ok {
		return nil
	}
	if _, ok := torchDType(g); ok {
		return nil
	}
	switch g.String() {
	case "collections.OrderedDict", "collections.defaultdict", "collections.Counter",
		"torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3",
		"torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state",
		"torch.Size", "torch.device", "torch.Tensor", "torch.nn.parameter.Parameter",
		"torch.UntypedStorage", "torch.storage.UntypedStorage",
		"numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "numpy.dtype",
		"numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct", "numpy.ndarray",
		"_codecs.encode", "builtins.set", "__builtin__.set", "builtins.bytearray", "__builtin__.bytearray",
		"argparse.Namespace", "pathlib.PosixPath", "pathlib.WindowsPath":
		return nil
	}
	// What training tools leave beside the tensors. Nothing of it is looked into.
	for _, tool := range []string{"pytorch_lightning.", "lightning.", "omegaconf."} {
		if strings.HasPrefix(g.Module, tool) {
			return nil
		}
	}
	return fault.New(fault.Forbidden, "it asks for %s, which no file of weights needs", g)
}

// storageDType knows torch's classes of typed storages.
func storageDType(g pickle.Global) (tensor.DType, bool) {
	if g.Module != "torch" && g.Module != "torch.cuda" {
		return 0, false
	}
	switch g.Name {
	case "FloatStorage":
		return tensor.F32, true
	case "HalfStorage":
		return tensor.F16, true
	case "BFloat16Storage":
		return tensor.BF16, true
	case "DoubleStorage":
		return tensor.F64, true
	case "LongStorage":
		return tensor.I64, true
	case "IntStorage":
		return tensor.I32, true
	case "ShortStorage":
		return tensor.I16, true
	case "CharStorage":
		return tensor.I8, true
	case "ByteStorage":
		return tensor.U8, true
	case "BoolStorage":
		return tensor.Bool, true
	}
	return 0, false
}

// torchDType knows torch's dtype objects.
func torchDType(g pickle.Global) (tensor.DType, bool) {
	if g.Module != "torch" {
		return 0, false
	}
	switch g.Name {
	case "float32", "float":
		return tensor.F32, true
	case "float16", "half":
		return tensor.F16, true
	case "bfloat16":
		return tensor.BF16, true
	case "float64", "double":
		return tensor.F64, true
	case "int64", "long":
		return tensor.I64, true
	case "int32", "int":
		return tensor.I32, true
	case "int16":
		return tensor.I16, true
	case "int8":
		return tensor.I8, true
	case "uint8":
		return tensor.U8, true
	case "bool":
		return tensor.Bool, true
	case "float8_e4m3fn":
		return tensor.F8E4M3, true
	case "float8_e5m2":
		return tensor.F8E5M2, true
	}
	return 0, false
}

// persistent makes the storage of ("storage", class, key, place, count[, view]).
func (t *torchTable) persistent(id any) (any, error) {
	p, ok := id.(pickle.Tuple)
	if !ok || len(p) < 5 || p[0] != "storage" {
		return nil, errors.New("a persistent id that is no storage")
	}
	class, ok1 := p[1].(pickle.Global)
	key, ok2 := p[2].(string)
	if !ok1 || !ok2 {
		return nil, errors.New("a storage without class and key")
	}
	if len(p) > 5 && p[5] != nil {
		return nil, fault.New(fault.Unsupported, "storage %q is a view of another one", key)
	}
	dtype, ok := storageDType(class)
	width := dtype.Size()
	if !ok {
		if !strings.HasSuffix(class.Name, "UntypedStorage") {
			return nil, fault.New(fault.Unsupported, "storage %q is of class %s", key, class)
		}
		width = 1
	}
	s := t.storages[key]
	if s == nil {
		s = &storage{dtype: dtype, width: width}
		t.storages[key] = s
	}
	if s.dtype != dtype {
		return nil, fmt.Errorf("storage %q has two types", key)
	}
	return s, nil
}

func (t *torchTable) reduce(g pickle.Global, args pickle.Tuple) (any, error) {
	switch g.String() {
	case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3":
		return rebuild(args, strings.HasSuffix(g.Name, "v3"))
	case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
		if len(args) == 0 {
			return nil, errors.New("a parameter without a tensor")
		}
		return args[0], nil
	case "collections.OrderedDict":
		d := &pickle.Dict{}
		if len(args) == 0 {
			return d, nil
		}
		pairs, ok := args[0].(*pickle.List)
		if !ok {
			return nil, errors.New("an OrderedDict of something else than pairs")
		}
		for _, p := range pairs.Items {
			switch pair := p.(type) {
			case pickle.Tuple:
				if len(pair) == 2 {
					d.Keys, d.Values = append(d.Keys, pair[0]), append(d.Values, pair[1])
				}
			case *pickle.List:
				if len(pair.Items) == 2 {
					d.Keys, d.Values = append(d.Keys, pair.Items[0]), append(d.Values, pair.Items[1])
				}
			}
		}
		return d, nil
	}
	return &pickle.Object{Class: g, Args: args}, nil
}

// rebuild reads the arguments of torch's tensor builders: storage, first element, shape, strides, …; version 3 gives the dtype
// as the seventh, for dtypes that have no storage class.
func rebuild(args pickle.Tuple, typed bool) (any, error) {
	if len(args) < 4 || typed && len(args) < 7 {
		return nil, errors.New("a tensor with too few arguments")
	}
	of, ok := args[0].(*storage)
	first, okFirst := args[1].(int64)
	shape, okShape := ints(args[2])
	strides, okStrides := ints(args[3])
	if !ok || !okFirst || !okShape || !okStrides || first < 0 || len(shape) != len(strides) {
		return nil, errors.New("a tensor with arguments of the wrong kind")
	}
	v := &stored{of: of, dtype: of.dtype, first: first, shape: shape, strides: strides}
	if typed {
		g, _ := args[6].(pickle.Global)
		if v.dtype, ok = torchDType(g); !ok {
			return nil, fault.New(fault.Unsupported, "a tensor of dtype %s", g)
		}
	}
	if v.dtype == tensor.Invalid {
		v.dtype = tensor.U8
	}
	return v, nil
}

// ints reads a tuple (or torch.Size) of numbers from 0 to 2^40.
func ints(v any) ([]int64, bool) {
	if o, ok := v.(*pickle.Object); ok && o.Class.String() == "torch.Size" && len(o.Args) == 1 {
		v = o.Args[0]
	}
	t, ok := v.(pickle.Tuple)
	if !ok || len(t) > maxRank {
		return nil, false
	}
	out := make([]int64, len(t))
	for i, x := range t {
		if out[i], ok = x.(int64); !ok || out[i] < 0 || out[i] > maxDim {
			return nil, false
		}
	}
	return out, true
}
