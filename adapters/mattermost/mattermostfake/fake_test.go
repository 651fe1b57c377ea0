package mattermostfake

import "testing"

func TestStarts(t *testing.T) {
	s := New(t, Options{})
	_ = s
}
