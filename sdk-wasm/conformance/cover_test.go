package conformance

import (
	"slices"
	"strings"
	"testing"
)

// errnos are what each host function may refuse with, and so what the kit has a case for: named function/ERRNO.
var errnos = map[string][]string{
	"input": {"EUNSUP", "ENOENT", "ECANCEL", "EIO"}, "preview": {"EUNSUP"}, "sleep_ms": {"ECANCEL"}, "random": {"ETOOBIG"},
	"h_type": {"ENOENT"}, "h_parts": {"EUNSUP", "ELIMIT"}, "h_build": {"EUNSUP", "ELIMIT"}, "wait_any": {"ETIMEOUT", "ECANCEL", "EUNSUP"},
	"h_get": {"ENOENT", "EUNSUP", "ELIMIT"}, "h_make": {"EUNSUP", "ELIMIT"},
	"t_new": {"ETOOBIG", "ELIMIT", "EUNSUP"}, "t_cast": {"ELIMIT"}, "t_slice": {"EUNSUP", "ELIMIT"}, "t_permute": {"EUNSUP", "ELIMIT"},
	"t_reshape": {"EUNSUP", "ELIMIT"}, "t_graph": {"EUNSUP", "ELIMIT"}, "t_read": {"ENOENT"}, "t_write": {"EPERM", "ETOOBIG"},
	"t_read_rect": {"ENOENT", "ETOOBIG"}, "t_write_rect": {"EPERM", "ENOENT", "ETOOBIG"}, "t_map": {"ELIMIT"},
	"t_map_out": {"ETOOBIG", "ELIMIT"}, "t_commit": {"ELIMIT"},
	"node_call": {"EPERM", "ENOENT", "EUNSUP", "EIO", "ELIMIT", "ETOOBIG"},
	"kv_get":    {"ENOENT", "ETOOBIG", "ECANCEL"}, "kv_put": {"ELIMIT", "ETOOBIG", "ENOENT", "ECANCEL"},
	"kv_cas": {"ECONFLICT", "ELIMIT", "ETOOBIG", "ENOENT", "ECANCEL"}, "kv_delete": {"ETOOBIG", "ENOENT", "ECANCEL"},
	"kv_list":    {"ETOOBIG", "ENOENT", "ECANCEL"},
	"http_fetch": {"EPERM", "ETOOBIG", "EIO", "ETIMEOUT", "ELIMIT", "ECANCEL"},
	"asset_open": {"EPERM", "ENOENT", "EIO", "ELIMIT"}, "asset_size": {"EUNSUP"}, "asset_read": {"ENOENT", "EIO", "EUNSUP"}, "asset_save": {"EPERM", "EUNSUP", "ELIMIT", "EIO"},
	"http_start": {"EUNSUP", "ETOOBIG", "EIO", "ELIMIT"}, "http_take": {"EPERM", "EIO", "ETIMEOUT", "ECANCEL"}, "http_read": {"EPERM", "EIO", "ECANCEL", "ETIMEOUT"},
	"asset_create": {"EPERM", "EUNSUP", "ELIMIT"}, "asset_write": {"ELIMIT"}, "asset_commit": {"EIO"},
	"asset_store": {"EPERM", "EUNSUP", "ETOOBIG", "EIO"}, "asset_image": {"EUNSUP", "ELIMIT", "ETOOBIG", "ECANCEL"}, "image_save": {"EPERM", "EUNSUP", "ELIMIT", "EIO"},
	"ws_post": {"ENOENT", "EPERM", "ETOOBIG", "EUNSUP", "EIO", "EAGAIN"}, "ws_image": {"ENOENT", "EPERM", "EUNSUP", "EIO", "EAGAIN"},
	"body_read": {"ETOOBIG", "ECONFLICT"}, "reply_head": {"EUNSUP", "ECONFLICT"}, "reply_write": {"EUNSUP", "ELIMIT"},
	"ws_send":  {"EPERM", "ETOOBIG", "EUNSUP", "EIO", "EAGAIN"},
	"msg_wait": {"ETIMEOUT", "EUNSUP", "ETOOBIG", "ECANCEL"}, "msg_post": {"ELIMIT", "ETOOBIG"},
}

// unasked are refusals that no case can bring about, and why.
var unasked = map[string]string{
	"t_new/ENOMEM":        "the machine has no memory",
	"t_map_out/ENOMEM":    "the machine has no memory",
	"t_graph/ENOMEM":      "the backend has no memory",
	"t_graph/EIO":         "the backend fails",
	"t_cast/EUNSUP":       "every dtype casts to every other",
	"t_map/ETOOBIG":       "the SDKs give windows the room that the tensor needs",
	"t_unmap/ENOENT":      "the SDKs close a window once",
	"kv_get/EIO":          "the store fails",
	"http_read/ETOOBIG":   "tens of megabytes would have to pass",
	"body_read/ECANCEL":   "the client is gone, and with it who would be told",
	"reply_write/ECANCEL": "the client is gone, and with it who would be told",
	"kv_put/EIO":          "the store fails",
	"kv_cas/EIO":          "the store fails",
	"kv_delete/EIO":       "the store fails",
	"kv_list/EIO":         "the store fails",
	"body_read/ETIMEOUT":  "the client stalls",
	"body_read/EIO":       "the connection breaks",
	"asset_size/EIO":      "the size is known when the file is open",
}

// TestEveryFunctionHasACase holds the kit to the contract: a host function without a case of success, or a refusal without one,
// is a failure.
func TestEveryFunctionHasACase(t *testing.T) {
	known := map[string]bool{}
	cases := readSteps(t)
	for _, x := range readRoutes(t) {
		cases = append(cases, stepCase{Name: x.Name, Steps: x.Steps, Want: x.Want})
	}
	for _, m := range readContract(t).Modules {
		for _, f := range m.Functions {
			known[f.Name] = true
			if !slices.ContainsFunc(cases, func(x stepCase) bool {
				fn, what, _ := strings.Cut(x.Name, "/")
				return fn == f.Name && what != strings.ToUpper(what) && x.uses(f.Name)
			}) {
				t.Errorf("%s.%s has no case of success", m.Name, f.Name)
			}
			for _, errno := range errnos[f.Name] {
				if !slices.ContainsFunc(cases, func(x stepCase) bool { return x.Name == f.Name+"/"+errno && x.uses(f.Name) && x.gives("@"+errno) }) {
					t.Errorf("%s has no case of %s", f.Name, errno)
				}
			}
		}
	}
	for name := range errnos {
		if !known[name] {
			t.Errorf("the contract has no function %s", name)
		}
	}
	for name, why := range unasked {
		fn, errno, _ := strings.Cut(name, "/")
		if slices.Contains(errnos[fn], errno) || !known[fn] || why == "" {
			t.Errorf("%s is both asked for and not, or of no function", name)
		}
	}
	names := map[string]bool{}
	for _, x := range cases {
		if names[x.Name] {
			t.Errorf("two cases %s", x.Name)
		}
		names[x.Name] = true
	}
}

// uses reports whether a case has a step of a function. What every case uses, or what the SDKs do on their own, is not a step.
func (x *stepCase) uses(function string) bool {
	if function == "reply" || function == "take" {
		return true
	}
	return slices.ContainsFunc(x.Steps, func(s []any) bool {
		head := s[0].(string)
		_, op, named := strings.Cut(head, " = ")
		if !named {
			op = strings.TrimPrefix(head, "-")
		}
		return op == function || op == "until" && s[2] == function
	})
}

func (x *stepCase) gives(errno string) bool {
	return slices.Contains(x.Want, any(errno)) || x.Fail["code"] == errno
}
