package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"balie/internal/store"
)

// conn is a connection and its prepared statements. One goroutine uses it at a time.
type conn struct {
	db       *sql.Conn
	prepared [statementCount]*sql.Stmt
}

// args are a statement's arguments.
func args(list ...any) []any { return list }

// statement is the statement, prepared on first use. No statement is interrupted: they are short, and what is half done
// by a cancelled one could not be told from what is done.
func (c *conn) statement(id statementID) (*sql.Stmt, error) {
	if c.prepared[id] == nil {
		st, err := c.db.PrepareContext(context.Background(), statements[id].sql)
		if err != nil {
			return nil, fmt.Errorf("prepare %q: %w", statements[id].sql, err)
		}
		c.prepared[id] = st
	}
	return c.prepared[id], nil
}

// exec runs a statement that gives no rows.
func (c *conn) exec(id statementID, args ...any) (sql.Result, error) {
	st, err := c.statement(id)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(context.Background(), args...)
}

// one reads the only row of a statement. store.ErrNotFound if there is none.
func (c *conn) one(id statementID, args []any, into ...any) error {
	st, err := c.statement(id)
	if err != nil {
		return err
	}
	err = st.QueryRowContext(context.Background(), args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}

// each reads the rows of a statement into the variables given, and calls f after each until it says false.
func (c *conn) each(id statementID, args []any, f func() (bool, error), into ...any) (err error) {
	st, err := c.statement(id)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(context.Background(), args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if more, err := f(); !more || err != nil {
			return err
		}
	}
	return rows.Err()
}

func (c *conn) close() error {
	var errs []error
	for _, st := range c.prepared {
		if st != nil {
			errs = append(errs, st.Close())
		}
	}
	return errors.Join(append(errs, c.db.Close())...)
}

// poolSize is how many connections there are to read with.
const poolSize = 4

// pool lends connections to read with.
type pool struct {
	free   chan *conn
	closed chan struct{}
	size   int
}

func newPool() *pool {
	return &pool{free: make(chan *conn, poolSize), closed: make(chan struct{})}
}

func (p *pool) add(c *conn) {
	p.size++
	p.free <- c
}

func (p *pool) get(ctx context.Context) (*conn, error) {
	if err := p.usable(ctx); err != nil {
		return nil, err
	}
	select {
	case c := <-p.free:
		return c, nil
	case <-p.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// usable says why nothing can be done, if so.
func (p *pool) usable(ctx context.Context) error {
	select {
	case <-p.closed:
		return errClosed
	default:
		return ctx.Err()
	}
}

// close waits until every connection came back.
func (p *pool) close() error {
	close(p.closed)
	var errs []error
	for range p.size {
		errs = append(errs, (<-p.free).close())
	}
	return errors.Join(errs...)
}

// read calls f with a connection to read with.
func (s *Store) read(ctx context.Context, doing string, f func(*conn) error) error {
	c, err := s.pool.get(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	defer func() { s.pool.free <- c }()
	return s.failed(doing, f(c))
}

// usable says why nothing can be done, if so: for what needs no connection.
func (s *Store) usable(ctx context.Context) error { return s.pool.usable(ctx) }
