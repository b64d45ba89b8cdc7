// The functions of the module cocoon1.
import {
  deadline, ECANCEL, fail, feature, fuelLeft, KIND_TENSOR, last, log, now, preview, progress, progressState, progressText, progressTextAll, random, sleep,
  Value,
} from "../../as/index";
import { bytes, done, gives, tensor } from "./args";

export function coreOp(op: string, a: Value[]): Value | null {
  if (op == "fail") fail(a[0].asInt(), a[1].asText());
  else if (op == "log") log(<i32>a[0].asInt(), a[1].asText());
  else if (op == "progress") return Value.bool(progress(a[0].asFloat(), a[1].asFloat()));
  else if (op == "progress_state") return Value.bool(progressState(a[0].asFloat(), a[1].asFloat()));
  else if (op == "progress_text") progressText(a[0].asText());
  else if (op == "progress_text_all") progressTextAll(a[0].asText());
  else if (op == "preview") return done(preview(tensor(a[0]), <u32>a[1].asInt(), a[2].asBool()));
  else if (op == "sleep_ms") return done(sleep(<u32>a[0].asInt()) ? 0 : ECANCEL);
  else if (op == "now_ms") return Value.int(now());
  else if (op == "random") {
    const b = random(<i32>a[0].asInt());
    return bytes(b, last < 0 ? last : b.byteLength);
  } else if (op == "fuel_left") return Value.int(fuelLeft());
  else if (op == "deadline_ms") return Value.int(deadline());
  else if (op == "feature") return Value.bool(feature(<u32>a[0].asInt()));
  else if (op == "h_drop") tensor(a[0]).drop();
  else if (op == "h_get") return gives(KIND_TENSOR, tensor(a[0]).part(a[1].asText()).id);
  else if (op == "h_make") return gives(<u32>a[0].asInt(), tensor(a[1]).as(<u32>a[0].asInt()).id);
  else return null;
  return Value.nothing();
}
