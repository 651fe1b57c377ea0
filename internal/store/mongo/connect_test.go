package mongo_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/sirupsen/logrus/hooks/test"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"

	"balie/internal/store"
	"balie/internal/store/mongo"
	"balie/internal/store/mongo/mongotest"
)

// impostor is a server that answers as a test wants: servers that are too old, read-only or without a primary are not
// to be had otherwise. Its answer may be nil for the ordinary one.
func impostor(t *testing.T, answer func(command bson.Raw, addr string) bson.D) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			wg.Go(func() { serve(c, func(command bson.Raw) bson.D { return answer(command, addr) }) })
		}
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	})
	return addr
}

// serve speaks as much of MongoDB's wire protocol as a client needs to learn what is wrong.
func serve(c net.Conn, answer func(bson.Raw) bson.D) {
	defer func() { _ = c.Close() }() // the client may have closed it
	const opReply, opQuery, opMsg = 1, 2004, 2013
	for {
		head := make([]byte, 16)
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		body := make([]byte, binary.LittleEndian.Uint32(head)-16)
		if _, err := io.ReadFull(c, body); err != nil {
			return
		}
		op := binary.LittleEndian.Uint32(head[12:])
		command := bson.Raw(body[5:])
		if op == opQuery { // flags, the collection's name, two numbers
			command = bson.Raw(body[4+strings.IndexByte(string(body[4:]), 0)+1+8:])
		}
		command = command[:binary.LittleEndian.Uint32(command)]
		document, err := bson.Marshal(answer(command))
		if err != nil {
			return
		}
		reply, replyOp := append(make([]byte, 5), document...), uint32(opMsg)
		if op == opQuery {
			reply, replyOp = append(make([]byte, 20), document...), opReply
			reply[16] = 1 // one document
		}
		out := make([]byte, 16, 16+len(reply))
		binary.LittleEndian.PutUint32(out, uint32(16+len(reply)))
		copy(out[8:], head[4:8])
		binary.LittleEndian.PutUint32(out[12:], replyOp)
		if _, err := c.Write(append(out, reply...)); err != nil {
			return
		}
	}
}

// name is a command's name.
func name(command bson.Raw) string {
	elements, err := command.Elements()
	if err != nil || len(elements) == 0 {
		return ""
	}
	return strings.ToLower(elements[0].Key())
}

func hello(wire int, more ...bson.E) bson.D {
	return append(bson.D{
		{Key: "ok", Value: 1}, {Key: "isWritablePrimary", Value: true}, {Key: "ismaster", Value: true}, {Key: "helloOk", Value: true},
		{Key: "minWireVersion", Value: 0}, {Key: "maxWireVersion", Value: wire}, {Key: "maxBsonObjectSize", Value: 16 << 20},
		{Key: "maxMessageSizeBytes", Value: 48 << 20}, {Key: "maxWriteBatchSize", Value: 100_000},
	}, more...)
}

func refusal(code int, text string) bson.D {
	return bson.D{{Key: "ok", Value: 0}, {Key: "code", Value: code}, {Key: "errmsg", Value: text}}
}

func greets(command bson.Raw) bool { return name(command) == "hello" || name(command) == "ismaster" }

func TestOpenNamesWhatIsMissing(t *testing.T) {
	for what, c := range map[string]struct {
		uri    string // in front of the address
		answer func(command bson.Raw, addr string) bson.D
		want   []string
		quick  bool // waiting is of no use
	}{
		"too old": {
			answer: func(bson.Raw, string) bson.D { return hello(6) },
			want:   []string{"too old", "4.4"}, quick: true,
		},
		"no primary": {
			answer: func(_ bson.Raw, addr string) bson.D {
				h := hello(21, bson.E{Key: "setName", Value: "rs"}, bson.E{Key: "secondary", Value: true},
					bson.E{Key: "hosts", Value: bson.A{addr}}, bson.E{Key: "me", Value: addr})
				h[1].Value, h[2].Value = false, false
				return h
			},
			want: []string{"no primary"},
		},
		"read only": {
			answer: func(command bson.Raw, _ string) bson.D {
				if greets(command) || name(command) == "ping" {
					return hello(21)
				}
				return refusal(13, "not authorized on desk to execute command")
			},
			want: []string{`"desk"`, "readWrite", "may not"}, quick: true,
		},
		"wrong password": {
			uri: "ana:hunter2@",
			answer: func(command bson.Raw, _ string) bson.D {
				if greets(command) {
					return hello(21, bson.E{Key: "saslSupportedMechs", Value: bson.A{"SCRAM-SHA-256"}})
				}
				return refusal(18, "Authentication failed.")
			},
			want: []string{`"ana"`, "password", "authSource"}, quick: true,
		},
	} {
		t.Run(what, func(t *testing.T) {
			log, heard := test.NewNullLogger()
			addr := impostor(t, c.answer)
			began, wait := time.Now(), 4*time.Second
			if c.quick {
				wait = 30 * time.Second // and not for so long
			}
			s, err := mongo.Open(t.Context(), "mongodb://"+c.uri+addr+"/desk", "", mongo.Options{Wait: wait, Log: log})
			if err == nil {
				closed(t, s)
				t.Fatal("it was opened")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, err)
				}
			}
			said := err.Error()
			for _, e := range heard.AllEntries() {
				text, err := e.String()
				if err != nil {
					t.Fatal(err)
				}
				said += text
			}
			if strings.Contains(said, "hunter2") {
				t.Errorf("the password shows: %s", said)
			}
			if took := time.Since(began); c.quick && took > wait {
				t.Errorf("it took %s to say so", took)
			}
			if !c.quick && len(heard.AllEntries()) == 0 {
				t.Error("it waited without a word")
			}
		})
	}
}

