// Package rules holds no code. Its tests carry the conventions that a compiler can't: who may import whom, where platform
// names may stand, which files and comments must be there.
package rules
