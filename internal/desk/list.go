package desk

import (
	"cmp"
	"context"
	"slices"

	"balie/internal/store"
)

// merge runs the queries and gives their first results in the order of the first query, each ticket once.
func (d *Desk) merge(ctx context.Context, queries []store.Query, limit int) ([]store.Summary, error) {
	var all []store.Summary
	for _, q := range queries {
		p, err := d.Store.Find(ctx, q)
		if err != nil {
			return nil, wrap("search", err)
		}
		all = append(all, p.Tickets...)
	}
	sign := -1
	if queries[0].Order == store.Oldest {
		sign = 1
	}
	slices.SortFunc(all, func(a, b store.Summary) int { return sign * cmp.Compare(a.ID, b.ID) })
	all = slices.CompactFunc(all, func(a, b store.Summary) bool { return a.ID == b.ID })
	return all[:min(limit, len(all))], nil
}
