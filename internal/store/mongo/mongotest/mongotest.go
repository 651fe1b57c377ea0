// Package mongotest gives tests a MongoDB server to run on.
package mongotest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// The environment variables that name a server for tests.
const (
	EnvURI        = "MONGODB_URI"
	EnvStandalone = "MONGODB_STANDALONE_URI"
)

// URI is a server for the test: the one named by MONGODB_URI, else a mongod from the PATH that is stopped at the end of
// the test. Without either, the test is skipped, and says loudly what was not exercised.
func URI(t testing.TB) string {
	t.Helper()
	if uri := os.Getenv(EnvURI); uri != "" {
		return uri
	}
	program, err := exec.LookPath("mongod")
	if err != nil {
		skip(t, EnvURI)
	}
	return run(t, program)
}

// StandaloneURI is the standalone server named by MONGODB_STANDALONE_URI; without one the test is skipped.
func StandaloneURI(t testing.TB) string {
	t.Helper()
	uri := os.Getenv(EnvStandalone)
	if uri == "" {
		t.Skipf("a standalone MongoDB was not exercised: set %s", EnvStandalone)
	}
	return uri
}

func skip(t testing.TB, env string) {
	t.Helper()
	line := strings.Repeat("*", 72)
	notice := fmt.Sprintf("%s\n*** MongoDB was NOT exercised: set %s or put mongod on the PATH\n%s", line, env, line)
	// A skipped test is silent without -v, and a run on one engine must not pass for one on both.
	if _, err := fmt.Fprintln(os.Stderr, notice); err != nil {
		t.Error(err)
	}
	t.Skip(notice)
}

// Database is a new name for a database on the server, which is dropped at the end of the test.
func Database(t testing.TB, uri string) string {
	t.Helper()
	name := "balie_test_" + strings.ToLower(rand.Text()[:12])
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		client, err := mongo.Connect(options.Client().ApplyURI(uri))
		if err == nil {
			err = errors.Join(client.Database(name).Drop(ctx), client.Disconnect(ctx))
		}
		if err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return name
}

// run starts a replica set of one member.
func run(t testing.TB, program string) string {
	t.Helper()
	dir := t.TempDir()
	port := freePort(t)
	log := filepath.Join(dir, "log")
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--dbpath", data, "--logpath", log, "--bind_ip", "127.0.0.1", "--port", fmt.Sprint(port),
		"--replSet", "balie", "--wiredTigerCacheSizeGB", "0.5")
	if err := cmd.Start(); err != nil {
		t.Fatalf("start mongod: %v", err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Errorf("stop mongod: %v", err)
		}
		if err := cmd.Wait(); err != nil {
			t.Logf("mongod: %v", err)
		}
	})
	uri := fmt.Sprintf("mongodb://127.0.0.1:%d/?directConnection=true", port)
	if err := initiate(uri, fmt.Sprintf("127.0.0.1:%d", port)); err != nil {
		text, _ := os.ReadFile(log)
		t.Fatalf("set up mongod: %v\n%s", err, text[max(0, len(text)-4000):])
	}
	return uri
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// initiate makes the server a replica set and waits until it takes writes.
func initiate(uri, host string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Disconnect(ctx)) }()
	config := bson.D{{Key: "_id", Value: "balie"}, {Key: "members", Value: bson.A{
		bson.D{{Key: "_id", Value: 0}, {Key: "host", Value: host}},
	}}}
	const alreadyInitialized = 23
	err = client.Database("admin").RunCommand(ctx, bson.D{{Key: "replSetInitiate", Value: config}}).Err()
	if refused := mongo.ServerError(nil); err != nil && (!errors.As(err, &refused) || !refused.HasErrorCode(alreadyInitialized)) {
		return fmt.Errorf("make it a replica set: %w", err)
	}
	for {
		var hello struct {
			Writable bool `bson:"isWritablePrimary"`
		}
		if err := client.Database("admin").RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello); err != nil {
			return fmt.Errorf("wait for the primary: %w", err)
		}
		if hello.Writable {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the primary: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
