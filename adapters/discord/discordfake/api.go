package discordfake

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"balie/adapters/fakeserver"
)

// route is one of the REST API. do is called with the server's lock.
type route struct {
	do    func(*call) (answer, *refusal)
	open  bool          // without the bot's token
	limit int           // calls within the time below, where limits are on; see limits.go
	every time.Duration // 0 for no limit
	post  bool          // it writes a message, for which channels may have limits of their own
}

// upload is a file that came with a call.
type upload struct {
	index      int
	name, kind string
	data       []byte
}

// call is one request to the REST API.
type call struct {
	s       *Server
	route   string // as in the table, such as "GET /channels/{channel}"
	r       *http.Request
	query   url.Values
	body    json.RawMessage // nil without one
	uploads []upload
	header  http.Header // of the answer
}

// arg is a part of the path.
func (c *call) arg(name string) string { return c.r.PathValue(name) }

// checked is a refusal, which is a problem, too, if the app sent what breaks a limit.
func (c *call) checked(no *refusal) (answer, *refusal) {
	if no.code == badForm {
		c.complain(no)
	}
	return answer{}, no
}

// decode reads the body.
func (c *call) decode(into any) *refusal {
	if len(c.body) == 0 || json.Unmarshal(c.body, into) != nil {
		return badJSON
	}
	return nil
}

// channel is the channel in the path, if the bot sees it.
func (c *call) channel() (*channel, *refusal) {
	id := c.arg("channel")
	if no := snowflake("channel_id", id); no != nil {
		return nil, no
	}
	ch := c.s.channels[id]
	switch {
	case ch == nil || ch.deleted:
		return nil, unknownChannel
	case !c.s.botSees(ch):
		return nil, missingAccess
	}
	return ch, nil
}

// guild is the guild in the path, if the bot is in it.
func (c *call) guild() (*guild, *refusal) {
	id := c.arg("guild")
	if no := snowflake("guild_id", id); no != nil {
		return nil, no
	}
	g := c.s.guildByID(id)
	if g == nil || g.gone {
		return nil, unknownGuild
	}
	return g, nil
}

// message is the message in the path, in a channel that the bot sees.
func (c *call) message() (*channel, *message, *refusal) {
	ch, no := c.channel()
	if no != nil {
		return nil, nil, no
	}
	if no := snowflake("message_id", c.arg("message")); no != nil {
		return nil, nil, no
	}
	m := ch.messages[c.arg("message")]
	if m == nil {
		return nil, nil, unknownMessage
	}
	return ch, m, nil
}

// number is a number in the query.
func (c *call) number(name string, standard, least, most int) (int, *refusal) {
	text := c.query.Get(name)
	if text == "" {
		return standard, nil
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return 0, formError("NUMBER_TYPE_COERCE", "Value \""+text+"\" is not int.", name)
	case n < least:
		return 0, formError("NUMBER_TYPE_MIN", "int value should be greater than or equal to "+strconv.Itoa(least)+".", name)
	case n > most:
		return 0, formError("NUMBER_TYPE_MAX", "int value should be less than or equal to "+strconv.Itoa(most)+".", name)
	}
	return n, nil
}

var snowflakes = regexp.MustCompile(`^[0-9]{1,20}$`)

// snowflake refuses what is no id.
func snowflake(name, id string) *refusal {
	if !snowflakes.MatchString(id) {
		return formError("NUMBER_TYPE_COERCE", "Value \""+id+"\" is not snowflake.", name)
	}
	return nil
}

// cutRoute takes the name of a route apart.
func cutRoute(name string) (method, path string, ok bool) { return strings.Cut(name, " ") }

// serve answers calls of a route.
func (s *Server) serve(name string, m route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{s: s, route: name, r: r, query: r.URL.Query(), header: w.Header()}
		out, no, cutOff := s.goWrong(c)
		if cutOff {
			fakeserver.Cut(w)
			return
		}
		if out == nil && no == nil {
			if no = c.read(w); no == nil {
				var a answer
				a, no = s.run(c, m)
				out = &fixed{answer: a}
			}
			if no == nil {
				if status, uncertain := s.takeUncertain(name); uncertain {
					if status == 0 {
						fakeserver.Cut(w)
						return
					}
					no = &refusal{status: status, message: http.StatusText(status)}
				}
			}
		}
		if no != nil {
			s.refused(no)
			no.write(w)
			return
		}
		out.write(w)
	}
}

// run checks who calls and how often, and does it.
func (s *Server) run(c *call, m route) (answer, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.record(c)
	if !m.open {
		if s.revoked || c.r.Header.Get("Authorization") != "Bot "+s.Token {
			return answer{}, unauthorized
		}
	}
	if no := s.limits.take(c, m); no != nil {
		return answer{}, no
	}
	return m.do(c)
}

// serveUnknown answers what is no route.
func (s *Server) serveUnknown(w http.ResponseWriter, r *http.Request) {
	name := r.Method + " " + r.URL.Path
	if s.o.Unknown != nil {
		s.o.Unknown(name)
	} else {
		s.host.Problem("the app called the unknown route %s", name)
	}
	noSuchRoute.write(w)
}

// routeTable are all routes by name.
func (s *Server) routeTable() map[string]route {
	t := routes()
	maps.Copy(t, s.interactionRoutes())
	return t
}

// Routes are the names of all routes, sorted.
func (s *Server) Routes() []string { return slices.Sorted(maps.Keys(s.table)) }