func TestOpenRefusesBadURI(t *testing.T) {
	for _, uri := range []string{
		"", "localhost", "http://localhost", "mongodb://", "mongodb://ana:hunter2@", "mongodb://ana:hunter2@localhost:x/d",
		"mongodb://ana:hunter2", "mongodb://ana:hun/ter2@localhost/d", "mongodb://ana:hunter2/x@localhost/d", "mongodb://ana:hunter2%@localhost/d",
		"mongodb://ana:hunter2@@localhost/d", "mongodb://ana:hun:ter2@localhost/d", "mongodb://localhost/?w=-7", "mongodb://localhost/?replicaSet=",
		"mongodb://ana:hunter2@localhost/d?authMechanism=nonsense", "mongodb+srv://ana:hunter2@localhost:1/d", "mongodb+srv://ana:hunter2@a,b/d",
		"mongodb://localhost/?tls=true&tlsCertificateKeyFile=/nowhere&tlsCertificateKeyFilePassword=hunter2",
	} {
		s, err := mongo.Open(t.Context(), uri, "d", mongo.Options{Wait: time.Millisecond})
		if err == nil {
			closed(t, s)
			t.Errorf("%q was opened", uri)
			continue
		}
		for _, secret := range []string{"hunter", "ter2"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%q: the password shows: %v", uri, err)
			}
		}
	}
}

// gate stands between the store and a real server, and can be shut: then it hangs up at once.
type gate struct {
	net.Listener
	behind string
	wg     sync.WaitGroup

	mu   sync.Mutex
	up   bool
	open map[net.Conn]bool
}

// gated is a gate before the server, shut at first, and the server's URI through it.
func gated(t *testing.T, uri string) (*gate, string) {
	t.Helper()
	c, err := connstring.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{Listener: l, behind: c.Hosts[0], open: map[net.Conn]bool{}}
	g.wg.Go(func() { g.serve(t) })
	t.Cleanup(func() {
		g.shut()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		g.wg.Wait()
	})
	through := strings.Replace(uri, strings.Join(c.Hosts, ","), l.Addr().String(), 1)
	sep := "?"
	switch {
	case strings.Contains(through, "directConnection=true"):
		return g, through
	case strings.Contains(through, "?"):
		sep = "&"
	case strings.Count(through, "/") == 2:
		sep = "/?"
	}
	return g, through + sep + "directConnection=true"
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.up = false
	for c := range g.open {
		_ = c.Close() // the other side may have closed it
	}
	clear(g.open)
}

func (g *gate) raise() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.up = true
}

func (g *gate) serve(t *testing.T) {
	for {
		in, err := g.Accept()
		if err != nil {
			return // closed
		}
		g.mu.Lock()
		if !g.up {
			g.mu.Unlock()
			_ = in.Close()
			continue
		}
		out, err := net.Dial("tcp", g.behind)
		if err != nil {
			g.mu.Unlock()
			t.Error(err)
			_ = in.Close()
			continue
		}
		g.open[in], g.open[out] = true, true
		g.mu.Unlock()
		pass := func(to, from net.Conn) {
			_, _ = io.Copy(to, from) // ends when either side does, one way or another
			_ = to.Close()
			_ = from.Close()
		}
		g.wg.Go(func() { pass(in, out) })
		g.wg.Go(func() { pass(out, in) })
	}
}

// raiser opens the gate when the store says that it waits.
type raiser struct{ once func() }

func (raiser) Levels() []logrus.Level     { return logrus.AllLevels }
func (r raiser) Fire(*logrus.Entry) error { r.once(); return nil }

func TestOpenWaitsForServer(t *testing.T) {
	uri := mongotest.URI(t)
	g, through := gated(t, uri)
	log, _ := test.NewNullLogger()
	log.AddHook(raiser{sync.OnceFunc(g.raise)})
	s, err := mongo.Open(t.Context(), through, mongotest.Database(t, uri), mongo.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	closed(t, s)
}

func TestOpenGivesUp(t *testing.T) {
	_, through := gated(t, mongotest.URI(t))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	if s, err := mongo.Open(ctx, through, "d", mongo.Options{}); err == nil {
		closed(t, s)
		t.Fatal("a server that is not there was opened")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s after the context ended", took)
	}
}

func TestServerGoesAndComesBack(t *testing.T) {
	uri := mongotest.URI(t)
	g, through := gated(t, uri)
	g.raise()
	s := opened(t, through, mongo.Options{})
	n, err := s.Next(t.Context(), "n")
	if err != nil || n != 1 {
		t.Fatalf("Next: %d, error %v", n, err)
	}
	g.shut()
	for what, call := range map[string]func() error{
		"Ping": func() error { return s.Ping(t.Context()) },
		"Next": func() error { return second(s.Next(t.Context(), "n")) },
		"Find": func() error { return second(s.Find(t.Context(), store.Query{Team: "ict", Limit: 1})) },
	} {
		began := time.Now()
		err := call()
		if err == nil {
			t.Errorf("%s without a server gave no error", what)
		}
		if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrExists) {
			t.Errorf("%s without a server gave %v", what, err)
		}
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("%s took %s to fail", what, took)
		}
	}
	g.raise()
	for began := time.Now(); s.Ping(t.Context()) != nil; {
		if time.Since(began) > 20*time.Second {
			t.Fatal("the store does not come back with its server")
		}
	}
	if n, err := s.Next(t.Context(), "n"); err != nil || n < 2 {
		t.Errorf("Next goes on with %d, error %v", n, err)
	}
}
