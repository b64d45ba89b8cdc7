package server

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestInertMarkdown(t *testing.T) {
	for _, x := range []struct{ name, page, want string }{
		{"plain", "# Lens\n\nBends *light* by `amount`, see [the site](https://acme.dev/x).\n\n- a\n- b\n", "# Lens\n\nBends *light* by `amount`, see [the site](https://acme.dev/x).\n\n- a\n- b\n"},
		{"picture beside it", "![A lens](pictures/lens.png)", "![A lens](pictures/lens.png)"},
		{"picture with a title", `![A lens](./lens.PNG "Big") x`, "![A lens](./lens.PNG) x"},
		{"quotes", `the mode "fast" is ("so") fast`, "the mode “fast” is (“so”) fast"},
		{"code", "Code:\n```json\n{\"a\": \"<b>\"}\n```\n\"x\" <b>", "Code:\n```json\n{\"a\": \"<\u200bb>\"}\n```\n“x” &lt;b>"},
		{"element", `<div style="position:fixed">`, "&lt;div style=”position:fixed”>"},
		{"comment and instruction", "<!-- x --><?x?></p>", "&lt;!-- x -->&lt;?x?>&lt;/p>"},
		{"less than", "1 < 2, a<1", "1 < 2, a<1"},
		{"foreign picture", "![x](https://evil.example/x.png)", "!\u200b[x](https://evil.example/x.png)"},
		{"picture of the server", "![x](/view?filename=a.png) ![x](../../a.png) ![x](a/../../b.png)", "!\u200b[x](/view?filename=a.png) !\u200b[x](../../a.png) !\u200b[x](a/../../b.png)"},
		{"picture by reference", "![x][r]\n\n[r]: https://evil.example/x.png", "!\u200b[x][r]\n\n[r]\u200b: https://evil.example/x.png"},
		{"picture in a picture", "![a ![b](c.png)](https://evil.example/x.png)", "!\u200b[a ![b](c.png)](https://evil.example/x.png)"},
		{"attribute", `![x" style="position:fixed](a.png)`, "!\u200b[x” style=”position:fixed](a.png)"},
		{"attribute of an address", `https://a.b/"style="position:fixed`, "https://a.b/”style=”position:fixed"},
		{"title over lines", "[r]: u (\n\nx\" style=\"position:fixed\n)", "[r]\u200b: u (\n\nx” style=”position:fixed\n)"},
		{"a fence that is none", "```\na ``` b\nabc\n```\n![a\" x](a.png)", "```\na ``` b\nabc\n```\n!\u200b[a” x](a.png)"},
		{"a fence in another", "~~~\n```\n~~~\n\"x\"", "~~~\n```\n~~~\n“x”"},
		{"deep quotes", strings.Repeat(">", 5000) + "x", strings.Repeat("> ", 32) + "x"},
		{"deep brackets", strings.Repeat("[", 5000) + "x", strings.Repeat("[", 32) + "x"},
		{"deep list", strings.Repeat(" ", 5000) + "- x", strings.Repeat(" ", 64) + "- x"},
		{"control characters", "a\x00b\x1b[31m\u0085c\rd", "ab[31mc\nd"},
		{"no text", "\xff<b>", "\ufffd&lt;b>"},
	} {
		t.Run(x.name, func(t *testing.T) {
			if d := cmp.Diff(x.want, string(inertMarkdown([]byte(x.page)))); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

// FuzzInertMarkdown looks for what must not be left in a page.
func FuzzInertMarkdown(f *testing.F) {
	for _, page := range []string{"", "# x\n```go\n\"<b>\"\n```\n![a](b.png \"c\")\n[r]: x", "![](x.png)!![](x)", "```\n~~~\n\"\n", "> ```\n\"", "<!\"![\n"} {
		f.Add([]byte(page))
	}
	f.Fuzz(func(t *testing.T, page []byte) {
		out := string(inertMarkdown(page))
		if !utf8.ValidString(out) || tagOpens.MatchString(out) {
			t.Errorf("%q has a tag", out)
		}
		lines := strings.Split(out, "\n")
		for i, line := range lines {
			if strings.Contains(helpPicture.ReplaceAllString(line, ""), "![") && !inFence(lines[:i]) {
				t.Errorf("%q has a picture", line)
			}
			if strings.ContainsAny(line, `"`) && !inFence(lines[:i]) {
				t.Errorf("%q has a quotation mark", line)
			}
		}
	})
}

// inFence reports whether behind some lines there is code for certain: after an odd number of fences that stand alone, of
// which there are no others.
func inFence(lines []string) bool {
	n := 0
	for _, l := range lines {
		switch {
		case n%2 == 0 && helpFence.MatchString(l), n%2 == 1 && strings.TrimRight(l, " ") == "```":
			n++
		case strings.Contains(l, "```") || strings.Contains(l, "~~~"):
			return false
		}
	}
	return n%2 == 1
}
