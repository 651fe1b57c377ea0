package policy

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a policy file. They are far above what anybody writes, and keep a hostile or damaged file from eating the
// machine: aliases can be written out to any size, and the parser's time grows with the square of the depth.
const (
	maxNodes = 200_000
	maxDepth = 40
)

// position is a place in the file, both numbers from 1.
type position struct{ line, column int }

// kind is what a node is.
type kind int

const (
	nullKind kind = iota
	textKind
	numberKind
	boolKind
	listKind
	mapKind
)

func (k kind) String() string {
	return [...]string{"nothing", "a text", "a number", "true or false", "a list", "a mapping"}[k]
}

// node is a value of the file with aliases written out and merges done, so that nothing above needs to know of them.
type node struct {
	kind  kind
	text  string  // a scalar as it was written
	items []*node // of a list
	pairs []pair  // of a mapping, in order
	path  string  // such as "teams.ict.label"; empty for the whole file
	at    position
	keyAt position // of the key or the dash that it stands behind
}

// pair is a key of a mapping with its value. The key is a scalar.
type pair struct {
	key   string
	value *node
}

// reader reads one policy file and gathers its mistakes.
type reader struct {
	file    string
	errs    Errors
	langs   []string // the policy's, once they were read
	maxText int      // Limits.Text, likewise
	maxFile int      // Limits.Files, likewise

	anchors map[string]ast.Node
	open    map[string]bool // the aliases being written out, to notice one that contains itself
	outer   position        // of the alias that the others are being written out for
	nodes   int
	stopped bool // the file is too large to go on
}

// tree parses the file, or notes why that isn't possible and returns nil.
func (r *reader) tree(data []byte) *node {
	if !r.readable(data) || !r.spaced(string(data)) {
		return nil
	}
	tokens := lexer.Tokenize(string(bytes.TrimPrefix(data, []byte("\ufeff"))))
	if at, deep := tooDeep(tokens); deep {
		r.failf(at, "this is nested more than %d levels deep, which no policy needs", maxDepth)
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	if len(file.Docs) > 1 {
		at := position{1, 1}
		if start := file.Docs[1].Start; start != nil {
			at = place(start)
		}
		r.failf(at, "a second document begins here: a policy is one document, so remove the line ---")
		return nil
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		r.failf(position{1, 1}, "the file is empty: begin with a copy of deploy/policy/helpdesk.yaml")
		return nil
	}
	body := file.Docs[0].Body
	r.anchors = make(map[string]ast.Node)
	r.open = make(map[string]bool)
	for _, n := range ast.Filter(ast.AnchorType, body) {
		if a, ok := n.(*ast.AnchorNode); ok && a.Name != nil {
			r.anchors[a.Name.GetToken().Value] = a.Value
		}
	}
	root := r.convert(body, "", position{1, 1}, 0)
	if r.stopped || len(r.errs) > 0 {
		return nil
	}
	return root
}

// readable notes what keeps the bytes from being a text at all.
func (r *reader) readable(data []byte) bool {
	if len(data) > maxSize {
		r.failf(position{1, 1}, "the file is larger than 1 MB; is it really a policy?")
		return false
	}
	line, column := 1, 1
	for i := 0; i < len(data); {
		c, size := utf8.DecodeRune(data[i:])
		switch {
		case c == utf8.RuneError && size == 1:
			r.failf(position{line, column}, "this is not UTF-8 text: save the file with the encoding UTF-8")
			return false
		case c == 0:
			r.failf(position{line, column}, "there is a zero byte here: save the file as plain text with the encoding UTF-8")
			return false
		case c == '\n':
			line, column = line+1, 1
		default:
			column++
		}
		i += size
	}
	return true
}

// spaced notes a tab in the indentation, which editors show like spaces and YAML reads otherwise.
func (r *reader) spaced(text string) bool {
	n := 0
	for line := range strings.Lines(text) {
		n++
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if i := strings.IndexByte(indent, '\t'); i >= 0 && strings.TrimSpace(line) != "" {
			r.failf(position{n, i + 1}, "there is a tab in the indentation: YAML takes spaces only, so use two spaces a level")
			return false
		}
	}
	return true
}

// tooDeep finds where brackets or indicators are stacked too high, before the parser has to climb them.
func tooDeep(tokens token.Tokens) (position, bool) {
	brackets, row := 0, 0
	for _, t := range tokens {
		row++
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets--
		case token.SequenceEntryType, token.MappingKeyType, token.TagType, token.AnchorType:
		default:
			row = 0
		}
		if brackets > maxDepth || row > maxDepth {
			return place(t), true
		}
	}
	return position{}, false
}

