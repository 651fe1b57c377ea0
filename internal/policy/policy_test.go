package policy

import (
	"io/fs"
	"testing"

	"balie/deploy"
)

func TestEveryShippedPolicyIsRightAndRaisesNoWarning(t *testing.T) {
	files, err := fs.Glob(deploy.Policies, "policy/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no policies: %v", err)
	}
	for _, name := range files {
		data, err := deploy.Policies.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Parse(name, data)
		if err != nil {
			t.Errorf("%v", err)
		}
	}
}
