package mongo

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"balie/internal/chat"
)

// registry encodes our types by their json tags, so that a document reads the same here and in a dump. Two things of
// encoding/json are not in the driver: omitzero, and maps whose keys are free text.
func registry() *bson.Registry {
	r := bson.NewRegistry()
	for _, document := range []any{document{}, historyEntry{}, deadDocument{}, personDocument{}} {
		registerOmitting(r, reflect.TypeOf(document))
	}
	registerMap[chat.Values](r)
	registerMap[refs](r)
	return r
}

// registerOmitting makes t, and all types in it, leave out what their json tags say with omitzero.
func registerOmitting(r *bson.Registry, t reflect.Type) {
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Pointer, reflect.Map:
		registerOmitting(r, t.Elem())
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return
		}
		for f := range t.Fields() {
			registerOmitting(r, f.Type)
		}
		if plain, ok := omitting(t); ok {
			r.RegisterTypeEncoder(t, bson.ValueEncoderFunc(func(c bson.EncodeContext, w bson.ValueWriter, v reflect.Value) error {
				enc, err := c.LookupEncoder(plain)
				if err != nil {
					return err
				}
				return enc.EncodeValue(c, w, v.Convert(plain))
			}))
		}
	default: // the others have nothing to leave out
	}
}

// omitting is t with every omitzero written as the omitempty that the driver knows. The values are the same in memory:
// Go converts between structs that differ in their tags only.
func omitting(t reflect.Type) (reflect.Type, bool) {
	var fields []reflect.StructField
	found := false
	for f := range t.Fields() {
		tag := f.Tag.Get("json")
		if name, ok := strings.CutSuffix(tag, ",omitzero"); ok {
			found = true
			f.Tag = reflect.StructTag(fmt.Sprintf(`bson:"%s,omitempty"`, name))
		}
		fields = append(fields, f)
	}
	if !found {
		return nil, false
	}
	return reflect.StructOf(fields), true
}

// refs are the references of a ticket's posts. Their keys hold room ids, which are free text.
type refs map[string]chat.Ref

// registerMap keeps maps of type M with keys that MongoDB takes as names of fields.
func registerMap[M ~map[string]V, V any](r *bson.Registry) {
	t := reflect.TypeFor[M]()
	plain := reflect.TypeFor[map[string]V]()
	r.RegisterTypeEncoder(t, bson.ValueEncoderFunc(func(c bson.EncodeContext, w bson.ValueWriter, v reflect.Value) error {
		var out map[string]V
		if !v.IsNil() {
			out = make(map[string]V, v.Len())
			for k, e := range v.Interface().(M) {
				out[field(k)] = e
			}
		}
		enc, err := c.LookupEncoder(plain)
		if err != nil {
			return err
		}
		return enc.EncodeValue(c, w, reflect.ValueOf(out))
	}))
	r.RegisterTypeDecoder(t, bson.ValueDecoderFunc(func(c bson.DecodeContext, rd bson.ValueReader, v reflect.Value) error {
		dec, err := c.LookupDecoder(plain)
		if err != nil {
			return err
		}
		in := reflect.New(plain).Elem()
		if err := dec.DecodeValue(c, rd, in); err != nil {
			return err
		}
		if in.IsNil() {
			v.SetZero()
			return nil
		}
		out := make(M, in.Len())
		for k, e := range in.Interface().(map[string]V) {
			out[unfield(k)] = e
		}
		v.Set(reflect.ValueOf(out))
		return nil
	}))
}

var (
	escapes   = strings.NewReplacer("%", "%25", ".", "%2E", "$", "%24", "\x00", "%00")
	unescapes = strings.NewReplacer("%25", "%", "%2E", ".", "%24", "$", "%00", "\x00")
)

// emptyField stands for the empty key, which can't be a field's name. No other key is escaped to it.
const emptyField = "%"

// field writes a key so that MongoDB takes it as one field's name, also within a path.
func field(key string) string {
	if key == "" {
		return emptyField
	}
	return escapes.Replace(key)
}

// unfield is the key that field wrote.
func unfield(name string) string {
	if name == emptyField {
		return ""
	}
	return unescapes.Replace(name)
}
