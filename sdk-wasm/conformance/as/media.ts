// Parts of values, files in the making, and pictures as files.
import { Asset, build, decodeImage, decodeMask, Draft, imageSave, KIND_DRAFT, KIND_IMAGE, KIND_MASK, last, parts, store, typeOf, Value } from "../../as/index";
import { gives, tensor } from "./args";

/** A value, or the errno in place of it. */
function found(v: Value): Value {
  return last < 0 ? Value.int(last) : v;
}

function picture(file: Asset, part: i64): Value {
  return part == 1 ? gives(KIND_MASK, decodeMask(file).id) : gives(KIND_IMAGE, decodeImage(file).id);
}

export function mediaOp(op: string, a: Value[]): Value | null {
  const id = a.length ? a[0].asHandle(-1) : -1;
  if (op == "h_type") {
    const name = typeOf(id);
    return found(Value.text(name));
  }
  if (op == "h_parts") {
    const v = parts(id);
    return found(v);
  }
  if (op == "h_build") return gives(<u32>a[0].asInt(), build(<u32>a[0].asInt(), a[1]));
  if (op == "asset_create") return gives(KIND_DRAFT, Draft.create(a[0].asText()).id);
  if (op == "asset_write") return Value.int(new Draft(id).write(a[1].asBytes()));
  if (op == "asset_commit") {
    const v = new Draft(id).commit();
    return found(v);
  }
  if (op == "asset_store") {
    const v = store(id, a[1].asText());
    return found(v);
  }
  if (op == "asset_image") return picture(new Asset(id), a[1].asInt());
  if (op == "image_save") {
    const v = imageSave(tensor(a[0]), a[1].asText(), a[2]);
    return found(v);
  }
  return null;
}
