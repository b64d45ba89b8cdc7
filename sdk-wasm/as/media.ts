// Parts of values, files in the making, and pictures as files.

import {
  host_asset_commit, host_asset_create, host_asset_image, host_asset_store, host_asset_write, host_h_build, host_h_parts, host_h_type, host_image_save,
  KIND_IMAGE,
} from "./bind";
import { utf8, Value } from "./cbor";
import { Asset, at, fetched, message, ROOM } from "./host";
import { Tensor } from "./tensor";

/** The type that links of a value have, such as LATENT or MODEL; last is an errno or its length. */
export function typeOf(id: i64): string {
  const out = new ArrayBuffer(ROOM);
  return String.UTF8.decode(fetched(out, id < 0 ? id : host_h_type(id, at(out), ROOM)));
}

/** Takes a latent, sound or a picture apart: a map, see docs/abi.md. last is an errno or not negative. */
export function parts(id: i64): Value {
  const out = new ArrayBuffer(ROOM);
  return message(fetched(out, id < 0 ? id : host_h_parts(id, at(out), ROOM)));
}

/** Makes a latent or sound of parts: its handle, or an errno. */
export function build(kind: u32, from: Value): i64 {
  const b = from.encode();
  return host_h_build(kind, at(b), b.byteLength);
}

/** Decodes a picture file: a picture for each of its frames. */
export function decodeImage(file: Asset): Tensor {
  return new Tensor(file.id < 0 ? file.id : host_asset_image(file.id, 0));
}

/** Decodes the transparency of a picture file: 1 where nothing is to be seen. */
export function decodeMask(file: Asset): Tensor {
  return new Tensor(file.id < 0 ? file.id : host_asset_image(file.id, 1));
}

/** A file of the output folder in the making; a negative id stands for an errno. Nothing is kept until commit. */
export class Draft {
  constructor(public id: i64) {}

  static create(name: string): Draft {
    const n = utf8(name);
    return new Draft(host_asset_create(at(n), n.byteLength));
  }

  /** Adds bytes: how many, or an errno. */
  write(b: ArrayBuffer): i64 {
    return this.id < 0 ? this.id : host_asset_write(this.id, at(b), b.byteLength);
  }

  /** Saves the file and says where: a map of type, subfolder and filename. last is an errno or not negative. */
  commit(): Value {
    const out = new ArrayBuffer(ROOM);
    return message(fetched(out, this.id < 0 ? this.id : host_asset_commit(this.id, at(out), ROOM)));
  }
}

/** Saves the body of a route's request, what is left of an answer, or a file: id is its handle. No byte of it crosses. */
export function store(id: i64, name: string): Value {
  const n = utf8(name), out = new ArrayBuffer(ROOM);
  return message(fetched(out, id < 0 ? id : host_asset_store(id, at(n), n.byteLength, at(out), ROOM)));
}

/** Saves the pictures of a batch, a file each, and gives a list of where. form is a map of format ("png", "jpeg", "webp"),
 * quality, level and text; an empty one is a PNG. last is an errno or not negative. */
export function imageSave(image: Tensor, name: string, form: Value = Value.map()): Value {
  const b = form.set("image", Value.handle(KIND_IMAGE, image.id)).set("name", Value.text(name)).encode();
  const out = new ArrayBuffer(ROOM);
  return message(fetched(out, image.id < 0 ? image.id : host_image_save(at(b), b.byteLength, at(out), ROOM)));
}
