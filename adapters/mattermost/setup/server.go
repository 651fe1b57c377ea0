package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"balie/adapters/mattermost/patient"
)

const (
	requestWait = 2 * time.Minute // with pauses
	configMax   = 1 << 20         // bytes
)

// Server is a Mattermost server as everybody sees it.
type Server struct {
	URL     string
	Version Version
	// Settings are those that the server tells its clients: fewer to those who are not logged in.
	Settings map[string]string
}

// Connect finds out whether a Mattermost server answers at the address. Errors are sentences for admins.
func Connect(ctx context.Context, address string) (Server, error) {
	return connectAs(ctx, address, "")
}

// SeenBy is the server with the settings that whoever has the token sees.
func (s Server) SeenBy(ctx context.Context, token string) (Server, error) {
	return connectAs(ctx, s.URL, token)
}

// As is a client for whoever has the token.
func (s Server) As(token string) *model.Client4 {
	api := model.NewAPIv4Client(s.URL)
	api.HTTPClient = &http.Client{Timeout: requestWait, Transport: patient.Transport{Next: http.DefaultTransport}}
	api.SetToken(token)
	return api
}

func connectAs(ctx context.Context, address, token string) (Server, error) {
	s := Server{URL: strings.TrimRight(address, "/")}
	if u, err := url.Parse(s.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return s, errors.New("the server's address must be such as https://chat.example.org")
	}
	// Older servers insist on the format, newer ones don't know it any more.
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/api/v4/config/client?format=old", nil)
	if err != nil {
		return s, fmt.Errorf("ask %s what it is: %w", s.URL, err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := (&http.Client{Timeout: requestWait, Transport: patient.Transport{Next: http.DefaultTransport}}).Do(req)
	if err != nil {
		return s, fmt.Errorf("%s can't be reached: %w; check the address, and whether this machine may call it", s.URL, bare(err))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, configMax))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return s, fmt.Errorf("read what %s answers: %w", s.URL, err)
	}
	if at := resp.Request.URL; at.Scheme+"://"+at.Host != origin(s.URL) {
		return s, fmt.Errorf("%s sends us on to %s://%s: use that address", s.URL, at.Scheme, at.Host)
	}
	if resp.StatusCode != http.StatusOK || json.Unmarshal(body, &s.Settings) != nil {
		return s, fmt.Errorf("what answers at %s is no Mattermost (HTTP status %d): use the address that people "+
			"open, without a team's name",
			s.URL, resp.StatusCode)
	}
	if s.Version, err = parseVersion(s.Settings["Version"]); err != nil {
		return s, fmt.Errorf("what answers at %s is no Mattermost: it tells no version", s.URL)
	}
	return s, nil
}

// bare is the error without the method and address that package http puts before it.
func bare(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// Status is the HTTP status of an answer, or 0.
func Status(resp *model.Response) int {
	if resp == nil {
		return 0
	}
	return resp.StatusCode
}

// Reason is why a call failed, for people.
func Reason(resp *model.Response, err error) string {
	if refusal, ok := errors.AsType[*model.AppError](err); ok && refusal.Message != "" && Status(resp) != 0 {
		return "the server says: " + strings.TrimRight(refusal.Message, ". \n")
	}
	if Status(resp) >= http.StatusBadRequest {
		return fmt.Sprintf("the server answers with HTTP status %d", resp.StatusCode)
	}
	return bare(err).Error()
}

// is says whether the server gave this error.
func is(err error, id string) bool {
	refusal, ok := errors.AsType[*model.AppError](err)
	return ok && refusal.Id == id
}

// Version is a server's.
type Version struct{ Major, Minor, Patch int }

// Oldest is the first version that Balie works with.
var Oldest = Version{10, 5, 0}

func parseVersion(text string) (Version, error) {
	var numbers [3]int
	for i, part := range strings.SplitN(text, ".", 4) {
		if i == len(numbers) {
			break
		}
		n, err := strconv.Atoi(part)
		if err != nil {
			return Version{}, fmt.Errorf("%q is no version", text)
		}
		numbers[i] = n
	}
	return Version{numbers[0], numbers[1], numbers[2]}, nil
}

// String is such as 11.4.0.
func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch) }

// AtLeast says whether it is this version or a newer one.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// Supported says whether Balie works with it.
func (v Version) Supported() bool { return v.AtLeast(Oldest.Major, Oldest.Minor) }

// Abilities says what Balie can do on it, and what newer ones add.
func (v Version) Abilities() string {
	switch {
	case v.AtLeast(11, 10):
		return "forms follow what is chosen, and take files"
	case v.AtLeast(11, 1):
		return "forms follow what is chosen; files go into the ticket's thread (in the form from 11.10 on)"
	}
	return "forms ask for the category first and files go into the ticket's thread (one live form from 11.1 on, files in " +
		"it from 11.10 on)"
}
