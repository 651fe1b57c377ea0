package mattermostfake

import (
	"net/http"

	"github.com/mattermost/mattermost/server/public/model"
)

func getStatus(c *call) (any, *model.AppError) {
	return &model.Status{UserId: c.params["user"], Status: model.StatusOnline}, nil
}

func getStatuses(c *call) (any, *model.AppError) {
	var ids []string
	if e := c.decode(&ids, "user_ids"); e != nil {
		return nil, e
	}
	out := []*model.Status{}
	for _, id := range ids {
		out = append(out, &model.Status{UserId: id, Status: model.StatusOnline})
	}
	return out, nil
}

func setPicture(c *call) (any, *model.AppError) {
	id := c.params["user"]
	if id != c.me.Id && !c.s.can(c.me.Id, model.PermissionEditOtherUsers) && !c.s.ownsBot(c.me.Id, id) {
		return nil, notPermitted(c, model.PermissionEditOtherUsers)
	}
	parts, e := c.multipart()
	if e != nil || len(parts) == 0 {
		return nil, fault(http.StatusBadRequest, "api.user.upload_profile_user.no_file.app_error")
	}
	a := *c.s.users[id]
	a.picture = parts[0].data
	c.s.users[id] = &a
	c.s.change(id, func(u *model.User) { u.LastPictureUpdate = c.s.millis() })
	return ok200, nil
}

func getPicture(c *call) (any, *model.AppError) {
	u := c.s.users[c.params["user"]]
	if u == nil {
		return nil, fault(http.StatusNotFound, noUser)
	}
	return raw{"image/png", u.picture}, nil
}
