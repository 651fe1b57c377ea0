package app

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"balie/internal/chat"
	"balie/internal/store"
	"balie/internal/ticket"
)

// metrics is what Prometheus reads.
type metrics struct {
	registry *prometheus.Registry
	events   *prometheus.HistogramVec
	answers  *prometheus.HistogramVec
	opened   *prometheus.CounterVec
	oddities *prometheus.CounterVec
}

func newMetrics(s store.Store, now func() time.Time) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		events: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "balie_event_duration_seconds",
			Help:    "Time from an event of a platform to its answer, by platform, kind and outcome (ok, refused or failed).",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"platform", "kind", "outcome"}),
		answers: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "balie_answer_duration_seconds",
			Help:    "Time from a network's request to our answer, by platform, kind and part (all, or own: without waiting for the network).",
			Buckets: []float64{.001, .0025, .005, .01, .02, .03, .04, .05, .075, .1, .25, .5, 1, 2.5, 5},
		}, []string{"platform", "kind", "part"}),
		opened: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "balie_tickets_opened_total",
			Help: "Tickets opened by this process, by team.",
		}, []string{"team"}),
		oddities: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "balie_oddities_total",
			Help: "What a network told that makes no sense, or that is set up wrongly there; the log has the first of each kind.",
		}, []string{"platform"}),
	}
	m.registry.MustRegister(m.events, m.answers, m.opened, m.oddities, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &storeCollector{store: s, now: now})
	return m
}

// handler measures what h does.
func (m *metrics) handler(h chat.Handler) chat.Handler {
	return func(ctx context.Context, e chat.Event) (chat.Reply, error) {
		began := time.Now()
		r, err := h(ctx, e)
		outcome := "ok"
		switch {
		case err != nil:
			outcome = "failed"
		case len(r.Errors) > 0:
			outcome = "refused"
		}
		m.events.WithLabelValues(e.Platform, kindOf(e), outcome).Observe(time.Since(began).Seconds())
		return r, err
	}
}

// odd counts what is odd about a platform.
func (m *metrics) odd(platform string) func() { return m.oddities.WithLabelValues(platform).Inc }

// answered measures the answers of a platform.
func (m *metrics) answered(platform string) func(kind string, took, waited time.Duration) {
	return func(kind string, took, waited time.Duration) {
		m.answers.WithLabelValues(platform, kind, "all").Observe(took.Seconds())
		m.answers.WithLabelValues(platform, kind, "own").Observe((took - waited).Seconds())
	}
}

func kindOf(e chat.Event) string {
	switch {
	case e.Command != nil:
		return "command"
	case e.Click != nil:
		return "click"
	case e.Submit != nil && e.Submit.Closed:
		return "form_closed"
	case e.Submit != nil && e.Submit.Changed != "":
		return "form_changed"
	case e.Submit != nil:
		return "submit"
	case e.Message != nil:
		return "message"
	case e.Reaction != nil:
		return "reaction"
	case e.Shortcut != nil:
		return "shortcut"
	case e.Query != nil:
		return "query"
	case e.HomeOpened != nil:
		return "home_opened"
	}
	return "unknown"
}

// watch has the bot's own measures told.
func (m *metrics) watch(delay func() time.Duration) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "balie_delivery_delay_seconds",
		Help: "How long posts of this process wait: the one tried in vain for longest, or a new one for its turn in the busiest channel.",
	}, func() float64 { return delay().Seconds() }))
}

// watchPlayground has what waits in the playground told.
func (m *metrics) watchPlayground(unheard func() (n int, known bool)) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "balie_playground_unheard",
		Help: "What people said in the browser chat that the bot has still to hear; NaN while that is not known yet.",
	}, func() float64 {
		if n, known := unheard(); known {
			return float64(n)
		}
		return math.NaN()
	}))
}

// counting is s with its new tickets counted.
func (m *metrics) counting(s store.Store) store.Store { return countingStore{s, m.opened} }

type countingStore struct {
	store.Store
	opened *prometheus.CounterVec
}

func (s countingStore) Create(ctx context.Context, t ticket.Ticket, out []store.Delivery) error {
	err := s.Store.Create(ctx, t, out)
	if err == nil {
		s.opened.WithLabelValues(t.Team).Inc()
	}
	return err
}

var (
	upDesc      = prometheus.NewDesc("balie_store_up", "Whether the store could be read.", nil, nil)
	backlogDesc = prometheus.NewDesc("balie_delivery_backlog_tickets", "Tickets with something to deliver, counted up to 10 000.", nil, nil)
	ageDesc     = prometheus.NewDesc("balie_delivery_oldest_seconds", "How long the oldest delivery has been due; 0 if there is none, or if all wait for their turn.", nil, nil)
	deadDesc    = prometheus.NewDesc("balie_deliveries_dead", "Deliveries that were given up, counted up to 1 000.", nil, nil)
)

// storeCollector asks the store when it is asked itself. A store that is away is a metric, not an error, so that the
// others stay readable.
type storeCollector struct {
	store store.Store
	now   func() time.Time
}

// Describe implements prometheus.Collector.
func (c *storeCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{upDesc, backlogDesc, ageDesc, deadDesc} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c *storeCollector) Collect(to chan<- prometheus.Metric) {
	const most = 1000
	ctx, cancel := context.WithTimeout(context.Background(), askStore)
	defer cancel()
	tell := func(d *prometheus.Desc, v float64) { to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v) }
	n, oldest, err := c.store.Backlog(ctx)
	var dead []store.Dead
	if err == nil {
		dead, err = c.store.Dead(ctx, most)
	}
	if err != nil {
		tell(upDesc, 0)
		return
	}
	tell(upDesc, 1)
	tell(backlogDesc, float64(n))
	age := 0.0
	if !oldest.IsZero() {
		age = max(0, c.now().Sub(oldest).Seconds())
	}
	tell(ageDesc, age)
	tell(deadDesc, float64(len(dead)))
}
