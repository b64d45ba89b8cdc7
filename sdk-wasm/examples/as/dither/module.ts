// Dither draws a picture with few levels a channel and spreads the error (Floyd and Steinberg, 1976). Each pixel depends on
// the ones before it, so no graph can do it: the loop runs here, over windows on the host's memory.
import { Call, fail, node, Window } from "../../../as/index";

node("ExampleDitherAS", "Dither (AS)", "examples/as", "Draws a picture with few levels a channel and spreads the error.")
  .link("image", "IMAGE")
  .int("levels", 2).range(2, 256)
  .gives("IMAGE")
  .does(dither);

function dither(c: Call): void {
  const image = c.tensor("image");
  const info = image.info();
  if (info.err) return fail(info.err, "the image cannot be read");
  const from = image.map(), to = Window.make(info.shape);
  if (from.err || to.err) return fail(from.err ? from.err : to.err, "there is no room for the picture");
  to.copy(from);
  spread(to, info.shape, <f32>(c.int("levels") - 1));
  from.close();
  c.giveImage(to.commit());
}

function spread(to: Window, s: StaticArray<i64>, top: f32): void {
  const height = <i32>s[1], ch = <i32>s[3], row = <i32>s[2] * ch;
  for (let i = 0; i < to.length; i++) {
    const x = i % row, last = (i / row + 1) % height == 0; // of its picture
    const want = min<f32>(max<f32>(to[i], 0), 1);
    const got = <f32>(<i32>(want * top + 0.5)) / top;
    const err = want - got;
    to[i] = got;
    if (x + ch < row) to[i + ch] = to[i + ch] + err * (7.0 / 16.0);
    if (last) continue;
    if (x >= ch) to[i + row - ch] = to[i + row - ch] + err * (3.0 / 16.0);
    to[i + row] = to[i + row] + err * (5.0 / 16.0);
    if (x + ch < row) to[i + row + ch] = to[i + row + ch] + err * (1.0 / 16.0);
  }
}

export { cocoon_abi, cocoon_buf, cocoon_call } from "../../../as/index";
