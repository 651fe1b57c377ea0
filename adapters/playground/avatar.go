package playground

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"

	"balie/adapters/playground/wire"
)

func avatarPath(id string) string { return Prefix + "avatars/" + id + ".svg" }

// serveAvatar draws somebody's picture; the same id gives the same face.
func serveAvatar(w http.ResponseWriter, r *http.Request) {
	id, ok := strings.CutSuffix(r.PathValue("name"), ".svg")
	if !ok || !idPattern.MatchString(id) {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write(avatar(id)) // that nobody waits for it is no failure
}

var (
	backColours = []string{"#f2b8a0", "#9cc5e8", "#b5d99c", "#e3c16f", "#c9b1e4", "#8fd0c3", "#f0a8c0", "#b8c4d6"}
	skinColours = []string{"#f6d3b8", "#e9b98f", "#c98d5e", "#9a6540", "#f3c9a9"}
	hairColours = []string{"#2d2320", "#5a3a22", "#a4622c", "#d9a441", "#6b6f7a", "#8a2f2b"}
	topColours  = []string{"#2f4858", "#7a4069", "#33658a", "#587b4f", "#a3443b", "#44506b"}
	hairShapes  = []string{
		`<path d="M18 30a14 15 0 0 1 28 0c-4-8-9-9-14-9s-10 1-14 9z"/>`,
		`<path d="M17 46V29a15 15 0 0 1 30 0v17h-5V30c-6-1-10-4-12-8-2 4-5 7-8 8v16z"/>`,
		`<circle cx="32" cy="13" r="6"/><path d="M18 31a14 15 0 0 1 28 0c-3-6-6-9-14-9s-11 3-14 9z"/>`,
		`<path d="M17 34c-2-14 6-20 15-20s17 6 15 20c-2-6-5-9-7-11-5 3-14 3-18 1-2 3-4 5-5 10z"/>`,
		`<path d="M20 26c0-8 5-12 12-12 8 0 13 5 12 13-3-4-6-4-9-5-5 2-10 2-15 4z"/>`,
	}
)

// avatar is a simple drawn face, or for the bot a bell, as stands on a front desk.
func avatar(id string) []byte {
	var b bytes.Buffer
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">`)
	if id == wire.BotID {
		b.WriteString(`<rect width="64" height="64" fill="#0f766e"/><g fill="#fff"><rect x="14" y="44" width="36" height="5" rx="2.5"/>` +
			`<path d="M17 41a15 15 0 0 1 30 0z"/><circle cx="32" cy="21" r="3.5"/><rect x="30.5" y="22" width="3" height="6"/></g></svg>`)
		return b.Bytes()
	}
	h := fnv.New64a()
	h.Write([]byte(id))
	n := h.Sum64()
	pick := func(from []string) string {
		s := from[n%uint64(len(from))]
		n /= uint64(len(from))
		return s
	}
	fmt.Fprintf(&b, `<rect width="64" height="64" fill="%s"/><path d="M8 64c1-13 11-17 24-17s23 4 24 17z" fill="%s"/>`, pick(backColours), pick(topColours))
	skin := pick(skinColours)
	fmt.Fprintf(&b, `<rect x="27" y="38" width="10" height="13" rx="5" fill="%s"/><ellipse cx="32" cy="31" rx="13" ry="15" fill="%s"/>`, skin, skin)
	fmt.Fprintf(&b, `<g fill="%s">%s</g>`, pick(hairColours), pick(hairShapes))
	b.WriteString(`<g fill="#2b211d"><circle cx="27" cy="32" r="1.6"/><circle cx="37" cy="32" r="1.6"/></g>` +
		`<path d="M27.500 38.500q4.500 3.500 9 0" fill="none" stroke="#7c3f34" stroke-width="1.600" stroke-linecap="round"/></svg>`)
	return b.Bytes()
}
