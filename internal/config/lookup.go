package config

import "fmt"

// Lookup is what one variable of the table is set to, in the process's environment or in envFile, or "": as Load would read
// it, but unchecked, and whatever is wrong with the others.
func Lookup(environ []string, envFile, name string) (string, error) {
	src, err := sources(environ, envFile)
	if err != nil {
		return "", err
	}
	for _, v := range table {
		if v.Name == name {
			text, err := src.value(v)
			if err != nil {
				return "", &Error{name, err.Error()}
			}
			return text, nil
		}
	}
	return "", fmt.Errorf("%s is no variable", name)
}
