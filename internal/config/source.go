package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/joho/godotenv"

	"balie/internal/spell"
)

// source is where values come from: the process first, then the file.
type source struct {
	process map[string]string
	file    map[string]string
	name    string // of the file
}

// fileMax is how large a file with one secret may be, in bytes.
const fileMax = 64 << 10

func sources(environ []string, envFile string) (source, error) {
	s := source{process: make(map[string]string), file: make(map[string]string), name: envFile}
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok {
			s.process[name] = value
		}
	}
	if envFile == "" {
		return s, nil
	}
	data, err := os.ReadFile(envFile)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read the environment: %w", err)
	}
	if s.file, err = godotenv.UnmarshalBytes(bytes.TrimPrefix(data, []byte("\ufeff"))); err != nil {
		// The library's message quotes the file, which may hold secrets.
		return s, errors.New(envFile + ": " + badLine(string(data)))
	}
	return s, nil
}

var assignment = regexp.MustCompile(`^(export\s+)?[A-Za-z_][A-Za-z0-9_.]*\s*[=:]`)

// badLine says where a file of assignments can't be read, without quoting it.
func badLine(text string) string {
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") && !assignment.MatchString(line) {
			return fmt.Sprintf("line %d is not of the form NAME=value", n+1)
		}
	}
	return "can't be read: write NAME=value lines, and close every quote"
}

// value is what the variable was set to, or "". Whoever sets NAME or NAME_FILE in the process overrides both in the file.
func (s source) value(v Variable) (string, error) {
	for _, from := range []map[string]string{s.process, s.file} {
		direct, isSet := from[v.Name]
		path, hasFile := from[v.Name+"_FILE"]
		switch {
		case !v.Secret || !hasFile || path == "":
			if isSet || v.Secret && hasFile {
				return strings.TrimSpace(direct), nil
			}
		case direct != "":
			return "", fmt.Errorf("is set twice, as %s and as %s_FILE: remove one of them", v.Name, v.Name)
		default:
			return fromFile(v.Name, path)
		}
	}
	return "", nil
}

// fromFile reads a secret from a file, as container platforms hand them over.
func fromFile(name, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("can't be read as %s_FILE says: %w", name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, fileMax+1))
	switch text := strings.TrimSpace(string(data)); {
	case err != nil:
		return "", fmt.Errorf("can't be read as %s_FILE says: %w", name, err)
	case len(data) > fileMax:
		return "", fmt.Errorf("%s, which %s_FILE names, is too large for a secret", path, name)
	case text == "":
		return "", fmt.Errorf("%s, which %s_FILE names, is empty: put the secret in it", path, name)
	default:
		return text, nil
	}
}

// others are names in our namespace that are no settings: what the tests read, and what one command takes as an argument.
var others = []string{"BALIE_MONGO_CONTROL", "BALIE_MATTERMOST_URL", "BALIE_MATTERMOST_ADMIN", "BALIE_MATTERMOST_PASSWORD",
	"BALIE_MATTERMOST_CONTROL", "BALIE_MATTERMOST_ADMIN_TOKEN"}

// warnings are about names that nobody reads.
func (s source) warnings() []Warning {
	var known []string
	for _, v := range table {
		known = append(known, v.Name)
		if v.Secret {
			known = append(known, v.Name+"_FILE")
		}
	}
	var out []Warning
	for _, from := range []map[string]string{s.process, s.file} {
		for name := range from {
			ours := strings.HasPrefix(name, "BALIE_") && !slices.Contains(others, name)
			if !ours || slices.Contains(known, name) || slices.ContainsFunc(out, func(w Warning) bool { return w.Name == name }) {
				continue
			}
			w := Warning{name, "nothing reads this variable"}
			if likely := spell.Closest(name, known); likely != "" {
				w.Message += "; did you mean " + likely + "?"
			}
			out = append(out, w)
		}
	}
	slices.SortFunc(out, func(a, b Warning) int { return strings.Compare(a.Name, b.Name) })
	return out
}
