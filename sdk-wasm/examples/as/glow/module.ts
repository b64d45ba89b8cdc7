// Glow lets light bleed into its surroundings. The pixels stay with the host, which runs the whole effect as one graph.
import { Call, fail, Graph, node, Resize } from "../../../as/index";

node("ExampleGlowAS", "Glow (AS)", "examples/as", "Lets light bleed into its surroundings.")
  .link("image", "IMAGE")
  .float("amount", 0.5).range(0, 1, 0.01).slider()
  .int("size", 8).range(1, 128).hint("How far the light bleeds, in pixels.")
  .gives("IMAGE")
  .does(glow);

function glow(c: Call): void {
  const image = c.tensor("image"), amount = c.float("amount"), size = c.int("size");
  const info = image.info();
  if (info.err) return fail(info.err, "the image cannot be read");
  const s = info.shape;
  const g = new Graph();
  const x = g.input(image);
  const small = g.resize(x, Resize.Area, [s[0], max<i64>(s[1] / size, 1), max<i64>(s[2] / size, 1), s[3]]);
  const blurred = g.resize(small, Resize.Bilinear, s);
  // Screen: 1 - (1 - x) * (1 - amount * blurred).
  const dark = g.mul(g.affine(x, -1, 1), g.affine(blurred, -amount, 1));
  c.giveImage(g.one(g.clamp(g.affine(dark, -1, 1), 0, 1)));
}

export { cocoon_abi, cocoon_buf, cocoon_call } from "../../../as/index";
