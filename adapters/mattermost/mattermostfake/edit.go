package mattermostfake

import (
	"maps"
	"net/http"
	"reflect"

	"github.com/mattermost/mattermost/server/public/model"
)

// editable finds the post of the call, for those who may change it. What can't be found is forbidden, too.
func (c *call) editable() (*model.Post, *model.AppError) {
	p := c.s.posts[c.params["post"]]
	if p == nil || p.DeleteAt != 0 {
		return nil, notPermitted(c, model.PermissionEditPost)
	}
	permission := model.PermissionEditPost
	if p.UserId != c.me.Id {
		permission = model.PermissionEditOthersPosts
	}
	if !c.s.canChannel(c.me.Id, c.s.channels[p.ChannelId], permission) {
		return nil, notPermitted(c, permission)
	}
	return p, nil
}

func updatePost(c *call) (any, *model.AppError) {
	var in model.Post
	if e := c.decode(&in, "post"); e != nil {
		return nil, e
	}
	if in.Id != c.params["post"] {
		return nil, invalidBody("id")
	}
	old, e := c.editable()
	if e != nil {
		return nil, e
	}
	if in.FileIds == nil {
		in.FileIds = old.FileIds
	}
	p, e := c.s.replace(old, &in, "api.post.update_post.can_not_update_post_in_deleted.error")
	if e != nil {
		return nil, e
	}
	return c.s.view(p), nil
}

func patchPost(c *call) (any, *model.AppError) {
	var patch model.PostPatch
	if e := c.decode(&patch, "post"); e != nil {
		return nil, e
	}
	old, e := c.editable()
	if e != nil {
		return nil, e
	}
	in := old.Clone()
	in.SetProps(maps.Clone(old.GetProps()))
	in.Patch(&patch)
	p, e := c.s.replace(old, in, "api.post.patch_post.can_not_update_post_in_deleted.error")
	if e != nil {
		return nil, e
	}
	return c.s.view(p), nil
}

// replace puts new content into a post, as a person or an integration wants it, and tells who can see it.
func (s *Server) replace(old, in *model.Post, archived string) (*model.Post, *model.AppError) {
	switch {
	case old.IsSystemMessage():
		return nil, fault(http.StatusBadRequest, "api.post.update_post.system_message.app_error")
	case s.channels[old.ChannelId].DeleteAt != 0:
		return nil, fault(http.StatusBadRequest, archived)
	}
	in.SanitizeProps()
	p := old.Clone()
	p.UpdateAt = s.millis()
	p.IsPinned = in.IsPinned
	p.SetProps(in.GetProps())
	p.PreCommit()
	plain(p)
	p.FileIds = in.FileIds
	if fresh := newIDs(old.FileIds, in.FileIds); len(fresh) > 0 {
		kept := p.Clone()
		p.FileIds = append(without(in.FileIds, fresh), s.attach(kept, fresh)...)
	}
	if p.Message != in.Message {
		p.Message = in.Message
		p.Hashtags, _ = model.ParseHashtags(p.Message)
		p.EditAt = p.UpdateAt
	} else if !reflect.DeepEqual(old.FileIds, p.FileIds) || !old.AttachmentsEqual(p) {
		p.EditAt = p.UpdateAt
	}
	if e := p.IsValid(maxMessage); e != nil {
		return nil, fault(http.StatusBadRequest, e.Id)
	}
	s.checkAttachments(p)
	s.archiveVersion(old, p.UpdateAt)
	s.posts[p.Id] = p
	s.touch(p.RootId, p.UpdateAt)
	s.publish(model.WebsocketEventPostEdited, toChannel(p.ChannelId), map[string]any{"post": encoded(s.view(p))})
	return p, nil
}

// archiveVersion keeps what a post said before as a deleted post of its own, as the real server does: "since" shows it.
func (s *Server) archiveVersion(old *model.Post, at int64) {
	v := old.Clone()
	v.Id, v.OriginalId, v.DeleteAt, v.UpdateAt = model.NewId(), old.Id, at, at
	s.posts[v.Id] = v
	s.order[v.ChannelId] = append(s.order[v.ChannelId], v.Id)
}

// touch makes a root count as changed because its thread was.
func (s *Server) touch(root string, at int64) {
	if p := s.posts[root]; p != nil && p.UpdateAt < at {
		p = p.Clone()
		p.UpdateAt = at
		s.posts[root] = p
	}
}

func newIDs(old, now []string) []string {
	return without(now, old)
}

func without(all, some []string) []string {
	out := []string{}
	for _, id := range all {
		found := false
		for _, other := range some {
			found = found || other == id
		}
		if !found {
			out = append(out, id)
		}
	}
	return out
}

func deletePost(c *call) (any, *model.AppError) {
	p := c.s.posts[c.params["post"]]
	if p == nil || p.DeleteAt != 0 {
		return nil, fault(http.StatusNotFound, noPost)
	}
	ch := c.s.channels[p.ChannelId]
	permission := model.PermissionDeletePost
	if p.UserId != c.me.Id {
		permission = model.PermissionDeleteOthersPosts
	}
	if !c.s.canChannel(c.me.Id, ch, permission) {
		return nil, notPermitted(c, permission)
	}
	if ch.DeleteAt != 0 {
		return nil, fault(http.StatusBadRequest, "api.post.delete_post.can_not_delete_post_in_deleted.error")
	}
	c.s.remove(p, c.me.Id)
	return ok200, nil
}

