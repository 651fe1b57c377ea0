package discordfake

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"regexp"
	"strconv"
)

// Most bytes of a request, and of one of its files. https://docs.discord.com/developers/reference#uploading-files
const (
	maxRequest = 25 << 20
	maxFile    = 10 << 20
	maxFiles   = 10
)

// read takes the request's body apart.
func (c *call) read(w http.ResponseWriter) *refusal {
	r := c.r
	if r.Method == http.MethodGet || r.ContentLength == 0 {
		return nil
	}
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	if kind == "multipart/form-data" {
		return c.readForm(params["boundary"])
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return sizeRefusal(err)
	}
	switch {
	case len(body) == 0:
	case kind != "application/json":
		return &refusal{status: http.StatusBadRequest, code: badForm, message: "Invalid Form Body",
			errors: issueTree([]issue{{nil, "CONTENT_TYPE_INVALID", "Expected \"Content-Type\" header to be one of {'application/json'}."}})}
	case !json.Valid(body):
		return badJSON
	default:
		c.body = body
	}
	return nil
}

func sizeRefusal(err error) *refusal {
	if _, tooBig := errors.AsType[*http.MaxBytesError](err); tooBig {
		return tooLarge
	}
	return badJSON
}

var fileField = regexp.MustCompile(`^files\[([0-9]{1,3})\]$`)

// readForm reads payload_json and files[n].
func (c *call) readForm(boundary string) *refusal {
	form := multipart.NewReader(c.r.Body, boundary)
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return sizeRefusal(err)
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return sizeRefusal(err)
		}
		name := part.FormName()
		if n := fileField.FindStringSubmatch(name); n != nil {
			index, _ := strconv.Atoi(n[1]) // digits
			c.uploads = append(c.uploads, upload{index, part.FileName(), part.Header.Get("Content-Type"), data})
			continue
		}
		if name != "payload_json" || !json.Valid(data) {
			return badJSON
		}
		c.body = data
	}
}
