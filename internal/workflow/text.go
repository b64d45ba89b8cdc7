package workflow

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var comments = regexp.MustCompile(`(?s:/\*.*?\*/)|//[^\n\r\x{2028}\x{2029}]*`)

var escapes = strings.NewReplacer(`\{`, "{", `\}`, "}", `\|`, "|")

// maxBraces bounds how deep alternatives nest.
const maxBraces = 200

// expand picks alternatives: comments go, {a|b} becomes one of them, \{ \} \| stand for themselves.
func expand(text string, random func() float64) string {
	return unescape(choose(comments.ReplaceAllString(text, ""), random, 0))
}

func unescape(s string) string { return escapes.Replace(s) }

// choose replaces every outermost block of s by one of its alternatives; escapes are kept.
func choose(s string, random func() float64, depth int) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			b.WriteString(s[i : i+2])
			i += 2
		case c == '{' && depth < maxBraces:
			options, next := alternatives(s, i+1)
			pick := min(int(random()*float64(len(options))), len(options)-1)
			// Compat: each level undoes escapes before the next reads the text
			b.WriteString(unescape(choose(options[max(pick, 0)], random, depth+1)))
			i = next
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

// alternatives splits the block that begins at i, up to its closing brace or the end.
func alternatives(s string, i int) (options []string, next int) {
	depth, start := 0, i
	for ; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			if depth == 0 {
				return append(options, s[start:i]), i + 1
			}
			depth--
		case '|':
			if depth == 0 {
				options = append(options, s[start:i])
				start = i + 1
			}
		}
	}
	return append(options, s[start:]), len(s)
}

// savesFiles names the nodes whose filename_prefix may quote widgets of other nodes. SaveText is not among them.
var savesFiles = map[string]bool{
	"SaveImage": true, "SaveImageAdvanced": true, "SaveSVGNode": true, "SaveVideo": true, "SaveAnimatedWEBP": true,
	"SaveAnimatedPNG": true, "SaveWEBM": true, "SaveAudio": true, "SaveAudioMP3": true, "SaveAudioOpus": true,
	"SaveAudioAdvanced": true, "SaveGLB": true, "Save3DAdvanced": true, "SaveGaussianSplat": true, "SavePointCloud": true,
	"CLIPSave": true, "VAESave": true, "ModelSave": true, "LoraSave": true, "SaveLatent": true,
}

var (
	quotes    = regexp.MustCompile(`%[^%]+%`)
	forbidden = regexp.MustCompile(`[/?<>\\:*|"\x00-\x1F\x7F]`)
	dateParts = regexp.MustCompile(`dd?|MM?|hh?|mm?|ss?|yyy?y?`)
)

// replace fills in %Node.widget% and %date:format%. What cannot be found stays.
func (c *Canvas) replace(text string) string {
	room := maxReplaced
	return quotes.ReplaceAllStringFunc(text, func(quote string) string {
		parts := strings.Split(quote[1:len(quote)-1], ".")
		if len(parts) != 2 {
			if format, ok := strings.CutPrefix(parts[0], "date:"); ok {
				return formatDate(format, c.opts.Now())
			}
			return quote
		}
		n := c.find(parts[0])
		if n == nil {
			return quote
		}
		w := n.widget(parts[1])
		if w == nil {
			return quote
		}
		value := display(w.value)
		if room -= len(value); room < 0 {
			return quote
		}
		return forbidden.ReplaceAllString(value, "_")
	})
}

// maxReplaced bounds what quotes add to a text.
const maxReplaced = 1 << 16

// names finds nodes for quotes: the first of a name.
type names struct{ byAlias, byTitle map[string]*node }

// find looks for a node by its property, then by its title, in all graphs.
func (c *Canvas) find(name string) *node {
	if c.names == nil {
		c.names = &names{map[string]*node{}, map[string]*node{}}
		c.all(func(n *node) {
			if alias := n.alias(); c.names.byAlias[alias] == nil {
				c.names.byAlias[alias] = n
			}
			if c.names.byTitle[n.title] == nil {
				c.names.byTitle[n.title] = n
			}
		})
	}
	if n := c.names.byAlias[name]; n != nil {
		return n
	}
	return c.names.byTitle[name]
}

// alias is the name by which texts may quote a node.
func (n *node) alias() string {
	const property = "Node name for S&R"
	if n.props.has(property) {
		return n.props.text(property)
	}
	if n.kind == plain && !savesFiles[n.typ] {
		return n.typ
	}
	return ""
}

// formatDate writes d, M, h, m, s with as many digits as letters, yy and yyyy; other text stays.
func formatDate(format string, t time.Time) string {
	return dateParts.ReplaceAllStringFunc(format, func(part string) string {
		var v int
		switch part[0] {
		case 'y':
			year := strconv.Itoa(t.Year())
			switch {
			case part == "yyyy":
				return year
			case part == "yy" && len(year) > 2:
				return year[2:]
			}
			return part
		case 'd':
			v = t.Day()
		case 'M':
			v = int(t.Month())
		case 'h':
			v = t.Hour()
		case 'm':
			v = t.Minute()
		case 's':
			v = t.Second()
		}
		s := strconv.Itoa(v)
		return strings.Repeat("0", max(len(part)-len(s), 0)) + s
	})
}
