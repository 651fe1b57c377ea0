// Package policy turns helpdesk.yaml, the file in which admins say how their helpdesk works, into a checked
// ticket.Policy. It reports every mistake at once, each with its place and with what would be right.
package policy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"balie/internal/ticket"
)

// maxSize is how large a policy file may be, in bytes: a generous bound that keeps a wrong file from being parsed.
const maxSize = 1 << 20

// Load reads and checks the policy file at path. A file with mistakes gives Errors, which hold all of them.
func Load(path string) (*ticket.Policy, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: there is no such file: copy deploy/policy/helpdesk.yaml there and change it to fit, or "+
			"set BALIE_POLICY to where your policy is: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	defer f.Close()
	// One byte more than allowed is enough for Parse to see that the file is too large.
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read policy %s: %w", path, err)
	}
	return Parse(path, data)
}

// Parse checks a policy. The name is what errors call it, such as "helpdesk.yaml". Every error is of type Errors.
func Parse(name string, data []byte) (*ticket.Policy, error) {
	r := &reader{file: name}
	root := r.tree(data)
	if root == nil {
		return nil, r.sorted()
	}
	p := r.policy(root)
	if len(r.errs) > 0 {
		return nil, r.sorted()
	}
	return p, nil
}

// policy reads the whole file. Sections come before those that refer to them.
func (r *reader) policy(root *node) *ticket.Policy {
	o, ok := r.object(root, "languages", "teams", "types", "programs", "categories", "priorities", "statuses", "flow", "limits")
	if !ok {
		return nil
	}
	p := &ticket.Policy{}
	r.languages(o)
	p.Languages = r.langs
	p.Limits = r.limits(o)
	p.Types = r.choices(o, "types", "type")
	p.Programs = r.choices(o, "programs", "program")
	p.Priorities = r.priorities(o)
	p.Statuses = r.statuses(o)
	p.Flow = r.flow(o, p.Statuses)
	p.Teams = r.teams(o)
	p.Categories = r.categories(o, p)
	return p
}
