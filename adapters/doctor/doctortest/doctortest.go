// Package doctortest checks what an examination of a chat platform finds.
package doctortest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"balie/adapters/doctor"
)

// Expect checks that these parts are said of what is fine, that there are exactly these problems, and that each finding is one
// line without a secret.
func Expect(t *testing.T, found []doctor.Finding, secrets, fine, problems []string) {
	t.Helper()
	var told strings.Builder
	n := 0
	for _, f := range found {
		fmt.Fprintf(&told, "ok: %s | problem: %s\n", f.Fine, f.Problem)
		for _, secret := range secrets {
			if secret != "" && strings.Contains(f.Fine+f.Problem, secret) {
				t.Errorf("a secret is told: %+v", f)
			}
		}
		if strings.Contains(f.Fine+f.Problem, "\n") || f.Fine != "" == (f.Problem != "") {
			t.Errorf("that is not one line: %+v", f)
		}
		if f.Problem != "" {
			n++
		}
	}
	for _, part := range fine {
		if !slices.ContainsFunc(found, func(f doctor.Finding) bool { return strings.Contains(f.Fine, part) }) {
			t.Errorf("nothing fine says %q\n%s", part, &told)
		}
	}
	for _, part := range problems {
		if !slices.ContainsFunc(found, func(f doctor.Finding) bool { return strings.Contains(f.Problem, part) }) {
			t.Errorf("no problem is %q\n%s", part, &told)
		}
	}
	if n != len(problems) {
		t.Errorf("%d problems, expected %d\n%s", n, len(problems), &told)
	}
}
