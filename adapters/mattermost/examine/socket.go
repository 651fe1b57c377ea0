package examine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/mattermost/mattermost/server/public/model"
)

const socketWait = 10 * time.Second

// lookAtSocket says whether events come.
func (v *visit) lookAtSocket(ctx context.Context) {
	if err := v.hello(ctx); err != nil {
		v.Problem("the websocket, by which messages come, does not work: %v; a proxy before the server must let "+
			"/api/v4/websocket through, "+
			"with the Upgrade header", err)
		return
	}
	v.Fine("the websocket, by which messages come, says hello")
}

// hello opens a websocket, waits for the server's greeting and closes it again.
func (v *visit) hello(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, socketWait)
	defer cancel()
	address := "ws" + strings.TrimPrefix(v.URL, "http") + model.APIURLSuffix + "/websocket"
	conn, resp, err := websocket.DefaultDialer.DialContext(ctx, address, http.Header{"Authorization": {"Bearer " + v.Token}})
	if err != nil {
		if resp != nil {
			return fmt.Errorf("HTTP status %d", resp.StatusCode)
		}
		return err
	}
	defer func() {
		if closing := conn.Close(); err == nil {
			err = closing
		}
	}()
	deadline, _ := ctx.Deadline()
	if err := conn.SetReadDeadline(deadline); err != nil {
		return err
	}
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return errors.New("it opens, but no greeting comes")
		}
		var event struct {
			Event string `json:"event"`
		}
		if err := json.Unmarshal(data, &event); err != nil {
			return fmt.Errorf("it says what is no event: %w", err)
		}
		if event.Event == string(model.WebsocketEventHello) {
			return nil
		}
	}
}
