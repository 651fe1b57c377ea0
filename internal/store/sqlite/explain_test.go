package sqlite

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// scans are the steps of a query plan that read a whole table or index.
var scans = regexp.MustCompile(`^SCAN |USE TEMP B-TREE|AUTOMATIC`)

// harmless are scans that are none: of a row that is made up, of the index of words by words, and of what another step
// gives.
var harmless = regexp.MustCompile(`^SCAN (CONSTANT ROW|words VIRTUAL TABLE INDEX \d+:.*M.*)$`)

// Every statement that the store uses must be led by an index. All of them are in one table, so none can be forgotten.
func TestEveryStatementUsesAnIndex(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "balie.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	c, err := s.connect(t.Context(), readerCache)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close() // the test has ended
	checked := 0
	for id, st := range statements {
		if st.sql == "" {
			t.Errorf("statement %d is missing", id)
			continue
		}
		switch statementID(id) {
		case begin, commit, rollback:
			continue
		}
		scanned := false
		for _, step := range plan(t, c, st.sql) {
			checked++
			if !scans.MatchString(step) || harmless.MatchString(step) {
				continue
			}
			scanned = true
			if st.whole == "" {
				t.Errorf("%s\n\tis not led by an index: %s", strings.Join(strings.Fields(st.sql), " "), step)
			}
		}
		if st.whole != "" && !scanned {
			t.Errorf("%s\n\tneed not be excused: it reads no whole table", st.sql)
		}
	}
	if checked < len(statements)/2 {
		t.Errorf("only %d steps of query plans were seen", checked)
	}
}

// The check must notice what it is there for.
func TestScansAreNoticed(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "balie.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, sql := range []string{
		"SELECT doc FROM tickets WHERE version = 1",
		"SELECT id FROM tickets WHERE due > 1 ORDER BY id LIMIT 5",
		"SELECT count(*) FROM tickets",
		"SELECT seq FROM tickets WHERE team = 'a' ORDER BY seq",
		"SELECT rowid FROM words",
		"DELETE FROM dead WHERE body = ''",
	} {
		found := false
		for _, step := range plan(t, s.writer.c, sql) {
			found = found || scans.MatchString(step) && !harmless.MatchString(step)
		}
		if !found {
			t.Errorf("%s passes: %q", sql, plan(t, s.writer.c, sql))
		}
	}
}

func plan(t *testing.T, c *conn, sql string) (steps []string) {
	t.Helper()
	var parameters []any
	for range strings.Count(sql, "?") {
		parameters = append(parameters, nil)
	}
	rows, err := c.db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+sql, parameters...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close() // Err says what there is to say
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, detail)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}
