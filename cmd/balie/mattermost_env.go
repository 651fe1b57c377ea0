package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/joho/godotenv"
)

// envLine is a setting as a line of .env.
type envLine struct{ name, value string }

var plainValue = regexp.MustCompile(`^[A-Za-z0-9_.,:/@%+~\[\]-]*$`)

// String is the line, with quotes where the value needs them.
func (l envLine) String() string {
	if plainValue.MatchString(l.value) {
		return l.name + "=" + l.value
	}
	return l.name + "='" + l.value + "'"
}

// mergeEnv sets the values in the file, which need not exist, and leaves every other line as it is. It gives the names of
// those that were different. The file is replaced as a whole, readable by its owner alone.
func mergeEnv(file string, lines []envLine) (changed []string, err error) {
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real // a link stays one
	}
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the settings so far: %w", err)
	}
	before, err := readEnv(file, data)
	if err != nil {
		return nil, err
	}
	text := string(data)
	for _, l := range lines {
		if before[l.name] == l.value {
			continue
		}
		if path := before[l.name+"_FILE"]; path != "" {
			kept, err := os.ReadFile(path)
			if err == nil && strings.TrimSpace(string(kept)) == l.value {
				continue
			}
			return nil, fmt.Errorf("%s says with %s_FILE that the value is in %s: put the new one there", file, l.name, path)
		}
		changed = append(changed, l.name)
		text = setLine(text, l)
	}
	if len(changed) == 0 {
		return nil, nil
	}
	after, err := readEnv(file, []byte(text))
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		if before[l.name] != l.value {
			before[l.name] = l.value
		}
	}
	for name := range after {
		if before[name] != after[name] {
			return nil, fmt.Errorf("%s is written in a way that can't be changed here: set %s by hand", file, strings.Join(changed, ", "))
		}
	}
	return changed, replaceFile(file, []byte(text))
}

// readEnv reads assignments. The library's own message would quote them, secrets included.
func readEnv(file string, data []byte) (map[string]string, error) {
	values, err := godotenv.UnmarshalBytes(bytes.TrimPrefix(data, []byte("\ufeff")))
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: write NAME=value lines, and close every quote", file)
	}
	return values, nil
}

// setLine puts the assignment in the place of the last one with its name, or at the end.
func setLine(text string, l envLine) string {
	end := "\n"
	if strings.Contains(text, "\r\n") {
		end = "\r\n"
	}
	old := regexp.MustCompile(`(?m)^[ \t]*(?:export[ \t]+)?` + l.name + `[ \t]*[=:][^\r\n]*`)
	if found := old.FindAllStringIndex(text, -1); len(found) > 0 {
		last := found[len(found)-1]
		return text[:last[0]] + l.String() + text[last[1]:]
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += end
	}
	return text + l.String() + end
}

// replaceFile writes beside the file and puts it in its place when it is whole.
func replaceFile(file string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".balie-env-") // for its owner alone, as os.CreateTemp makes files
	if err != nil {
		return fmt.Errorf("write the settings: %w", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the settings: %w", err), os.Remove(f.Name()))
	}
	return nil
}
