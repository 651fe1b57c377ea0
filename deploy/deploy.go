// Package deploy carries the files that the program brings along: the policies to begin with. The rest of this folder is
// for running Balie: an image, a compose file and a systemd unit.
package deploy

import "embed"

// Policies are the policy files, below "policy".
//
//go:embed policy/*.yaml
var Policies embed.FS

// DefaultPolicy is the policy that the demo runs on and that admins start from.
//
//go:embed policy/helpdesk.yaml
var DefaultPolicy []byte
