// Requests beside the module, events for clients, and bodies and answers of routes.
import { Answer, Body, Exchange, KIND_REQUEST, last, Target, Value, waitAny } from "../../as/index";
import { bytes, done, gives, tensor } from "./args";

function head(x: Exchange): Value {
  const r = x.head();
  if (last < 0) return Value.int(last);
  return Value.map().set("status", r.get("status")).set("type", Value.text(r.get("headers").get("content-type").asText()));
}

function target(kind: i64, id: string): Target {
  if (kind == 0) return Target.client(id);
  return kind == 1 ? Target.prompt(id) : Target.all();
}

function exchanges(list: Value): Exchange[] {
  const all: Exchange[] = [];
  for (let i = 0; i < list.length; i++) all.push(new Exchange(list.at(i).asHandle(-1)));
  return all;
}

export function streamOp(op: string, a: Value[]): Value | null {
  if (op == "http_start") return gives(KIND_REQUEST, Exchange.start(a[0]).id);
  if (op == "http_take") return head(new Exchange(a[0].asHandle(-1)));
  if (op == "http_read" || op == "body_read") {
    const b = new ArrayBuffer(<i32>a[1].asInt()), id = a[0].asHandle(-1);
    return bytes(b, op == "http_read" ? new Exchange(id).read(b) : new Body(id).read(b));
  }
  if (op == "wait_any") return Value.int(waitAny(exchanges(a[0]), <u32>a[1].asInt()));
  if (op == "ws_post") return done(target(a[0].asInt(), a[1].asText()).send(a[2].asText(), a[3].asText()));
  if (op == "ws_image") return done(target(a[0].asInt(), a[1].asText()).show(tensor(a[2]), <u32>a[3].asInt()));
  if (op == "reply_head") return done(Answer.begin(<i32>a[0].asInt(), a[1].asText()));
  if (op == "reply_write") return Value.int(Answer.write(a[0].asBytes()));
  return null;
}
