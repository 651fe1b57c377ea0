// Package mattermost connects a Mattermost server.
package mattermost

import (
	_ "github.com/gorilla/websocket"
	_ "github.com/mattermost/mattermost/server/public/model"
	_ "github.com/mattermost/mattermost/server/public/shared/markdown"
)
