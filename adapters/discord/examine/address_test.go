package examine

import (
	"strings"
	"testing"
)

func TestDiscordCallsOnlyPublicAddresses(t *testing.T) {
	for address, problem := range map[string]string{
		"http://localhost:8080": "not reached from the internet", "https://10.0.0.1": "not reached from the internet",
		"https://[::1]": "not reached from the internet", "https://balie": "not reached from the internet",
		"http://balie.example.org": "Discord calls only https addresses", "balie": "BALIE_URL must be an address", "https://balie.example.org": "",
	} {
		v := &visit{Options: Options{URL: address}, own: true}
		if v.lookAtURL() != (problem == "") || len(v.Findings) == 1 == (problem == "") ||
			problem != "" && !strings.Contains(v.Findings[0].Problem, problem) {
			t.Errorf("%s: %+v, expected %q", address, v.Findings, problem)
		}
	}
}
