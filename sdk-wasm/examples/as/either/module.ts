// Either gives one of two texts. Its inputs are lazy: what leads to the other text is never computed.
import { Call, node } from "../../../as/index";

node("ExampleEitherAS", "Either (AS)", "examples/as", "Gives one of two texts; what leads to the other one is not computed.")
  .boolean("first", true)
  .string("a").lazy().multiline()
  .string("b").lazy().multiline()
  .gives("STRING")
  .needs(needs)
  .does(either);

function chosen(c: Call): string {
  return c.bool("first") ? "a" : "b";
}

function needs(c: Call): string[] {
  return c.has(chosen(c)) ? [] : [chosen(c)];
}

function either(c: Call): void {
  const text = c.text(chosen(c));
  c.showText(text);
  c.giveText(text);
}

export { cocoon_abi, cocoon_buf, cocoon_call } from "../../../as/index";
