package sqlite_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"balie/internal/store"
	"balie/internal/store/sqlite"
)

// wantAdvice fails the test unless opening the file fails with an error that has all the words.
func wantAdvice(t *testing.T, path string, words ...string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err == nil {
		t.Error("it was opened")
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error does not say %q: %v", w, err)
		}
	}
}

// sqlIn runs statements in the file, past the store.
func sqlIn(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range statements {
		if _, err := db.ExecContext(t.Context(), st); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// made is a file that was a store.
func made(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "balie.db")
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 200 {
		if err := s.Create(t.Context(), benchTicket(n, time.UnixMilli(int64(n)*1e9).UTC()), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNewerSchema(t *testing.T) {
	path := made(t)
	sqlIn(t, path, "PRAGMA user_version = 999")
	wantAdvice(t, path, "newer Balie", "999")
}

func TestAnotherProgramsDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "balie.db")
	sqlIn(t, path, "CREATE TABLE songs (title TEXT)")
	wantAdvice(t, path, "another program's", "BALIE_DATA_DIR")
}

func TestNotADatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "balie.db")
	if err := os.WriteFile(path, bytes.Repeat([]byte("a letter to my aunt\n"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	wantAdvice(t, path, "not a store", path)
}

func TestDamagedFile(t *testing.T) {
	path := made(t)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	junk := bytes.Repeat([]byte{0xa5}, 4096)
	for at := int64(4096); at+4096 <= info.Size(); at += 4096 { // all pages but the first
		if _, err := f.WriteAt(junk, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), path)
	if err == nil {
		_, err = s.Find(t.Context(), store.Query{Team: "ict", Limit: 10})
		if err := s.Close(); err != nil {
			t.Log("closing it then: ", err)
		}
	}
	if err == nil || !strings.Contains(err.Error(), "is damaged") || !strings.Contains(err.Error(), "balie import") {
		t.Errorf("reading a damaged file gives %v", err)
	}
}

func TestNoFolder(t *testing.T) {
	wantAdvice(t, filepath.Join(t.TempDir(), "nowhere", "balie.db"), "folder exists")
}

func TestReadOnlyFile(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("the superuser can write everything; TestReadOnlyError has the message")
	}
	path := made(t)
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	wantAdvice(t, path, "can't be written", "write permission")
}

// A second process must be told who has the file, and get it once that one has ended, however it ended.
func TestSecondProcess(t *testing.T) {
	if path := os.Getenv("BALIE_TEST_HOLD"); path != "" {
		if _, err := sqlite.Open(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		fmt.Println("held")
		select {} // until it is killed
	}
	path := made(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSecondProcess$")
	cmd.Env = append(os.Environ(), "BALIE_TEST_HOLD="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 5)
	if _, err := out.Read(said); err != nil || string(said) != "held\n" {
		t.Fatalf("the other process said %q, error %v", said, err)
	}
	wantAdvice(t, path, "in use by another Balie", fmt.Sprintf("process %d)", cmd.Process.Pid), "BALIE_DATA_DIR")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the other process ended by itself")
	}
	s := open(t, path)
	wantAdvice(t, path, "in use by another Balie", fmt.Sprintf("process %d)", os.Getpid()))
	if _, err := s.TicketByKey(t.Context(), "hd-00007"); err != nil {
		t.Error(err)
	}
}

// What people tell a helpdesk is not for everybody who has an account on the machine.
func TestFilesArePrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no such permissions there")
	}
	path := filepath.Join(t.TempDir(), "balie.db")
	s := open(t, path)
	if _, err := s.Next(t.Context(), "HD-"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm", path + ".lock"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v", name, info.Mode())
		}
	}
}

func TestPathsWithOddCharacters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "50% of #1? a&b é.db")
	s := open(t, path)
	if _, err := s.Next(t.Context(), "HD-"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error("the store is in another file: ", err)
	}
}
