package discord

import "golang.org/x/time/rate"

// Unpaced lets an adapter in a test make its calls as fast as it can: what stands in for Discord takes them all.
func Unpaced(d *Discord) *Discord {
	d.api.pace.SetLimit(rate.Inf)
	return d
}
