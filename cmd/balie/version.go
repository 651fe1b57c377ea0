package main

import (
	"runtime"
	"runtime/debug"
)

// version is set by the linker for a release.
var version = ""

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(with surroundings) error {
	v := version
	if info, ok := debug.ReadBuildInfo(); ok && v == "" {
		v = info.Main.Version
	}
	if v == "" {
		v = "(devel)"
	}
	return with.printf("balie %s (%s, %s/%s)", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
