// Package i18n holds what Balie says to people, in every language it speaks. The texts are in texts/<language>.yaml.
package i18n

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed texts/*.yaml
var files embed.FS

// Languages are the languages that Balie speaks. The first serves whoever speaks none of them.
var Languages = []string{"en", "nl"}

var catalog = load()

type texts struct {
	localizer *i18n.Localizer
	fixed     map[string]string // texts without arguments, ready
}

func load() map[string]texts {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("yaml", yaml.Unmarshal)
	catalog := map[string]texts{}
	for _, lang := range Languages {
		file, err := bundle.LoadMessageFileFS(files, "texts/"+lang+".yaml")
		if err != nil {
			panic(fmt.Sprintf("i18n: %s: %v", lang, err)) // the files are part of the program
		}
		t := texts{localizer: i18n.NewLocalizer(bundle, lang), fixed: map[string]string{}}
		for _, m := range file.Messages {
			if !strings.Contains(m.Other, "{{") && m.One == "" {
				t.fixed[m.ID] = m.Other
			}
		}
		catalog[lang] = t
	}
	return catalog
}

// Voice says texts in one language.
type Voice struct {
	Lang string
	t    texts
}

// In is the voice for a language code; English if Balie does not speak it.
func In(lang string) Voice {
	t, ok := catalog[lang]
	if !ok {
		lang = Languages[0]
		t = catalog[lang]
	}
	return Voice{Lang: lang, t: t}
}

// Say is the text with the id, its arguments filled in. They come in pairs of name and value; the value of "n" chooses
// between one and many. An id without a text is given back as it is, which a test makes sure never happens.
func (v Voice) Say(id string, args ...any) string {
	if s, ok := v.t.fixed[id]; ok {
		return s
	}
	data := map[string]any{}
	c := &i18n.LocalizeConfig{MessageID: id, TemplateData: data}
	for pair := range slices.Chunk(args, 2) {
		name := fmt.Sprint(pair[0])
		data[name] = pair[1]
		if name == "n" {
			c.PluralCount = pair[1]
		}
	}
	s, err := v.t.localizer.Localize(c)
	if err != nil {
		return id
	}
	return s
}

// Has says whether there is a text with the id in the voice's own language.
func (v Voice) Has(id string) bool {
	_, tag, err := v.t.localizer.LocalizeWithTag(&i18n.LocalizeConfig{MessageID: id, PluralCount: 2})
	base, _ := tag.Base()
	return err == nil && base.String() == v.Lang
}
