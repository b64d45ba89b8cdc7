package abifuzz

import "slices"

// gives are the functions that give handles.
var gives = []string{"t_new", "t_cast", "t_slice", "t_permute", "t_reshape", "t_commit", "h_make", "h_get", "asset_open", "asset_image"}

// Random is a program that is mostly right, so that it comes far: handles where handles go, addresses where there is
// something. pick gives a number below n.
func Random(pick func(n int) int, calls int) []byte {
	shape, _ := Message(Shape)
	asset, assetLen := Message(AssetMessage)
	var b []byte
	for r := range byte(12) {
		b = append(b, Call("t_new", r, Int(1), Int(4), shape, 2)...)
	}
	b = append(b, Call("asset_open", 12, asset, assetLen)...)
	b = append(b, Call("h_make", 11, Int(2), Register(0))...)
	b = append(b, Do(OpGrow, 16)...)
	for range calls {
		switch pick(8) {
		case 0:
			b = append(b, Call("t_new", byte(pick(12)), Int(uint32(1+pick(8))), Int(uint32(pick(5))), shape, byte(pick(64)))...)
		case 1:
			b = append(b, Do(OpStore, Scratch(byte(pick(8))), byte(pick(16)))...)
		case 2:
			b = append(b, Do(OpPoke, Scratch(byte(pick(16))), byte(pick(256)))...)
		default:
			b = append(b, randomCall(pick)...)
		}
	}
	return b
}

// recipes say what the arguments of functions are to be, by letters that argument knows; others are taken as they come.
var recipes = map[string]string{
	"reply": "k", "fail": "nk", "take": "o", "log": "nk", "progress_text": "k", "progress_text_all": "k", "preview": "hnnn", "sleep_ms": "z", "random": "o", "h_drop": "h", "h_get": "hk",
	"h_make": "nh", "t_info": "hp", "t_new": "n4s*", "t_cast": "hn", "t_slice": "hnll", "t_permute": "hp4", "t_reshape": "h4s", "t_graph": "go",
	"t_read": "hlo", "t_write": "hlo", "t_read_rect": "hznnnno", "t_write_rect": "hznnnno", "t_map": "hw", "t_map_out": "n4sw", "t_commit": "W",
	"t_unmap": "W", "node_call": "No", "kv_get": "zko", "kv_put": "zkol", "kv_cas": "zkoo", "kv_delete": "zk", "kv_list": "zko", "http_fetch": "Fo",
	"http_start": "F", "http_take": "xo", "http_read": "xo", "wait_any": "pzz", "h_type": "ho", "h_parts": "ho", "h_build": "nA",
	"asset_create": "k", "asset_write": "do", "asset_commit": "do", "asset_store": "fko", "asset_image": "fz", "image_save": "Ao", "ws_post": "kkez",
	"ws_image": "kzhzz", "body_read": "fo", "reply_head": "A", "reply_write": "o", "asset_open": "A", "asset_size": "f", "asset_read": "flo", "asset_save": "koo", "ws_send": "ke", "msg_wait": "kzo", "msg_post": "kkke",
}

// argument gives the sources of what a letter stands for.
func argument(letter byte, pick func(n int) int) []byte {
	pair := func(m int) []byte { at, size := Message(m); return []byte{at, size} }
	switch letter {
	case 'k':
		return pair(Key)
	case 'e':
		return pair(Event)
	case 'g':
		return pair(Graph)
	case 'A':
		return pair(AssetMessage)
	case 'F':
		return pair(FetchMessage)
	case 'N':
		return pair(NodeMessage)
	case 's':
		at, _ := Message(pick(2))
		return []byte{at}
	case 'o':
		return []byte{Scratch(byte(pick(48))), Int([]uint32{0, 4, 16, 256, 1000}[pick(5)])}
	case 'p':
		return []byte{Scratch(byte(pick(48)))}
	case 'h':
		return []byte{Register(byte(pick(12)))}
	case 'f':
		return []byte{Register(12)}
	case 'd':
		return []byte{Register(13)}
	case 'x':
		return []byte{Register(14)}
	case 'w':
		return []byte{windows(pick), Int(1 << 16 << pick(2))}
	case 'W':
		return []byte{windows(pick)}
	case 'n':
		return []byte{Int(uint32(pick(9)))}
	case '4':
		return []byte{Int(4)}
	case 'l':
		return []byte{Long(uint64(pick(5)))}
	case 'z':
		return []byte{Int(uint32(pick(2)))}
	}
	return []byte{byte(pick(16))}
}

func windows(pick func(n int) int) byte {
	return Int([]uint32{8 << 16, 9 << 16, 10 << 16, 12 << 16}[pick(4)])
}

func randomCall(pick func(n int) int) []byte {
	f := Functions()[pick(len(Functions()))]
	if f.Name == "proc_exit" {
		return nil
	}
	register := byte(15)
	if slices.Contains(gives, f.Name) && pick(2) == 0 {
		register = byte(pick(12))
	}
	switch f.Name {
	case "asset_create":
		register = 13
	case "http_start":
		register = 14
	}
	var args []byte
	if r, ok := recipes[f.Name]; ok && pick(30) > 0 {
		for i := range len(r) {
			args = append(args, argument(r[i], pick)...)
		}
		return Call(f.Name, register, args...)
	}
	for _, p := range f.Params {
		if p == 'l' {
			args = append(args, Register(byte(pick(16))))
		} else {
			args = append(args, byte(pick(64)))
		}
	}
	return Call(f.Name, register, args...)
}