// remove deletes a post and, if it is a root, its replies. Only the post itself is announced.
func (s *Server) remove(p *model.Post, by string) {
	at := s.millis()
	for _, id := range append([]string{p.Id}, s.thread[p.Id]...) {
		gone := s.posts[id].Clone()
		if gone.DeleteAt != 0 {
			continue
		}
		gone.SetProps(maps.Clone(gone.GetProps()))
		gone.AddProp(model.PostPropsDeleteBy, by)
		gone.DeleteAt, gone.UpdateAt = at, at
		s.posts[id] = gone
		for _, f := range gone.FileIds {
			s.files[f].info.DeleteAt = at
		}
	}
	s.touch(p.RootId, at)
	// The real event has the post as it was, secrets of its buttons included.
	s.publish(model.WebsocketEventPostDeleted, toChannel(p.ChannelId), map[string]any{"post": encoded(p)})
}

func pinPost(c *call) (any, *model.AppError) { return c.pin(true) }

func unpinPost(c *call) (any, *model.AppError) { return c.pin(false) }

func (c *call) pin(on bool) (any, *model.AppError) {
	old, e := c.readable()
	if e != nil {
		return nil, e
	}
	p := old.Clone()
	p.IsPinned, p.UpdateAt = on, c.s.millis()
	c.s.posts[p.Id] = p
	c.s.publish(model.WebsocketEventPostEdited, toChannel(p.ChannelId), map[string]any{"post": encoded(c.s.view(p))})
	return ok200, nil
}

func postReactions(c *call) (any, *model.AppError) {
	p, e := c.readable()
	if e != nil {
		return nil, e
	}
	if rs := c.s.reactions[p.Id]; len(rs) > 0 {
		return rs, nil
	}
	return []*model.Reaction{}, nil
}

func addReaction(c *call) (any, *model.AppError) {
	var r model.Reaction
	if e := c.decode(&r, "reaction"); e != nil {
		return nil, e
	}
	if !model.IsValidId(r.UserId) || !model.IsValidId(r.PostId) || r.EmojiName == "" || len(r.EmojiName) > model.EmojiNameMaxLength {
		return nil, fault(http.StatusBadRequest, "api.reaction.save_reaction.invalid.app_error")
	}
	if r.UserId != c.me.Id {
		return nil, fault(http.StatusForbidden, "api.reaction.save_reaction.user_id.app_error")
	}
	p, ch, e := c.reactable(r.PostId, model.PermissionAddReaction)
	if e != nil {
		return nil, e
	}
	if _, known := model.GetSystemEmojiId(r.EmojiName); !known {
		return nil, fault(http.StatusNotFound, "app.emoji.get_by_name.no_result")
	}
	if ch.DeleteAt != 0 {
		return nil, fault(http.StatusForbidden, "api.reaction.save.archived_channel.app_error")
	}
	r.ChannelId, r.CreateAt, r.RemoteId = p.ChannelId, c.s.millis(), model.NewPointer("")
	r.UpdateAt = r.CreateAt
	rs := withoutReaction(c.s.reactions[p.Id], r)
	c.s.react(p, append(rs, &r), &r, model.WebsocketEventReactionAdded)
	return &r, nil
}

func (c *call) reactable(id string, permission *model.Permission) (*model.Post, *model.Channel, *model.AppError) {
	p := c.s.posts[id]
	if p == nil {
		return nil, nil, notPermitted(c, permission)
	}
	ch := c.s.channels[p.ChannelId]
	if !c.s.canChannel(c.me.Id, ch, permission) {
		return nil, nil, notPermitted(c, permission)
	}
	if p.DeleteAt != 0 {
		return nil, nil, fault(http.StatusNotFound, noPost)
	}
	return p, ch, nil
}

func withoutReaction(rs []*model.Reaction, r model.Reaction) []*model.Reaction {
	out := make([]*model.Reaction, 0, len(rs)+1)
	for _, other := range rs {
		if other.UserId != r.UserId || other.EmojiName != r.EmojiName {
			out = append(out, other)
		}
	}
	return out
}

// react replaces a post's reactions, which counts as a change of the post.
func (s *Server) react(p *model.Post, rs []*model.Reaction, r *model.Reaction, event model.WebsocketEventType) {
	s.reactions[p.Id] = rs
	p = p.Clone()
	p.HasReactions, p.UpdateAt = len(rs) > 0, s.millis()
	s.posts[p.Id] = p
	s.publish(event, toChannel(p.ChannelId), map[string]any{"reaction": encoded(r)})
}

func removeReaction(c *call) (any, *model.AppError) {
	user := c.params["user"]
	p, ch, e := c.reactable(c.params["post"], model.PermissionRemoveReaction)
	if e != nil {
		return nil, e
	}
	if user != c.me.Id && !c.s.can(c.me.Id, model.PermissionRemoveOthersReactions) {
		return nil, notPermitted(c, model.PermissionRemoveOthersReactions)
	}
	if ch.DeleteAt != 0 {
		return nil, fault(http.StatusForbidden, "api.reaction.delete.archived_channel.app_error")
	}
	r := model.Reaction{UserId: user, PostId: p.Id, EmojiName: c.params["emoji_name"], ChannelId: p.ChannelId}
	c.s.react(p, withoutReaction(c.s.reactions[p.Id], r), &r, model.WebsocketEventReactionRemoved)
	return ok200, nil
}
