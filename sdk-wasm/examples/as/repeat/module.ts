// Repeat is a loop: a node that puts one step and itself, with one time less, in its own place.
import { Call, Graph, node, Value } from "../../../as/index";

node("ExampleRepeatAS", "Repeat (AS)", "examples/as", "Makes a picture darker or brighter, step by step.")
  .link("image", "IMAGE")
  .float("factor", 0.5).range(0, 2, 0.01)
  .int("times", 3).range(0, 8)
  .gives("IMAGE")
  .flag("expands")
  .does(repeat);

node("ExampleRepeatStepAS", "Repeat, one step (AS)", "examples/as", "Multiplies a picture by a factor.")
  .link("image", "IMAGE")
  .float("factor", 0.5).range(0, 2, 0.01)
  .gives("IMAGE")
  .does(step);

function repeat(c: Call): void {
  const times = c.int("times"), factor = c.value("factor");
  if (times == 0) return c.give(c.value("image"));
  c.add("step", "ExampleRepeatStepAS").set("image", c.value("image")).set("factor", factor);
  c.add("again", "ExampleRepeatAS").set("image", Value.link("step")).set("factor", factor).set("times", Value.int(times - 1));
  c.giveLink("again");
}

function step(c: Call): void {
  const g = new Graph();
  c.giveImage(g.one(g.affine(g.input(c.tensor("image")), c.float("factor"), 0)));
}

export { cocoon_abi, cocoon_buf, cocoon_call } from "../../../as/index";
