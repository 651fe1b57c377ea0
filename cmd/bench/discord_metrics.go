package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// metrics are what a server tells of itself, by name and labels.
func (s *server) metrics(ctx context.Context) (map[string]float64, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/metrics", nil)
	if err != nil {
		return nil, fmt.Errorf("read the metrics: %w", err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("read the metrics: %w", err)
	}
	defer resp.Body.Close()
	all := map[string]float64{}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		line := lines.Text()
		i := strings.LastIndexByte(line, ' ')
		if i < 0 || line[0] == '#' {
			continue
		}
		if all[line[:i]], err = strconv.ParseFloat(line[i+1:], 64); err != nil {
			return nil, fmt.Errorf("read the metrics: %w", err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the metrics: %w", err)
	}
	return all, nil
}

// bucket is how many of some durations were not longer than its end.
type bucket struct {
	end   float64 // seconds
	count float64
}

// ownTimes are how long answers of a kind took by themselves between two looks at the metrics, the shortest first.
func ownTimes(before, after map[string]float64, platform, kind string) []bucket {
	var out []bucket
	for name, n := range after {
		rest, ok := strings.CutPrefix(name, "balie_answer_duration_seconds_bucket{")
		labels := strings.Split(strings.TrimSuffix(rest, "}"), ",")
		if !ok || !slices.Contains(labels, `platform="`+platform+`"`) || !slices.Contains(labels, `kind="`+kind+`"`) ||
			!slices.Contains(labels, `part="own"`) {
			continue
		}
		for _, l := range labels {
			text, ok := strings.CutPrefix(l, `le="`)
			if end, err := strconv.ParseFloat(strings.TrimSuffix(text, `"`), 64); ok && err == nil {
				out = append(out, bucket{end, n - before[name]})
			}
		}
	}
	slices.SortFunc(out, func(a, b bucket) int { return cmp.Compare(a.end, b.end) })
	return out
}

// quantile says in how much time the part q of them was done, as far as that is known.
func quantile(list []bucket, q float64) string {
	for i, b := range list {
		if b.count < q*list[len(list)-1].count {
			continue
		}
		if i == len(list)-1 {
			break
		}
		return "≤ " + ms(time.Duration(b.end*float64(time.Second)))
	}
	return "longer"
}

// live is what the server's heap holds when there is no garbage in it, in bytes: the least that it held while the collector
// came round a few times.
func (s *server) live(ctx context.Context) (int64, error) {
	const rounds = 4
	least, end := 0.0, -1.0
	for {
		all, err := s.metrics(ctx)
		if err != nil {
			return 0, err
		}
		now, collected := all["go_memstats_heap_alloc_bytes"], all["go_gc_duration_seconds_count"]
		if end < 0 {
			least, end = now, collected+rounds
		}
		if least = min(least, now); collected >= end {
			return int64(least), nil
		}
	}
}