// syntax notes why the file is no YAML.
func (r *reader) syntax(err error) {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil {
		r.failf(place(y.GetToken()), "this is not valid YAML: %s; check the indentation, the colons and the quotes", y.GetMessage())
		return
	}
	r.failf(position{1, 1}, "this is not valid YAML: %v", err)
}

func place(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{1, 1}
	}
	return position{max(1, t.Position.Line), max(1, t.Position.Column)}
}

// convert makes our node of the parser's.
func (r *reader) convert(n ast.Node, path string, keyAt position, depth int) *node {
	out := &node{path: path, keyAt: keyAt, at: keyAt}
	if n == nil {
		return out
	}
	out.at = place(n.GetToken())
	if r.nodes++; r.nodes > maxNodes || depth > maxDepth {
		if !r.stopped {
			at := out.at
			if len(r.open) > 0 {
				at = r.outer
			}
			r.failf(at, "the policy is too large from here on, with its aliases (*name) written out")
		}
		r.stopped = true
	}
	if r.stopped {
		return out
	}
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.BoolNode:
		out.kind, out.text = boolKind, n.GetToken().Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		out.kind, out.text = numberKind, n.GetToken().Value
	case *ast.StringNode:
		out.kind, out.text = textKind, n.Value
	case *ast.LiteralNode:
		out.kind, out.text = textKind, n.Value.Value
	case *ast.TagNode:
		r.failf(out.at, "tags such as %s are not used in policies: remove it", n.GetToken().Value)
	case *ast.AnchorNode:
		return r.convert(n.Value, path, keyAt, depth+1)
	case *ast.AliasNode:
		return r.alias(n, out, depth)
	case *ast.SequenceNode:
		out.kind = listKind
		for _, v := range n.Values {
			item := r.convert(v, path, position{}, depth+1)
			item.keyAt = item.at
			out.items = append(out.items, item)
		}
	case *ast.MappingNode:
		out.kind = mapKind
		if !n.IsFlowStyle && len(n.Values) > 0 {
			out.at = place(n.Values[0].Key.GetToken())
		}
		r.pairs(out, n.Values, depth)
	case *ast.MappingValueNode:
		out.kind, out.at = mapKind, place(n.Key.GetToken())
		r.pairs(out, []*ast.MappingValueNode{n}, depth)
	default:
		r.failf(out.at, "this kind of YAML (%s) is not used in policies", n.Type())
	}
	return out
}

// alias writes out *name: a copy of the anchor's value under the path of the alias.
func (r *reader) alias(n *ast.AliasNode, out *node, depth int) *node {
	name := ""
	if n.Value != nil {
		name = n.Value.GetToken().Value
	}
	value, ok := r.anchors[name]
	switch {
	case !ok:
		r.failf(out.at, "there is no anchor &%s that *%s could stand for", name, name)
		return out
	case r.open[name]:
		r.failf(out.at, "*%s stands inside &%s and so contains itself", name, name)
		return out
	}
	if len(r.open) == 0 {
		r.outer = out.at
	}
	r.open[name] = true
	defer delete(r.open, name)
	return r.convert(value, out.path, out.keyAt, depth+1)
}

// pairs adds the values of a mapping, those merged in by << last: a key of its own wins.
func (r *reader) pairs(out *node, values []*ast.MappingValueNode, depth int) {
	seen := make(map[string]position)
	var merges []*node
	for _, v := range values {
		if v.Key.IsMergeKey() {
			merges = append(merges, r.merged(v, out.path, depth)...)
			continue
		}
		at := place(v.Key.GetToken())
		key, ok := scalarKey(v.Key)
		if !ok {
			r.failf(at, "a key must be a plain word, such as label")
			continue
		}
		if first, twice := seen[key]; twice {
			r.failf(at, "%s stands here twice, first in line %d: remove one or give it another name", join(out.path, key), first.line)
			continue
		}
		seen[key] = at
		out.pairs = append(out.pairs, pair{key, r.convert(v.Value, join(out.path, key), at, depth+1)})
	}
	for _, m := range merges {
		for _, p := range m.pairs {
			if _, own := seen[p.key]; !own {
				seen[p.key] = p.value.keyAt
				out.pairs = append(out.pairs, p)
			}
		}
	}
}

// merged are the mappings that << brings in.
func (r *reader) merged(v *ast.MappingValueNode, path string, depth int) []*node {
	n := r.convert(v.Value, path, place(v.Key.GetToken()), depth+1)
	list := []*node{n}
	if n.kind == listKind {
		list = n.items
	}
	for _, m := range list {
		if m.kind != mapKind && !r.stopped {
			r.failf(m.at, "<< takes a mapping, such as *name, not %s", m.kind)
		}
	}
	return list
}

func scalarKey(k ast.MapKeyNode) (string, bool) {
	switch k := k.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return k.GetToken().Value, true
	}
	return "", false
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
