package chat

import "context"

// Memory keeps small things of an adapter's over a restart. Names begin with something that is the adapter's own, and with a
// group and a slash where they are to be listed.
type Memory interface {
	// Recall gives what was kept under the name; nil if nothing was.
	Recall(ctx context.Context, name string) ([]byte, error)
	// Keep keeps the value under the name, in place of what was there.
	Keep(ctx context.Context, name string, value []byte) error
	// Forget forgets it; that there is nothing is no error.
	Forget(ctx context.Context, name string) error
	// List is all that is kept in the group, by name.
	List(ctx context.Context, group string) (map[string][]byte, error)
}
