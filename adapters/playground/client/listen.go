package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"balie/adapters/playground/wire"
)

// frameMax is the longest line of a stream, in bytes.
const frameMax = 1 << 20

// Listen tells each what happens in the person's channels, or in those named, until ctx ends. It reconnects by itself
// and resumes where it was; wire.KindReset says that something may have been missed. The first event is wire.KindHello,
// once everything that happens from then on is told. An error is a refusal that trying again would not change.
func (p Person) Listen(ctx context.Context, each func(wire.Event), channels ...string) error {
	last := ""
	for pause := 50 * time.Millisecond; ; {
		began := time.Now()
		err := p.stream(ctx, channels, &last, each)
		var refused *Error
		if ctx.Err() != nil {
			return nil
		}
		if errors.As(err, &refused) && refused.Status/100 == 4 {
			return err
		}
		if time.Since(began) > time.Second {
			pause = 50 * time.Millisecond
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		pause = min(2*pause, 2*time.Second)
	}
}

func (p Person) stream(ctx context.Context, channels []string, last *string, each func(wire.Event)) error {
	q := url.Values{"as": {p.id}}
	if len(channels) > 0 {
		q.Set("channels", strings.Join(channels, ","))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.c.base+"api/events?"+q.Encode(), nil)
	if err != nil {
		return fmt.Errorf("playground: events: %w", err)
	}
	req.Header.Set("Accept", "text/event-stream") // or it is taken for a request that ends soon
	if *last != "" {
		req.Header.Set("Last-Event-ID", *last)
	}
	resp, err := p.c.http.Do(req)
	if err != nil {
		return fmt.Errorf("playground: events: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return refusal(resp)
	}
	return readEvents(resp.Body, last, each)
}

// readEvents reads a stream of server-sent events as the playground writes them: one line of data each.
func readEvents(from io.Reader, last *string, each func(wire.Event)) error {
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 0, 32<<10), frameMax)
	var e wire.Event
	for lines.Scan() {
		line := lines.Bytes()
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch string(name) {
		case "id":
			e.ID = string(value)
		case "event":
			e.Kind = string(value)
		case "data":
			if err := decode(&e, value); err != nil {
				return err
			}
		case "":
			if e.Kind != "" {
				*last = e.ID
				each(e)
			}
			e = wire.Event{}
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("playground: events: %w", err)
	}
	return io.ErrUnexpectedEOF
}

func decode(e *wire.Event, data []byte) error {
	var into any
	switch e.Kind {
	case wire.KindMessage:
		e.Message = &wire.Message{}
		into = e.Message
	case wire.KindDeleted:
		e.Deleted = &wire.Deleted{}
		into = e.Deleted
	case wire.KindPrivate:
		e.Private = &wire.Private{}
		into = e.Private
	case wire.KindFaults:
		e.Faults = &wire.Faults{}
		into = e.Faults
	default:
		return nil
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("playground: events: decode a %s: %w", e.Kind, err)
	}
	return nil
}
