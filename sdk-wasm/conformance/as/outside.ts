// The functions of the other modules.
import { Asset, assetSave, httpFetch, KIND_ASSET, KV, last, msgPost, msgWait, nodeCall, pull, Value, wsSend } from "../../as/index";
import { bytes, done, gives } from "./args";

/** A message, or the errno in place of it. */
function message(v: Value): Value {
  return last < 0 ? Value.int(last) : v;
}

/** Sends a request; of the answer's headers the reply has the type, since others tell the time. */
function fetch(request: Value): Value {
  const r = httpFetch(request);
  if (last < 0) return Value.int(last);
  return Value.map().set("status", r.get("status")).set("type", Value.text(r.get("headers").get("content-type").asText())).set("body", r.get("body"));
}

function kvGet(kv: KV, key: string): Value {
  const b = kv.get(key);
  return b ? Value.bytes(b) : Value.int(last);
}

function kvList(kv: KV, prefix: string): Value {
  const keys = kv.list(prefix);
  return message(Value.texts(keys));
}

function asset(v: Value): Asset {
  return new Asset(v.asHandle(-1));
}

export function outsideOp(op: string, a: Value[]): Value | null {
  if (op.startsWith("kv_")) {
    const kv = new KV(<u32>a[0].asInt()), key = a[1].asText();
    if (op == "kv_get") return kvGet(kv, key);
    if (op == "kv_put") return done(kv.put(key, a[2].asBytes(), a[3].asInt()));
    if (op == "kv_cas") return done(kv.cas(key, a[2].asBytes(), a[3].asBytes()));
    if (op == "kv_delete") return done(kv.delete(key));
    if (op == "kv_list") return kvList(kv, key);
  }
  if (op == "node_call") {
    const v = nodeCall(a[0].asText(), a[1]);
    return message(v);
  }
  if (op == "http_fetch") return fetch(a[0]);
  if (op == "asset_open") return gives(KIND_ASSET, Asset.open(a[0]).id);
  if (op == "asset_size") return Value.int(asset(a[0]).size());
  if (op == "asset_read") {
    const b = asset(a[0]).read(a[1].asInt(), <i32>a[2].asInt());
    return bytes(b, last);
  }
  if (op == "asset_save") {
    const v = assetSave(a[0].asText(), a[1].asBytes());
    return message(v);
  }
  if (op == "ws_send") return done(wsSend(a[0].asText(), a[1].asText()));
  if (op == "input") {
    const v = pull(a[0].asText());
    return last < 0 ? Value.int(last) : v;
  }
  if (op == "msg_wait") {
    const b = msgWait(a[0].asText(), <u32>a[1].asInt());
    return bytes(b, last);
  }
  if (op == "msg_post") return Value.int(msgPost(a[0].asText(), a[1].asText(), a[2].asText(), a[3].asBytes()));
  return null;
}
